"""Floods: one number, strangers, passwords by the thousand. Who talks goes on talking, who calls is served, and
afterwards Asterisk is as it was (R53, R54, R66).
"""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.attacks.bystanders import Bystanders
from tests.attacks.sip import Attacker, header, play
from tests.pbx import sites
from tests.pbx.conftest import Hotlines
from tests.pbx.hotline import Hotline
from tests.pbx.outside import rows
from tests.pbx.running import eventually

MACHINE = "13700000001"  # of one_ring.xml
RATE, SECONDS = 50, 8  # calls a second: 250 times as dense as 17,000 a day
LIMIT = 10
FLOOD = 1500  # messages
ONE_RING = Path(__file__).with_name("one_ring.xml")


def asked_of_python(hotline: Hotline) -> float:
    lines = re.findall(r'(?m)^hotline_agi_total\{.*script="route".*\} ([0-9.]+)$', hotline.api("GET", "/metrics").body)
    return sum(map(float, lines))


def test_given_one_number_that_rings_fifty_times_a_second_then_others_are_served_and_every_call_is_in_the_log(
    hotline_with: Hotlines, tmp_path: Path
) -> None:
    hotline = hotline_with(screening={"calls": LIMIT, "at_once": 5})
    citizen, operator = hotline.caller("13900000001"), hotline.operator()
    scenario = Path(shutil.copy(ONE_RING, tmp_path))
    with ThreadPoolExecutor(1) as pool:
        flood = pool.submit(play, scenario, hotline.server, sites.CALLERS, calls=RATE * SECONDS, rate=RATE, seconds=40)
        served = 0
        while not flood.done() or not served:
            call = citizen.call(hotline.uri, from_user=f"1390000{served:04d}")
            citizen.wait_heard(operator.tone, call=call)
            time.sleep(0.5)
            citizen.hangup(call)
            served += 1
    figures = flood.result()
    assert sum(invite.from_user == MACHINE for invite in operator.invites) <= LIMIT, "it costs no operator's time"
    question = "SELECT outcome, count(*) AS n FROM call WHERE caller = ? AND ended_at IS NOT NULL GROUP BY outcome"

    def outcomes() -> dict[str, int]:
        return {row["outcome"]: row["n"] for row in rows(hotline, question, MACHINE)}

    eventually(lambda: sum(outcomes().values()) == RATE * SECONDS, 30, lambda: f"in the log: {outcomes()}; {figures}")
    assert outcomes()["rejected"] == RATE * SECONDS - LIMIT
    (screened,) = rows(hotline, "SELECT count(DISTINCT call_id) AS n FROM ivr_step WHERE step = 'screened'")
    assert screened["n"] == RATE * SECONDS - LIMIT
    recorded = (
        "SELECT count(*) AS n FROM leg JOIN call ON call.id = call_id WHERE outcome = 'rejected' AND recording <> ''"
    )
    assert rows(hotline, recorded)[0]["n"] == 0, "nothing is recorded of it"
    assert 0 < asked_of_python(hotline) <= LIMIT + served, "nothing is asked about it"  # late answers do without Python
    eventually(
        lambda: len(hotline.calls(100, caller="1390000*", outcome="answered")) == served,
        30,
        lambda: f"{served} were served, and in the log are {hotline.calls(100, caller='1390000*')}",
    )


def during(bystanders: Bystanders, flood: Callable[[], None]) -> None:
    """Callers are served while the flood lasts, and Asterisk recovers when it is over."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(flood)
        serving = 0
        while not running.done() or not serving:
            bystanders.served()
            serving += 1
        running.result()
    bystanders.recovered()


def test_given_strangers_who_flood_with_invites_then_nobody_suffers(bystanders: Bystanders) -> None:
    def flood() -> None:
        with bystanders.attacker() as stranger:
            stranger.burst(stranger.message("INVITE", sender=f"<sip:{n}@{stranger.ip}>") for n in range(FLOOD))
            assert set(stranger.listen()) <= {401, 403}

    during(bystanders, flood)


def test_given_a_flood_of_wrong_passwords_then_no_phone_is_lost_and_nobody_suffers(bystanders: Bystanders) -> None:
    before = bystanders.hotline.asterisk("pjsip show contacts")

    def flood() -> None:
        with bystanders.attacker() as stranger:
            stranger.burst(logins(stranger))
            assert set(stranger.listen()) <= {401, 403}

    during(bystanders, flood)
    after = bystanders.hotline.asterisk("pjsip show contacts")
    assert contacts(after) == contacts(before), "the operators' phones are where they were"
    security = bystanders.hotline.var / "log/asterisk/security.log"
    assert "ChallengeResponseFailed" in security.read_text(errors="replace"), "the attack is on record"


def logins(stranger: Attacker) -> Iterator[str]:
    """Each operator's number, again and again, with a password that is wrong for a nonce that is real."""
    for n in range(FLOOD):
        number = ("1001", "1002", "1003", "9999")[n % 4]
        nonces = [header(answer, "WWW-Authenticate") for answer in stranger.heard[-50:]]
        nonce = next((found[1] for one in nonces if (found := re.search(r'nonce="([^"]+)"', one))), "none")
        digest = (
            f'Digest username="{number}", realm="asterisk", nonce="{nonce}", uri="sip:{stranger.server}", '
            f'response="{n:032x}", algorithm=MD5, cnonce="x", qop=auth, nc=00000001'
        )
        me = f"<sip:{number}@{sites.SERVER}>"
        headers = {"Authorization": digest, "Expires": "120"}
        yield stranger.message("REGISTER", uri=f"sip:{stranger.server}", sender=me, to=me, headers=headers)


def contacts(shown: str) -> Counter[str]:
    return Counter(line.split()[1] for line in shown.splitlines() if line.strip().startswith("Contact:  "))


def test_given_callers_who_never_acknowledge_then_their_calls_end_by_themselves(bystanders: Bystanders) -> None:
    """Half-open: an INVITE by the trunk, a 200 that nobody answers. RFC 3261 13.3.1.4: given up after 64 × T1."""
    with Attacker(sites.CALLERS, bystanders.hotline.server) as trunk:
        for n in range(20):
            trunk.send(trunk.message("INVITE", sender=f"<sip:138000001{n:02d}@{sites.CALLERS}>"))
        trunk.listen(1)
        assert 200 in trunk.statuses()
        eventually(lambda: len(bystanders.hotline.channels()) <= 2, 40, lambda: "half-open calls stay for ever")
        time.sleep(0.1)
