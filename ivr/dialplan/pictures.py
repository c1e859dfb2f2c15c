"""Pictures of dialplans: reads what a picture is made of, and makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.dialplan import draw_svg as svg
from ivr.dialplan import draw_words, gather
from ivr.dialplan.draw import Drawer
from ivr.dialplan.draw_model import Drawing
from ivr.dialplan.draw_told import Teller
from ivr.dialplan.draw_traffic import Traffic, with_traffic, writers
from ivr.dialplan.flow import Flow
from ivr.dialplan.given import DOORS
from ivr.dialplan.load import load
from ivr.dialplan.model import Dialplan
from ivr.errors import HotlineError
from ivr.pbx import render
from ivr.pbx.prompts.texts import texts
from ivr.settings import Site

CORE = render.DIALPLANS / "core"


class DrawError(HotlineError):
    """There is no such thing to draw."""


@dataclass(frozen=True)
class Wish:
    """What the picture shall show: where calls come in, whether nothing is folded, and the language of its words."""

    language: str
    starts: tuple[str, ...] = ()  # none: a citizen's call; of another's dialplan: whatever nothing else leads to
    everything: bool = False
    traffic: Traffic | None = None  # None: no numbers of calls


def of_site(site: Site, var: Path, wish: Wish, own: Sequence[Path] | None = None, core: Path = CORE) -> Drawing:
    """A site's own files (None: its draft) over core. Raises DrawError, WordsError, TextError."""
    files = gather.files([render.own_dialplans(site)]) if own is None else own
    dialplan = load(site, var, core, [path.absolute() for path in files])
    folders = dict.fromkeys([render.own_dialplans(site), *(path.absolute().parent for path in files)])
    words = draw_words.load(wish.language, *folders)
    flow, given = Flow(dialplan), {name: one.value for name, one in dialplan.globals.items()}
    said = texts(site, wish.language)
    teller = Teller(words, given, flow.values.of, site.hotline.number, said, tuple(site.targets.values()))
    name = words.pick(site.hotline.name)
    drawer = Drawer(flow, teller, wish.starts or DOORS[:1], everything=wish.everything)
    return _drawn(dialplan, drawer, wish, name)


def of_files(files: Sequence[Path], wish: Wish) -> Drawing:
    """Files by themselves (one at least), as any Asterisk's dialplan. Raises DrawError, WordsError."""
    checked = gather.foreign(files)
    flow = Flow(checked.dialplan)
    words = draw_words.load(wish.language, *dict.fromkeys(path.absolute().parent for path in files))
    given = {name: one.value for name, one in checked.dialplan.globals.items()}
    teller = Teller(words, given, flow.values.of)
    entered = {edge.step.context for edge in flow.edges() if edge.step and edge.step.context != edge.source.context}
    doors = [name for name, context in checked.dialplan.contexts.items() if context.steps and name not in entered]
    starts = wish.starts or doors or list(checked.dialplan.contexts)[:1]
    drawer = Drawer(flow, teller, starts, doors, whole=False, everything=wish.everything)
    return _drawn(checked.dialplan, drawer, wish, files[0].name)


def draw_svg(site: Site, var: Path, wish: Wish, own: Sequence[Path] | None = None, core: Path = CORE) -> str:
    """The same as SVG. Raises besides LayoutError and PackageError."""
    return svg.draw(of_site(site, var, wish, own, core))


def _drawn(dialplan: Dialplan, drawer: Drawer, wish: Wish, name: str) -> Drawing:
    say = drawer.words.say
    there = ", ".join(sorted(dialplan.contexts))
    if not there:
        raise DrawError(
            "nothing", say("这些文件里没有任何段，无图可画", "these files have no context: nothing to draw")
        )
    for start in drawer.starts:
        if start not in dialplan.contexts:
            words = say(f"没有名为 {start} 的段；现有：{there}", f"there is no context {start}; there are: {there}")
            raise DrawError("no_context", words, {"context": start}, 404)
    title = say(f"{name}：来电的流程", f"{name}: the way of a call")
    drawing = drawer.draw(title, ", ".join(drawer.starts))
    return with_traffic(drawing, writers(dialplan), wish.traffic) if wish.traffic is not None else drawing
