"""AMI's bytes as frames, and which frames to believe. Pure: bytes in, frames out, no socket.

Asterisk writes a caller's number and name raw into AMI (seen on 22.10.1), so a caller can end a genuine event early
and write events of his own behind it. What he cannot know is the mark: `systemname` of this run, sent as `SystemName`
in every genuine event and standing before every uniqueid.
"""

from __future__ import annotations

from dataclasses import dataclass

END = b"\r\n\r\n"
LIMIT = 1 << 20  # bytes of one frame; the longest genuine ones (Command output) stay far below
REPEATABLE = frozenset({"output"})  # the lines of a Command's output; seen to repeat in no genuine event


class EndlessFrameError(Exception):
    """The peer sends no AMI: a frame has no end."""


class Cutter:
    """Cuts a stream into whole frames, so that no character is ever decoded in halves."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        *frames, self._rest = (self._rest + data).split(END)
        if len(self._rest) > self._limit:
            raise EndlessFrameError(f"{len(self._rest)} bytes without the end of a frame")
        return [frame for frame in frames if frame.strip()]


@dataclass(frozen=True, slots=True)
class Frame:
    headers: dict[str, str]  # as sent; a repeated header keeps its first value, Output its lines
    repeated: tuple[str, ...] = ()  # headers that came twice, whatever their case


def parse(raw: bytes) -> Frame:
    """Lines without a colon (the banner before the first answer) are no headers. What is no UTF-8 becomes U+FFFD."""
    headers: dict[str, str] = {}
    names: set[str] = set()
    repeated: list[str] = []
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.removeprefix(" ")
        if not colon or not name:
            continue
        folded = name.lower()
        if folded not in names:
            names.add(folded)
            headers[name] = value
        elif folded in REPEATABLE and name in headers:
            headers[name] += f"\n{value}"
        else:
            repeated.append(name)
    return Frame(headers, tuple(repeated))


def torn(headers: dict[str, str], mark: str) -> bool:
    """True if the frame shows a channel but not that channel's own uniqueid: a caller has ended it early.

    A snapshot of a channel opens with `…Channel`, `…ChannelState`, a CEL event with `EventName`; what callers can type
    stands between that and the uniqueid.
    """
    owed = [name.removesuffix("ChannelState") + "Uniqueid" for name in headers if name.endswith("ChannelState")]
    if headers.get("Event") == "CEL":
        owed.append("UniqueID")
    return not all(headers.get(name, "").startswith(f"{mark}-") for name in owed)


def disbelief(frame: Frame, mark: str) -> str | None:
    """Why this event is not genuine, or None if it is."""
    if "Event" not in frame.headers:
        return "no event"
    if frame.headers.get("SystemName") != mark:
        return "no mark"
    if frame.repeated:
        return "repeated header"
    return "torn" if torn(frame.headers, mark) else None
