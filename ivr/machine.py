"""Is the machine fit: its disks, its clock, its memory and limits, and who may read our secrets?"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ivr import credentials
from ivr.calls.rows import split_records
from ivr.findings import Finding, bad, ok
from ivr.pbx import journal, room, state
from ivr.settings import Site

FREE_TO_START, FREE_TO_WORK = 200 * 2**20, 5 * 2**30  # bytes; one leg's recording takes 1 MB a minute
FEW_FILES = 10_000  # inodes; each leg is a file
SLACK = 2.0  # seconds that two clocks of one machine may differ: a file's time is that of the last tick
SANE_YEARS = range(2025, 2100)
FREE_MEMORY = 512 * 2**20  # bytes
DESCRIPTORS, PROCESSES = 65536, 4096  # for 1,000 calls: they want about 2,040 threads
JOURNAL_END = 64 * 1024  # bytes of the journal's end in which its newest time is sought
TIME_ERROR, STA_UNSYNC = 5, 0x40  # adjtimex(2)


def examine(site: Site, var: Path) -> Iterator[Finding]:
    yield from _disks(site, var)
    yield from _room(var)
    yield from _writable(var)
    yield from _clock(var, datetime.now(UTC))
    yield from _memory()
    yield from _limits()
    yield from secrets(var)


# ---- disks


def disks(site: Site, var: Path) -> Iterator[tuple[str, Path, Path]]:
    """Each file system that we write to, once: what, where, and the nearest folder that is there."""
    places = {"var": var, "recordings": var / "recordings", "journal": var / "journal"}
    if site.database_url.startswith("sqlite") and "///" in site.database_url:
        places["database"] = Path(site.database_url.partition("///")[2]).parent
    seen: set[int] = set()
    for name, place in places.items():
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield name, place, there


def _disks(site: Site, var: Path) -> Iterator[Finding]:
    for name, place, there in disks(site, var):
        yield _disk("disk" if name == "var" else f"disk-{name}", place, there)


def _disk(id: str, place: Path, there: Path) -> Finding:
    free, files = shutil.disk_usage(there).free, os.statvfs(there)
    words = (f"{place} 所在磁盘剩余 {free / 2**30:.1f} GB", f"{free / 2**30:.1f} GB are free for {place}")
    mend = ("清理磁盘，或用 --var 指定别处", "make room, or take another place with --var")
    if free < FREE_TO_START:
        return bad(id, words, mend)
    if files.f_files and files.f_favail < FEW_FILES:
        left = files.f_favail
        few = (f"{place} 所在磁盘只能再建 {left} 个文件", f"only {left} more files fit on the disk of {place}")
        return bad(id, few, mend, "warning")
    return bad(id, words, mend, "warning") if free < FREE_TO_WORK else ok(id, *words)


def _room(var: Path) -> Iterator[Finding]:
    """Can the journal's file system keep room for it, so that a full disk takes no row?"""
    active = var / "journal" / journal.ACTIVE
    if not active.exists():
        return
    kept = room.reserved(active)
    words = (
        f"日志文件尚有 {kept / 2**20:.0f} MB 预留空间",
        f"{kept / 2**20:.0f} MB are kept free for the journal alone",
    )
    if kept >= journal.ROOM // 4:
        yield ok("journal-room", *words)
        return
    mend = (
        "清理磁盘；若文件系统不支持 fallocate(2)，请把 journal 放在 ext4 或 xfs 上",
        "make room; where the file system knows no fallocate(2), put the journal on ext4 or xfs",
    )
    yield bad("journal-room", words, mend, "warning")


def _writable(var: Path) -> Iterator[Finding]:
    """Asked of the kernel: a read-only file system refuses root too."""
    there = next(folder for folder in (var, *var.parents) if folder.exists())
    own = [var / name for name in ("journal", "recordings", "log", "run")]
    for place in (there, *(folder for folder in own if folder.exists())):
        if not os.access(place, os.W_OK | os.X_OK):
            words = (f"不能写入 {place}", f"{place} cannot be written")
            mend = (
                f"chown -R 运行用户 {var}，并检查该盘是否只读挂载",
                f"chown -R its user {var}, and see whether that disk is mounted read-only",
            )
            yield bad("writable", words, mend)


# ---- the clock


def _clock(var: Path, now: datetime) -> Iterator[Finding]:
    """Calls are put in order by their times: a clock that was set back mixes them up. It is a warning all the same: a
    hotline that does not start at night because of a clock would be worse.
    """
    mend = (
        "用 chrony 或 systemd-timesyncd 校时，校准后重新启动",
        "let chrony or systemd-timesyncd set it, then start again",
    )
    if now.year not in SANE_YEARS:
        words = (f"系统时间不可信：{now:%Y-%m-%d}", f"the clock says {now:%Y-%m-%d}, which cannot be")
        yield bad("clock", words, mend, "warning")
        return
    newest = _newest(var)
    if newest is not None and newest[0] - now.timestamp() > SLACK:
        back, what = newest[0] - now.timestamp(), newest[1]
        words = (
            f"时钟被往回拨过：现在比{what[0]}早 {_long(back, zh=True)}",
            f"the clock was set back: now is {_long(back)} before {what[1]}",
        )
        yield bad("clock", words, mend, "warning")
        return
    if _synchronised() is False:
        words = ("时钟没有与时间源同步（内核 adjtimex）", "the clock is not synchronised (the kernel's adjtimex)")
        yield bad("clock", words, ("启用 chrony 或 systemd-timesyncd", "enable chrony or systemd-timesyncd"), "warning")
    else:
        yield ok("clock", f"时钟 {now:%Y-%m-%d %H:%M:%S} UTC", f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC")


def _newest(var: Path) -> tuple[float, tuple[str, str]] | None:
    """The latest moment that we know to have been: the journal's newest row, or the last start."""
    known: list[tuple[float, tuple[str, str]]] = []
    if (at := _journal_end(var / "journal")) is not None:
        known.append((at, ("呼叫流水的最后一行", "the journal's newest row")))
    with contextlib.suppress(OSError):
        known.append((state.path_in(var).stat().st_mtime, ("上次启动", "the last start")))
    return max(known, default=None)


def _journal_end(journal: Path) -> float | None:
    """The greatest time in the end of the journal's newest file (second column, UTC)."""
    files = sorted(
        (file for file in journal.glob("journal*.csv") if file.stat().st_size), key=lambda f: f.stat().st_mtime
    )
    for file in reversed(files):
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - JOURNAL_END))
            records, _ = split_records(opened.read())
        times = [at for record in records if (at := _time_of(record.fields)) is not None]
        if times:
            return max(times)
    return None


def _time_of(fields: Sequence[str]) -> float | None:
    """Of one record; None where it is torn."""
    try:
        return datetime.strptime(fields[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp()
    except (ValueError, IndexError):
        return None


class _Timex(ctypes.Structure):
    """struct timex (adjtimex(2)) as far as `status`, and more than enough room behind it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def _synchronised() -> bool | None:
    """What the kernel knows; None where it does not say (forbidden in some sandboxes)."""
    clock = _Timex()
    told = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(clock))
    if told < 0:
        return None
    return not (told == TIME_ERROR or clock.status & STA_UNSYNC)


def _long(seconds: float, zh: bool = False) -> str:
    for size, one, many in ((86400.0, "天", "days"), (3600.0, "小时", "hours"), (60.0, "分钟", "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {one if zh else many}"
    return f"{seconds:.1f} {'秒' if zh else 's'}"


# ---- memory and limits


def _memory() -> Iterator[Finding]:
    free = _available()
    if free is None:
        return
    words = (f"可用内存 {free / 2**20:.0f} MB", f"{free / 2**20:.0f} MB of memory are available")
    mend = ("增加内存，或停掉其他程序", "give it more memory, or stop other programs")
    yield bad("memory", words, mend, "warning") if free < FREE_MEMORY else ok("memory", *words)


def _available() -> int | None:
    """Bytes: what the machine has left, or what our control group may still take, whichever is less."""
    try:
        meminfo = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        found = [int(next(line for line in meminfo if line.startswith("MemAvailable:")).split()[1]) * 1024]
    except (OSError, StopIteration, ValueError):
        return None
    with contextlib.suppress(OSError, ValueError):  # no limit ("max"), or no such control group
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().rpartition("::/")[2]
        group = Path("/sys/fs/cgroup") / own
        found.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return min(found)


def _limits() -> Iterator[Finding]:
    """Hard limits: `ivr up` raises the soft ones itself."""
    for id, kind, wanted, zh, en, name in (
        ("descriptors", resource.RLIMIT_NOFILE, DESCRIPTORS, "可打开文件数", "open files", "LimitNOFILE"),
        ("processes", resource.RLIMIT_NPROC, PROCESSES, "线程数", "threads", "LimitNPROC"),
    ):
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY or hard >= wanted:
            yield ok(id, f"{zh}上限足够", f"the limit of {en} is high enough")
            continue
        words = (f"{zh}上限 {hard}，1000 路通话需要 {wanted}", f"at most {hard} {en}; 1,000 calls want {wanted}")
        mend = (
            f"在 systemd 单元中设 {name}={wanted}，或改 /etc/security/limits.conf",
            f"set {name}={wanted} in the systemd unit, or raise it in /etc/security/limits.conf",
        )
        yield bad(id, words, mend, "warning")


# ---- secrets


def secrets(var: Path) -> Iterator[Finding]:
    """May anybody else read them?"""
    path = credentials.path_in(var)
    try:
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        return
    if mode & 0o077:
        words = (f"{path} 可被他人读取（权限 {mode:04o}）", f"others can read {path} (mode {mode:04o})")
        mend = (
            f"chmod 600 {path}；如可能已泄露，删除其中的密码后重新启动，会生成新的",
            f"chmod 600 {path}; where somebody may have read it, remove its secrets: the next start makes new ones",
        )
        yield bad("secrets", words, mend, "warning")
    else:
        yield ok("secrets", "密码文件只有本用户可读", "only we can read the secrets")
