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
    "pbx/test_screening.py": 80,
    "attacks/test_api_fuzz.py": 75,
    "pbx/test_hooks.py": 75,
    "pbx/test_voices.py": 75,
    "attacks/test_toll_fraud.py": 70,
    "attacks/test_listeners.py": 65,
    "pbx/test_from_desk.py": 65,
    "pbx/test_into_the_queue.py": 65,
    "pbx/test_private_talk.py": 65,
    "pbx/test_start.py": 60,
    "attacks/test_sip_floods.py": 57,
    "pbx/test_conference.py": 50,
    "pbx/test_supervision.py": 50,
    "pbx/test_trial.py": 50,
    "attacks/test_tls.py": 48,
    "attacks/test_secrets.py": 46,
    "pbx/test_contract.py": 45,
    "pbx/test_desk_orders.py": 45,
    "pbx/test_notice.py": 44,
    "pbx/test_publish.py": 40,
    "pbx/test_two_sites.py": 40,
    "pbx/test_controller.py": 37,
    "pbx/test_ami_real.py": 35,
    "pbx/test_apply_live.py": 35,
    "pbx/test_postgresql.py": 35,
    "attacks/test_exchange_fuzz.py": 30,
    "pbx/test_bench.py": 25,
    "pbx/test_prompts_live.py": 25,
    "attacks/test_web_requests.py": 20,
    "pbx/test_hotline.py": 20,
    "pbx/test_phones.py": 20,
    "pbx/test_progress_flow.py": 20,
    "pbx/test_scratch.py": 20,
    "attacks/test_live_stream.py": 18,
    "browser/test_every_page.py": 150,
    "browser/test_desk_deaths.py": 120,
    "browser/test_two_desks.py": 100,
    "browser/test_desk_two.py": 90,
    "browser/test_admin_dialplans.py": 75,
    "browser/test_hostile_case.py": 75,
    "browser/test_orders_page.py": 60,
    "browser/test_room_load.py": 60,
    "browser/test_cases_scope.py": 50,
    "browser/test_desk_page.py": 50,
    "browser/test_desk_talk.py": 50,
    "browser/test_admin_people.py": 45,
    "browser/test_board_page.py": 45,
    "browser/test_calls_page.py": 45,
    "browser/test_cases_page.py": 45,
    "browser/test_report_page.py": 45,
    "browser/test_settings.py": 45,
    "browser/test_late_answers.py": 40,
    "browser/test_phone.py": 30,
    "browser/test_shell.py": 8,
    "unit/test_exchange_histories.py": 45,
    "dialplan/test_corpus.py": 40,
    "unit/test_database_shape.py": 60,
    "web/test_bulk.py": 18,
    "web/test_calls_api.py": 25,
    "unit/test_store_calllog.py": 23,
    "unit/test_cli_accounts.py": 20,
    "unit/test_tellings.py": 20,
    "web/test_board_api.py": 20,
    "unit/test_cli_calls.py": 18,
    "web/test_access.py": 18,
    "web/test_accounts_api.py": 18,
    "web/test_cases_api.py": 18,
    "unit/test_store_exchange.py": 15,
    "unit/test_backup.py": 14,
    "unit/test_bulletin.py": 14,
    "unit/test_store.py": 14,
    "replay/test_replay.py": 13,
    "unit/test_cases.py": 12,
    "unit/test_house.py": 12,
    "unit/test_store_tables.py": 12,
    "web/test_notes.py": 12,
    "web/test_prompts.py": 12,
    "unit/test_retention.py": 11,
    "dialplan/test_draw.py": 10,
    "unit/test_figures.py": 10,
    "unit/test_projection_properties.py": 10,
    "unit/test_store_postgresql.py": 10,
    "web/test_admin_api.py": 10,
    "unit/test_cli_database.py": 9,
    "unit/test_retention_journal.py": 9,
    "unit/test_supervisor.py": 9,
    "unit/test_audit.py": 8,
    "unit/test_blocks.py": 8,
    "unit/test_channels.py": 8,
    "unit/test_cli_exchange.py": 8,
    "unit/test_doctor.py": 8,
    "unit/test_mailbox.py": 8,
    "unit/test_prompts_change.py": 8,
    "unit/test_settings_told.py": 8,
    "web/test_channels_api.py": 8,
    "web/test_refusals.py": 8,
    "dialplan/test_any_input.py": 6,
    "unit/test_bootstrap.py": 6,
    "unit/test_norms.py": 6,
    "unit/test_store_writer.py": 6,
    "unit/test_work_orders.py": 6,
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
