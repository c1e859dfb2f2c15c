"""The controller's log: JSON lines, the call in each that concerns one, no secret, never in a call's way."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from ivr import log


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_given_a_bound_call_then_every_line_carries_it(tmp_path: Path) -> None:
    path = tmp_path / "log/controller.log"
    with log.kept_in(path, io.StringIO()):
        logger = structlog.get_logger()
        with structlog.contextvars.bound_contextvars(call="c-1"):
            logger.info("transfer.asked", target="110报警")
        logger.info("idle")
        logger.debug("not kept")
    first, second = lines(path)
    assert (first["event"], first["call"], first["target"], first["level"]) == (
        "transfer.asked",
        "c-1",
        "110报警",
        "info",
    )
    assert str(first["at"]).endswith("Z")
    assert "call" not in second


def test_given_warnings_then_the_console_has_them_too(tmp_path: Path) -> None:
    console = io.StringIO()
    with log.kept_in(tmp_path / "controller.log", console):
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("loud")
    assert [json.loads(line)["event"] for line in console.getvalue().splitlines()] == ["loud"]


def test_given_an_exception_then_its_traceback_is_in_the_line(tmp_path: Path) -> None:
    path = tmp_path / "controller.log"
    with log.kept_in(path, io.StringIO()):
        try:
            int("/phone/s3cret/transfer")
        except ValueError:
            structlog.get_logger().exception("failed")
    [line] = lines(path)
    assert "/phone/…/transfer" in str(line["exception"])


def test_given_what_libraries_log_then_it_is_json_without_tokens(tmp_path: Path) -> None:
    path = tmp_path / "controller.log"
    with log.kept_in(path, io.StringIO()):
        logging.getLogger("aiohttp.server").error("GET %s with Authorization: Bearer abc.def", "/api/v1/phone/tok/x")
    [first] = lines(path)
    assert first["words"] == "GET /api/v1/phone/…/x with Authorization: Bearer …"
    assert (first["logger"], first["level"]) == ("aiohttp.server", "error")


def test_given_values_that_are_no_json_then_they_are_told_as_they_can_be(tmp_path: Path) -> None:
    path = tmp_path / "controller.log"
    with log.kept_in(path, io.StringIO()):
        structlog.get_logger().info("odd", path=Path("/x"), text="a\nb\x1b[31m")
    [line] = lines(path)
    assert "/x" in str(line["path"])
    assert line["text"] == "a\nb\x1b[31m"
    assert len(path.read_bytes().splitlines()) == 1


def test_given_a_full_log_then_it_is_rotated_and_the_oldest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "ROTATE_AT", 300)
    monkeypatch.setattr(log, "KEPT", 2)
    path = tmp_path / "controller.log"
    with log.kept_in(path, io.StringIO()):
        for n in range(20):
            structlog.get_logger().info("line", n=n)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["controller.log", "controller.log.1", "controller.log.2"]
    kept = [line["n"] for name in (".2", ".1", "") for line in lines(path.with_name(f"controller.log{name}"))]
    assert kept == list(range(int(str(kept[0])), 20))


def test_given_a_disk_that_refuses_then_nobody_waits_and_the_console_says_so(tmp_path: Path) -> None:
    console = io.StringIO()
    path = tmp_path / "controller.log"
    path.mkdir()  # cannot be opened
    with log.kept_in(path, console):
        structlog.get_logger().info("lost")
    assert "the log cannot be written" in console.getvalue()
