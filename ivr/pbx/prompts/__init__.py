"""What callers hear: `texts` spoken (`speech`) or recorded, made into files (`make`); `used` finds what is missing."""

from ivr.pbx.prompts.make import ensure, outdated, voice
from ivr.pbx.prompts.used import missing

__all__ = ["ensure", "missing", "outdated", "voice"]
