"""What hangs on a mail is kept beside its case, where its bytes say that it is something people send.

Its name ends as its type does: nobody who opens it later starts something else.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import structlog

from ivr.channels.incoming import Enclosed, line
from ivr.desks.case_letters import PAPERS
from ivr.desks.work_order import LARGEST, File
from ivr.store.attachments import Attachments, BadFileError, NoRoomError, Place, make_room, type_of

LONGEST_NAME = 120  # characters

log = structlog.get_logger(__name__)


async def keep(files: Attachments, enclosed: Sequence[Enclosed], channel: str) -> list[File]:
    """Those that can be kept; of no case yet. Nothing of a file ever keeps a mail away: the mailbox has it too.

    Raises DatabaseDownError.
    """
    kept: list[File] = []
    for one in enclosed:
        try:
            kept.append(await _keep(files, one, channel))
        except BadFileError:
            log.info("enclosure.not_kept", channel=channel, why="type")
        except (NoRoomError, OSError) as failure:
            log.warning("enclosure.not_kept", alarm=True, channel=channel, why=str(failure))
            break
    return kept


async def _keep(files: Attachments, one: Enclosed, channel: str) -> File:
    if not 0 < len(one.content) <= LARGEST:
        raise BadFileError
    name = name_of(one.name, type_of(one.content[:16], PAPERS))
    await asyncio.to_thread(make_room, files.folder)
    with tempfile.NamedTemporaryFile(dir=files.folder, prefix=".mail-") as came:
        await asyncio.to_thread(_write, Path(came.name), one.content)
        return await files.add(Place(""), name, Path(came.name), channel, PAPERS)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def name_of(said: str, type: str) -> str:
    """As it is shown and saved: one line, nothing that turns its direction, an ending of its type."""
    last = re.split(r"[\\/]", line(said))[-1]
    plain = "".join(letter for letter in last if unicodedata.category(letter) != "Cf").strip(". ") or "file"
    endings = PAPERS[type]
    ending = next((one for one in endings if plain.lower().endswith(one)), "")
    stem = plain[: -len(ending)] if ending else plain
    ending = plain[len(stem) :] if ending else endings[0]
    return stem[: LONGEST_NAME - len(ending)] + ending
