"""Attacks are made on a running hotline: the fixtures of tests/pbx."""

from __future__ import annotations

from tests.attacks.bystanders import bystanders, talking
from tests.pbx.conftest import hotline, hotline_with, pytest_runtest_makereport, session_hotline

__all__ = ["bystanders", "hotline", "hotline_with", "pytest_runtest_makereport", "session_hotline", "talking"]
