"""Keep a journal as a replay test: `python -m tests.replay.record FILE.csv NAME` stores it and its ladder, NAME.txt.

Each run's mark is replaced by a made-up one: a mark is a secret, even one that is over. Read the ladder before you
commit it: from then on it is what the story must say. `python -m tests.replay.record` draws every ladder anew.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.replay.streams import FOLDER, STREAMS, ladder_file, story

_MARK = re.compile(rb"m[0-9a-f]{24}")


def without_marks(data: bytes) -> bytes:
    """The first run's mark becomes m000…1, the next one's m000…2."""
    known: dict[bytes, bytes] = {}

    def made_up(mark: re.Match[bytes]) -> bytes:
        return known.setdefault(mark[0], b"m%024x" % (len(known) + 1))

    return _MARK.sub(made_up, data)


def store(source: Path, name: str) -> None:
    (FOLDER / f"{name}.csv").write_bytes(without_marks(source.read_bytes()))
    draw_again(name)


def draw_again(name: str) -> None:
    ladder_file(name).write_text(story(name), encoding="utf-8")


def main(arguments: list[str]) -> None:
    match arguments:
        case [source, name]:
            store(Path(source), name)
            print(ladder_file(name).read_text(encoding="utf-8"))
        case []:
            for name in STREAMS:
                draw_again(name)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
