"""What callers hear: `texts` spoken (`speech`) or recorded, made into files (`make`), all equally loud (`loudness`).

`book` tells the facts of each, `judge` what is wrong with them, `change` is how a site changes them.
"""

from ivr.pbx.prompts.make import ensure, outdated, voice

__all__ = ["ensure", "outdated", "voice"]
