"""A publisher in a process of its own: `python -m tests.pbx.publisher SITE VAR LAST`, killed after step LAST.

It takes the product's own steps in the product's order, but for the check and the stories: those take seconds and
change nothing, and a fault that they would find must get through to be seen. LAST `none`: it lives to the end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from ivr import credentials, settings
from ivr.dialplan import publish
from ivr.dialplan.publish import Publication, Step
from ivr.errors import HotlineError
from ivr.pbx import drain
from ivr.store import Store
from ivr.store.audit import Audit

UNSEEN = (publish.examine, publish.rehearse)
STEPS = tuple(step for step in publish.STEPS if step not in UNSEEN)


async def die(_: Publication) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def until(last: str) -> Iterator[Step]:
    for step in STEPS:
        yield step
        if step.__name__ == last:
            yield die


async def main(site_file: str, var: str, last: str) -> None:
    site, folder = settings.load(site_file, var), Path(var)
    store = Store(site.database_url)
    await store.open(may_migrate=False)
    async with drain.manager(site, folder, credentials.load(folder)) as ami:
        work = Publication(site, folder, ami, Audit(store), "wang", f"dies after {last}")
        await publish.run(work, tuple(until(last)))
    await store.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except HotlineError as error:
        sys.exit(f"{error.id}: {error.message}")
