"""A run's figures as a table for the terminal, as the figures of docs/performance.md, and as pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pygal
from pygal.style import CleanStyle

from tests.bench.figures import Results, goals

BEGIN, END = "<!-- figures: `make bench` writes what follows -->", "<!-- end of figures -->"
WORDS = {True: "met", False: "**not met**", None: "—"}


def table(results: Results) -> str:
    """The design's goals, each with what was measured, for the terminal."""
    rows = goals(results)
    widths = [max(len(str(row[key])) for row in rows) for key in ("what", "goal", "measured")]
    return "\n".join(
        f"{row['what']:<{widths[0]}}  {row['goal']:<{widths[1]}}  {row['measured']:<{widths[2]}}  "
        + {True: "met", False: "NOT MET", None: "-"}[row["met"]]
        for row in rows
    )


def write(results: Results, page: Path) -> None:
    """Put the figures into the page, and the pictures and the JSON into the folder of its name beside it.

    Raises ValueError where the page has no place for figures.
    """
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN!r} and {END!r}: put them where the figures shall stand")
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    pictures = draw(results, folder)
    (folder / "figures.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    body = "\n\n".join(_figures(results))
    shown = "\n".join(f"![{title}]({folder.name}/{path.name})" for title, path in pictures)
    page.write_text(f"{head}{begin}\n\n{body}\n\n{shown}\n\n{end}{tail}", encoding="utf-8")


def _figures(results: Results) -> Iterator[str]:
    yield "Measured {date} on {machine}: {commit}.".format(**results["about"])
    rows = [(row["what"], row["goal"], row["measured"], WORDS[row["met"]]) for row in goals(results)]
    yield markdown(("goal", "wanted", "measured", ""), rows)
    if "rate" in results:
        yield "**Set-up rate.** INVITE → 200 of callers who are greeted and hang up; SIPp's clock ticks in 4 ms."
        yield markdown(
            ("wanted calls/s", "hotline: reached, failed", "p50 / p99 ms", "bare: reached, failed", "p50 / p99 ms"),
            [
                (rate, *_rate(results["rate"]["hotline"][rate]), *_rate(results["rate"]["bare"][rate]))
                for rate in results["rate"]["hotline"]
            ],
        )
        yield markdown(
            ("memory after so many calls a second", "Asterisk KB / 1,000 calls", "controller KB / 1,000 calls"),
            [
                (rate, *figures["memory_kb_per_1000_calls"].values())
                for rate, figures in results["rate"]["hotline"].items()
            ],
        )
    if "cpu" in results:
        yield "**Processor seconds for 1,000 calls**, what is spent without calls taken off."
        yield markdown(
            ("call", "bare", "bare, recorded", "hotline: Asterisk", "hotline: controller", "against bare", "recorded"),
            [
                (
                    {"greeted": "hangs up in the greeting", "whole": "greeting 5 s, operator, talk 4 s"}[kind],
                    figures["bare"]["asterisk_s"],
                    figures["bare_recorded"]["asterisk_s"],
                    figures["hotline"]["asterisk_s"],
                    figures["hotline"]["controller_s"],
                    f"{figures['ratio']}×",
                    f"{figures['ratio_recorded']}×",
                )
                for kind, figures in results["cpu"].items()
                if kind != "idle_ms_per_s"
            ],
        )
    if "lag" in results:
        yield "**How far behind.**"
        names = {"journal_ms": "journal row → database, 100 calls/s", "live_ms": "call → live WebSocket, 10 calls/s"}
        yield _spreads({names[name]: figures for name, figures in results["lag"].items()})
    if "keys" in results:
        yield "**Transfer to 110**, with real phones."
        named = {f"{name} → INVITE": figures for name, figures in results["keys"]["to_invite_ms"].items()}
        yield _spreads(named | {"longest silence for the caller": results["keys"]["gap_ms"]})
    if "store" in results:
        yield "**The call log as it grows** (SQLite; milliseconds, median of seven)."
        yield _by_size(results["store"]["log"], "calls in the log")
        yield _by_size(results["store"]["projection"], "running calls: projecting")
    if "size" in results:
        yield "**Operators and running calls.**"
        yield _by_size({size: _flat(figures) for size, figures in results["size"].items()}, "operators")
    if "crowd" in results:
        yield "**A busy hour: 400 calls at once (100 talk, others hear music, no caller speaks), then a burst** (R66)."
        yield _listed(results["crowd"]["at_once"])
        yield "**A flood: one number calls 20 times a second; processor seconds are of 17,000 calls, a day** (R54)."
        yield _listed(results["crowd"]["flood"])


def _flat(figures: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, figure in figures.items():
        found |= (
            {f"{name}: {part}": its for part, its in figure.items()} if isinstance(figure, Mapping) else {name: figure}
        )
    return found


def _listed(figures: Mapping[str, Any]) -> str:
    return markdown(("what", "measured"), [(name.replace("_", " "), one) for name, one in _flat(figures).items()])


def _rate(figures: Mapping[str, Any]) -> tuple[str, str]:
    setup = figures["setup_ms"]
    return f"{figures['reached_per_s']:g}/s, {figures['failed']}", f"{setup['p50']:g} / {setup['p99']:g}"


def _spreads(named: Mapping[str, Mapping[str, float]]) -> str:
    rows = [(name, one["n"], one["p50"], one["p99"], one["max"]) for name, one in named.items()]
    return markdown(("ms", "n", "p50", "p99", "longest"), rows)


def _by_size(figures: Mapping[str, Mapping[str, Any]], what: str) -> str:
    """Sizes across, what was measured down."""
    names = list(dict.fromkeys(name for one in figures.values() for name in one))
    rows = [(name.replace("_", " "), *(one.get(name, "") for one in figures.values())) for name in names]
    return markdown((what, *(f"{int(size):,}" for size in figures)), rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def draw(results: Results, folder: Path) -> list[tuple[str, Path]]:
    """The pictures of growth, as SVG files: (title, path)."""
    found = []
    if "rate" in results:
        rates = list(results["rate"]["hotline"])
        title = "Set-up time by rate (p99, ms)"
        series = {
            name: [results["rate"][name][rate]["setup_ms"]["p99"] for rate in rates] for name in ("hotline", "bare")
        }
        found.append((title, _picture(folder / "rate.svg", title, "calls a second", rates, series)))
    if "store" in results:
        log = results["store"]["log"]
        title = "Queries by the size of the call log (ms)"
        names = [name for name in next(iter(log.values())) if name != "file_mb"]
        series = {name.replace("_", " "): [log[size][name] for size in log] for name in names}
        sizes = [f"{int(size):,}" for size in log]
        found.append((title, _picture(folder / "log.svg", title, "calls in the log", sizes, series)))
        running = results["store"]["projection"]
        title = "Projection by running calls (µs a row)"
        series = {"µs a row": [running[size]["us_per_row"] for size in running]}
        found.append((title, _picture(folder / "projection.svg", title, "running calls", list(running), series)))
    return found


def _picture(path: Path, title: str, across: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Path:
    chart = pygal.Line(
        style=CleanStyle, title=title, x_title=across, width=760, height=380, js=[], include_x_axis=True, min_scale=4
    )
    chart.x_labels = labels
    for name, values in series.items():
        chart.add(name, list(values))
    chart.config.disable_xml_declaration = True
    path.write_text(chart.render(is_unicode=True), encoding="utf-8")
    return path
