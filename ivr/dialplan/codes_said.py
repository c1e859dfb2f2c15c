"""Words of what Asterisk itself says of a draft."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.dialplan.code import Code, code

CODES: Mapping[str, Code] = {
    "asterisk-says": code(
        "error",
        ("Asterisk 加载时说：{said}", "Asterisk says while it loads this: {said}"),
        ("{mend_zh}", "{mend_en}"),
    ),
    "asterisk-refuses": code(
        "error",
        ("Asterisk 拒绝加载这份草稿：{said}", "Asterisk refuses to load this draft: {said}"),
        (
            "改正后再检查；在此之前，Asterisk 会继续用旧的拨号方案。",
            "Mend it and check again; until then Asterisk would go on with the old dialplan.",
        ),
        guard=True,
    ),
    "asterisk-not-asked": code(
        "note",
        ("没有问过 Asterisk 本身：{why}", "Asterisk itself was not asked: {why}"),
        (
            "运行一次 `ivr up` 会取得 Asterisk；其余检查仍然有效。",
            "`ivr up` fetches an Asterisk; the other checks hold all the same.",
        ),
    ),
}
