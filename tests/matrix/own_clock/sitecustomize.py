"""Lets Python sleep beside libfaketime: one that leaves CLOCK_MONOTONIC alone fails clock_nanosleep(2) by EINVAL.

Python's `time.sleep` uses that (and `subprocess` with a time-out sleeps). Found by PYTHONPATH, where a clock is faked.
"""

import select
import time


def sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = sleep
