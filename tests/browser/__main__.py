"""The tests in a real browser, in a network of their own: `python -m tests.browser [pytest's arguments]`.

A browser and Asterisk find a way for voices between addresses that are not loopback's (ICE), and a test machine may
have none. So the tests run in a network namespace that has loopback and one more address, and nothing beyond.
"""

from __future__ import annotations

import os
import shutil
import sys

INSIDE = "tests.browser.inside"
# A module's hotline is started by one process alone; the longest modules begin first (tests/order.py).
WHOLE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def main() -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        sys.exit("unshare is needed: apt-get install util-linux")
    alone = "-n" if os.geteuid() == 0 else "-rn"  # without root: as root of a user namespace
    arguments = sys.argv[1:] or [*WHOLE, "tests/browser"]
    os.execv(unshare, [unshare, alone, "--", sys.executable, "-m", INSIDE, *arguments])


if __name__ == "__main__":
    main()
