"""A gateway's half: brings one message of a person (SMS, WeChat, Weibo, app) to the hotline, whatever is lost between.

    python examples/inbound.py http://127.0.0.1:8080/api/v1/channels/wechat whsec_… openid-of-the-person 路灯不亮 [id]

Standard library alone. The same `webhook-id` is used until the hotline has answered 200: then the case is stored. Give
the message's own id at your side, and it makes one case also where this program was ended in between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

PAUSES = (1, 5, 30, 120, 600)  # seconds between two tries


def signed(id: str, body: bytes, secret: str, now: float) -> dict[str, str]:
    """The headers of the Standard Webhooks specification."""
    key, stamp = base64.b64decode(secret.removeprefix("whsec_")), str(int(now))
    mac = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}


def bring(url: str, secret: str, data: dict[str, Any], id: str = "") -> dict[str, Any]:
    """What the hotline answers: `{"case": {"id", "number"}, "again"}`. Keep the number: answers name it."""
    id, body = id or f"msg_{uuid.uuid4().hex}", json.dumps({"type": "message", "data": data}).encode()
    for pause in (*PAUSES, None):
        headers = {"Content-Type": "application/json", **signed(id, body, secret, time.time())}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=15) as said:  # noqa: S310
                answer: dict[str, Any] = json.load(said)
                return answer
        except urllib.error.HTTPError as refusal:
            if refusal.code < 500 and refusal.code not in (408, 429):
                raise SystemExit(f"refused: {refusal.read().decode()}") from None  # sending it again helps nobody
        except OSError as failure:
            print(f"not reached: {failure}", file=sys.stderr)
        if pause is not None:
            time.sleep(pause)
    raise SystemExit(f"the hotline did not take it: keep the message, and try again later with its id {id}")


if __name__ == "__main__":
    where, whose, sender, words, *own = sys.argv[1:6]
    print(bring(where, whose, {"sender": sender, "words": words}, *own)["case"]["number"])
