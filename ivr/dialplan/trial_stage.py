"""Sets a trial's stage: phones at their places, operators registered, a controller or none."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from ivr import credentials
from ivr.dialplan.scratch import Scratch
from ivr.dialplan.scratch_run import ScratchError
from ivr.dialplan.scratch_site import route_name, routes
from ivr.dialplan.trial_model import Wish
from ivr.dialplan.trial_phones import Manner, Phone
from ivr.pbx.agi import FastAgi

LOOK = 0.02  # seconds between two looks
END_SECONDS = 4.0
MANNER: dict[str, Manner] = {"free": "answer", "busy": "busy", "silent": "ring", "none": "silent"}


class NoServices:
    """What FastAGI's scripts may ask of the rest of the house: in a trial nobody is remembered."""

    async def last_language(self, caller: str) -> str | None:
        return None

    async def progress(self, call: str, caller: str, digits: str) -> str:
        return "received"


async def make_ready(scratch: Scratch, wish: Wish) -> None:
    """Nothing of an earlier trial counts. A beat in the far future: the controller lives; one long ago: it does not."""
    until = time.monotonic() + END_SECONDS
    while not (await scratch.command("core show channels count")).startswith("0 ") and time.monotonic() < until:
        await scratch.command("channel request hangup all")  # of a trial that was killed
        await asyncio.sleep(LOOK)
    beat = 0 if wish.controller == "down" else 1 << 40
    for line in (
        "database deltree rate",
        "queue reset stats",
        f"dialplan set global CONTROLLER_BEAT {beat}",
    ):
        await scratch.command(line)


@contextlib.asynccontextmanager
async def phones(scratch: Scratch, wish: Wish) -> AsyncIterator[dict[str, Phone]]:
    """The caller, every operator, every desk, at their places."""
    site, secrets = scratch.site, credentials.load(scratch.var).operators
    made: dict[str, Phone] = {}

    def phone(place: str, name: str, manner: Manner) -> None:
        made[place] = Phone(name, scratch.plan.places[place], site.listen.sip, manner)

    for trunk in site.trunks.values():
        phone(trunk.endpoint, "caller", "busy")
    for key, n in routes(site):
        phone(route_name(key, n), key, wish.desks.get(key, "answer"))
    for number in site.operators:
        phone(f"operator-{number}", number, MANNER[wish.operator])
    try:
        await _open(scratch, made.values())
        if wish.operator != "none":
            await _register(made, secrets, 300)
        yield made
        if wish.operator != "none":
            await _register(made, secrets, 0)
    finally:
        for one in made.values():
            await one.close()


async def _open(scratch: Scratch, phones: Iterable[Phone]) -> None:
    """Raises ScratchError; the next trial gets other addresses then."""
    try:
        for phone in phones:
            await phone.open()
    except OSError as failure:
        (scratch.var / "made").unlink(missing_ok=True)
        message = f"a phone of the trial cannot have its address ({failure}); try again"
        raise ScratchError("scratch_address", message, status=503) from None


async def _register(phones: Mapping[str, Phone], secrets: Mapping[str, str], seconds: int) -> None:
    """Every operator's. Raises ScratchError."""
    operators = [phone for place, phone in phones.items() if place.startswith("operator-")]
    try:
        await asyncio.gather(*(phone.register(secrets[phone.name], seconds) for phone in operators))
    except OSError as failure:  # TimeoutError is one
        message = f"an operator's phone of the trial cannot register ({failure or 'no answer'}); try again"
        raise ScratchError("scratch_register", message, status=503) from None


async def wait_operators(scratch: Scratch, *, there: bool) -> None:
    """Until the queues know who is there."""
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until:
        lines = [line for line in (await scratch.command("queue show q-overflow")).splitlines() if "PJSIP/" in line]
        away = ["(Unavailable)" in line or "(Invalid)" in line for line in lines]
        if not lines or (not any(away) if there else all(away)):
            return
        await asyncio.sleep(LOOK)


@contextlib.asynccontextmanager
async def controller(scratch: Scratch, wish: Wish) -> AsyncIterator[None]:
    """What answers FastAGI: the product's own scripts, nobody, or one who never answers."""
    address = scratch.site.listen.agi
    if wish.controller == "up":
        agi = FastAgi(address, scratch.site, NoServices(), lambda: scratch.ami.mark)
        await agi.start()
        try:
            yield
        finally:
            await agi.stop()
    elif wish.controller == "hung":

        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await reader.read()
            writer.close()

        async with await asyncio.start_server(never, address.host, address.port):
            yield
    else:
        yield


async def until(look: Callable[[], bool], seconds: float) -> bool:
    """Look until it is so; False when the seconds are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return True
        await asyncio.sleep(LOOK)
    return look()
