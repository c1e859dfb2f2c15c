"""The order in which `make test` gives out modules (`--dist loadfile`): no process may wait long for the last one.

Two kinds are mixed: calls on a real Asterisk mostly wait (for rings, voices, time-outs: a fifth of a core each), and
the others compute. What takes long begins first; what computes is spread over the whole run, so that both cores are
busy from the start to the end. A module that is not listed takes a guess; a wrong figure costs time, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

WAITING = {"attacks", "matrix", "pbx", "soak"}  # folders whose tests mostly wait
GUESS = {True: 15.0, False: 2.0}  # seconds of a module that is not listed: one that waits, one that computes

# Seconds of a module alone on a machine, where they are many.
SECONDS = {
    "pbx/test_acknowledge.py": 260,
    "pbx/test_transfer.py": 260,
    "matrix/test_matrix.py": 240,
    "pbx/test_attended.py": 170,
    "pbx/test_deaths.py": 165,
    "pbx/test_restart.py": 150,
    "soak/test_seeds.py": 95,
    "attacks/test_sip_torture.py": 90,
    "pbx/test_drain.py": 85,
    "pbx/test_guards.py": 80,
    "pbx/test_hooks.py": 75,
    "attacks/test_toll_fraud.py": 70,
    "attacks/test_listeners.py": 65,
    "pbx/test_from_desk.py": 65,
    "attacks/test_sip_floods.py": 57,
    "pbx/test_conference.py": 50,
    "attacks/test_tls.py": 48,
    "attacks/test_secrets.py": 46,
    "attacks/test_api_fuzz.py": 44,
    "pbx/test_desk_orders.py": 45,
    "pbx/test_notice.py": 44,
    "pbx/test_controller.py": 37,
    "dialplan/test_corpus.py": 40,
    "browser/test_every_page.py": 150,
    "browser/test_desk_deaths.py": 120,
    "browser/test_desk_two.py": 90,
    "browser/test_admin_dialplans.py": 75,
    "browser/test_two_desks.py": 100,
    "browser/test_room_load.py": 60,
    "browser/test_desk_page.py": 50,
    "browser/test_desk_talk.py": 50,
    "browser/test_calls_page.py": 45,
    "browser/test_admin_people.py": 45,
    "browser/test_settings.py": 45,
    "browser/test_phone.py": 30,
    "unit/test_store.py": 14,
    "unit/test_store_calllog.py": 23,
    "unit/test_retention.py": 11,
    "unit/test_retention_journal.py": 9,
    "unit/test_cli_calls.py": 18,
    "unit/test_database_shape.py": 14,
    "unit/test_backup.py": 14,
    "replay/test_replay.py": 13,
    "unit/test_store_postgresql.py": 10,
    "unit/test_cli_database.py": 9,
    "unit/test_supervisor.py": 9,
}


def modules(names: Sequence[str]) -> list[str]:
    """The modules (`pbx/test_transfer.py`) in the order in which they begin."""
    return list(_mixed(_longest_first(names, waiting=True), _longest_first(names, waiting=False)))


def seconds(module: str) -> float:
    return SECONDS.get(module, GUESS[_waits(module)])


def _waits(module: str) -> bool:
    return PurePosixPath(module).parts[0] in WAITING


def _longest_first(names: Sequence[str], *, waiting: bool) -> list[str]:
    return sorted((name for name in names if _waits(name) is waiting), key=lambda name: (-seconds(name), name))


def _mixed(first: list[str], second: list[str]) -> Iterator[str]:
    """Both lists, each in its own order, the same part of each at any moment."""
    whole = {True: sum(map(seconds, first)) or 1.0, False: sum(map(seconds, second)) or 1.0}
    begun = {True: 0.0, False: 0.0}
    left = {True: first[::-1], False: second[::-1]}
    while left[True] or left[False]:
        behind = begun[True] / whole[True] <= begun[False] / whole[False]
        which = behind if left[behind] else not behind
        name = left[which].pop()
        begun[which] += seconds(name)
        yield name
