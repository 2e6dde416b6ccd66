"""The report as a page to look at: one HTML file, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from device_emulator.report.terminal import LABELS

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1d2733, #e6ebf0); --paper: light-dark(#fff, #14181d);
  --soft: light-dark(#5c6b7a, #93a1af); --line: light-dark(#e3e8ed, #2b333c); --blue: light-dark(#2a6df4, #6ea2ff);
  --pale: light-dark(#cfe0ff, #22395f); --good: light-dark(#137a3b, #58c982); --bad: light-dark(#b3261e, #ff8a80); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;
  margin: 2.5rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1rem; margin: 2.2rem 0 .6rem; color: var(--soft); font-weight: 600 }
p { margin: .2rem 0; color: var(--soft) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
th { color: var(--soft); font-weight: 500 }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
svg { display: block; width: 100%; height: auto }
text { font: 12px system-ui, sans-serif; fill: var(--soft) }
.verdict { float: right; font-weight: 700; font-size: 1.1rem; padding: .3rem .9rem; border: 2px solid;
  border-radius: .5rem }
.pass { color: var(--good) }
.fail, .interrupted { color: var(--bad) }
"""

WIDTH = 960
LABEL_WIDTH = 170


def render_page(summary: Mapping[str, Any]) -> str:
    """Return the page for a summary."""
    title = f"{summary['command']} at {summary['target']}"
    sections = (
        f'<span class="verdict {escape(summary["verdict"])}">{escape(summary["verdict"].upper())}</span>',
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(_circumstances(summary))}</p>",
        f"<p>{escape(_means(summary))}</p>",
        "<h2>Expectations</h2>",
        _table(("expectation", "found", ""), map(_expectation, summary["expectations"])),
        "<h2>Enrolment funnel</h2>",
        _funnel(summary["funnel"]),
        "<h2>Latency: half of the requests are left of the line, the bar ends at p99, the tick at the slowest</h2>",
        _latency(summary["latency_ms"]),
        _table(("in ms", "count", "p50", "p90", "p99", "p99.9", "max"), map(_figures, summary["latency_ms"].items())),
        _section("Answers to commands", ("command", "status", "count"), map(_answer, summary["answers"])),
        _section("What went wrong", ("kind", "reason", "count"), _troubles(summary)),
        "".join(f"<p>Note: {escape(note)}</p>" for note in summary["notes"]),
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{''.join(sections)}</body></html>\n"
    )


def _circumstances(summary: Mapping[str, Any]) -> str:
    devices = ", ".join(f"{count} {name}" for name, count in summary["devices"].items())
    rate = f"{summary['enrollments_per_second']} enrolments a second"
    return f"{devices} · seed {summary['seed']} · {summary['started']} · {summary['seconds']:.1f} s · {rate}"


def _means(summary: Mapping[str, Any]) -> str:
    proofs = ", ".join(f"{count} {name}" for name, count in summary["proofs"].items())
    return f"proof of identity: {proofs} · RSA keys: {summary['keys']['sentence']} · woken by {summary['woken_by']}"


def _expectation(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return one["sentence"], one["found"], "ok" if one["passed"] else "FAILED"


def _answer(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return one["command"], one["status"], f"{one['count']:,}"


def _figures(row: tuple[str, Mapping[str, float]]) -> tuple[str, ...]:
    kind, figures = row
    times = (f"{figures[column]:,.1f}" for column in ("p50", "p90", "p99", "p99.9", "max"))
    return LABELS.get(kind, kind), f"{int(figures['count']):,}", *times


def _troubles(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (kind, reason, f"{count:,}")
        for kind in ("failures", "refusals", "retries")
        for reason, count in summary[kind].items()
    ]


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    rows = list(rows)
    return f"<h2>{escape(title)}</h2>{_table(heads, rows)}" if rows else ""


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _funnel(funnel: Mapping[str, int]) -> str:
    steps = [(step, count) for step, count in funnel.items() if count or step in {"started", "enrolled"}]
    most = max(1, *(count for _, count in steps))
    bars = (
        _row(
            row, step.replace("_", " "), _bar(row, 0.0, count / most, "--blue") + _note(row, count / most, f"{count:,}")
        )
        for row, (step, count) in enumerate(steps)
    )
    return _picture(len(steps), "".join(bars))


def _latency(latencies: Mapping[str, Mapping[str, float]]) -> str:
    shown = [(kind, figures) for kind, figures in latencies.items() if figures["count"]]
    if not shown:
        return "<p>Nothing was measured.</p>"
    longest = max(figures["max"] for _, figures in shown)

    def place(milliseconds: float) -> float:
        return math.log10(1 + milliseconds) / math.log10(1 + longest) if longest > 0 else 0.0

    bars = (
        _row(
            row,
            LABELS.get(kind, kind),
            _bar(row, place(figures["p50"]), place(figures["p99"]), "--pale")
            + _tick(row, place(figures["p50"]), "--blue")
            + _tick(row, place(figures["max"]), "--soft"),
        )
        for row, (kind, figures) in enumerate(shown)
    )
    marks = (1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0)
    axis = "".join(
        f'<text x="{_x(place(mark)):.0f}" y="{len(shown) * 24 + 16}" text-anchor="middle">{mark:g} ms</text>'
        for mark in marks
        if mark <= longest
    )
    return _picture(len(shown) + 1, "".join(bars) + axis)


def _x(share: float) -> float:
    return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - 80)


def _row(row: int, label: str, shapes: str) -> str:
    return f'<text x="0" y="{row * 24 + 16}">{escape(label)}</text>{shapes}'


def _bar(row: int, start: float, end: float, colour: str) -> str:
    width = max(2.0, _x(end) - _x(start))
    return f'<rect x="{_x(start):.1f}" y="{row * 24 + 4}" width="{width:.1f}" height="16" rx="3" fill="var({colour})"/>'


def _tick(row: int, share: float, colour: str) -> str:
    return f'<rect x="{_x(share) - 1:.1f}" y="{row * 24 + 2}" width="2" height="20" fill="var({colour})"/>'


def _note(row: int, share: float, text: str) -> str:
    return f'<text x="{_x(share) + 8:.1f}" y="{row * 24 + 16}">{escape(text)}</text>'


def _picture(rows: int, shapes: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {rows * 24}" role="img">{shapes}</svg>'
