"""Room for the journal on a disk that fills up: blocks beyond a file's end that nobody else can take.

fallocate(2) with FALLOC_FL_KEEP_SIZE gives a file blocks without making it longer (ext4, xfs, btrfs, tmpfs), so what
Asterisk appends still lands when recordings have taken the last byte.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE, linux/falloc.h

_LIBC = ctypes.CDLL(None, use_errno=True)


def reserved(path: Path) -> int:
    """Bytes that a file has beyond its end."""
    found = path.stat()
    return max(found.st_blocks * 512 - found.st_size, 0)


def reserve(path: Path, room: int) -> bool:
    """Give the file (made if there is none) so many bytes beyond its end. False where the file system cannot.

    Raises OSError where the disk has not so much left.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return _keep(descriptor, os.fstat(descriptor).st_size, room)
    finally:
        os.close(descriptor)


def give_back(path: Path) -> None:
    """Free what a file has beyond its end. Nobody may write to it any more, or it would be cut."""
    os.truncate(path, path.stat().st_size)


def _keep(descriptor: int, begin: int, length: int) -> bool:
    arguments = (ctypes.c_int(descriptor), ctypes.c_int(KEEP_SIZE), ctypes.c_int64(begin), ctypes.c_int64(length))
    while _LIBC.fallocate64(*arguments) != 0:
        number = ctypes.get_errno()
        if number in {errno.EOPNOTSUPP, errno.ENOSYS}:
            return False
        if number != errno.EINTR:
            raise OSError(number, os.strerror(number))
    return True
