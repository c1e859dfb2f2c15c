"""What every command needs to know: which site, and where its files are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ivr import settings, system

PROBLEM = 1  # exit code: something is wrong with what was looked at; 2 is for wrong usage


@dataclass(frozen=True)
class Context:
    """`ctx.obj` of every command; made by the root command from `--site` and `--var`."""

    site_path: Path
    var: Path

    @cached_property
    def site(self) -> settings.Site:
        """The site's settings as they are, or can be, in force: ports and the like are those of the Asterisk that runs.
        Read when a command first needs them. Raises SettingsError.
        """
        return system.in_force(self.file, self.var) if system.find_asterisk(self.var) is not None else self.file

    @cached_property
    def file(self) -> settings.Site:
        """The site's settings as the file has them. Raises SettingsError."""
        return settings.load(self.site_path, self.var)

    @property
    def journal(self) -> Path:
        return self.var / "journal"

    @property
    def recordings(self) -> Path:
        return self.var / "recordings"
