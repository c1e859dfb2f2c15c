"""A font with Chinese letters for papers that are printed: the machine's own, else fetched like Asterisk.

Fetched is WenQuanYi Micro Hei (Debian: fonts-wqy-microhei; 1.6 MB; Apache License 2.0, or GPL 3 with the font
exception); a paper holds the letters that it shows, and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.pbx import debian
from ivr.pbx.programs import fetched

FOLDER = Path("/usr/share/fonts")
KNOWN = (  # in the order of how well a page looks in them; the number is that of simplified Chinese in a collection
    ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("truetype/wqy/wqy-microhei.ttc", 0),
    ("truetype/wqy/wqy-zenhei.ttc", 0),
)
PACKAGE, INSIDE = "fonts-wqy-microhei", "usr/share/fonts/truetype/wqy/wqy-microhei.ttc"


@dataclass(frozen=True, slots=True)
class Font:
    path: Path
    number: int  # in its collection


def chinese(folder: Path = FOLDER, say: debian.Say = lambda _: None) -> Font:
    """Raises PackageError: it says which package to install."""
    for name, number in KNOWN:
        if (folder / name).is_file():
            return Font(folder / name, number)
    found = fetched("fonts", [PACKAGE], INSIDE, dependencies=False, say=say)
    return Font(found.path, 0)
