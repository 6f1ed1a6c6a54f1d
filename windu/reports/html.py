"""HTML building blocks. Every text from a run is escaped here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = [
    "bar",
    "listed",
    "note",
    "number",
    "page",
    "pairs",
    "raw",
    "section",
    "table",
]

#: Longest text; the rest is cut.
_MAX_TEXT = 150
#: Largest number of rows of a table.
MAX_ROWS = 300


class raw(str):
    """HTML that is inserted unescaped."""

    __slots__ = ()


def text(value: Any) -> str:
    """Return a value as escaped HTML; HTML is unchanged."""
    if isinstance(value, raw):
        return value
    if value is None:
        return "\u2013"
    if isinstance(value, float):
        return number(value)
    string = str(value)
    cut = string if len(string) <= _MAX_TEXT else string[: _MAX_TEXT - 1] + "…"
    return escape(cut)


def number(value: Any, digits: int = 4) -> str:
    """Return a number with significant digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "\u2013"
    if isinstance(value, (bool, int)):
        return str(value)
    return f"{float(value):.{digits}g}"


def section(title: str, *pieces: str) -> raw:
    """Return a section, or nothing where it has no pieces."""
    body = "".join(pieces)
    return raw(f"<section><h2>{escape(title)}</h2>{body}</section>" if body else "")


def note(text: str) -> raw:
    """Return a paragraph."""
    return raw(f"<p>{escape(text)}</p>")


def pairs(items: Mapping[str, Any]) -> raw:
    """Return names and values, side by side."""
    rows = "".join(
        f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>"
        for name, value in items.items()
    )
    return raw(f'<table class="pairs">{rows}</table>' if rows else "")


def table(
    head: Sequence[Any], rows: Iterable[Sequence[Any]], *, kind: str = "plain"
) -> raw:
    """Return a table; the first cell of each row is its name.

    Parameters
    ----------
    head : sequence
        Names of the columns.
    rows : iterable of sequence
        Numbers are set to the right.
    kind : str, default="plain"
        The class that the style sheet knows.

    Returns
    -------
    raw
        Nothing without rows; a line for those beyond 300.
    """
    rows_listed = list(rows)
    if not rows_listed:
        return raw("")
    kinds = [_kind(value) for value in rows_listed[0]]
    top = "".join(
        f"<th{attribute}><span>{text(cell)}</span></th>"
        for cell, attribute in zip(head, kinds, strict=True)
    )
    body = "".join(_row(row) for row in rows_listed[:MAX_ROWS])
    more = len(rows_listed) - MAX_ROWS
    rest = note(f"And {more} more.") if more > 0 else ""
    return raw(
        f'<div class="wide"><table class="{kind}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{rest}"
    )


def _row(row: Sequence[Any]) -> str:
    first, *rest = row
    return f"<tr><th>{text(first)}</th>{''.join(map(_cell, rest))}</tr>"


def _cell(value: Any) -> str:
    if isinstance(value, raw) and value.startswith("<td"):
        return value
    return f"<td{_kind(value)}>{text(value)}</td>"


def _kind(value: Any) -> str:
    return ' class="n"' if isinstance(value, (int, float)) or value is None else ""


def bar(value: float, largest: float) -> raw:
    """Return a bar; one below zero is empty."""
    share = max(0.0, min(1.0, value / largest)) if largest > 0 else 0.0
    return raw(f'<span class="bar"><i style="width:{share:.1%}"></i></span>')


def listed(items: Iterable[str], kind: str = "") -> raw:
    """Return a list."""
    rows = "".join(f"<li>{text(item)}</li>" for item in items)
    return raw(f'<ul class="{kind}">{rows}</ul>' if rows else "")


#: Content security policy: nothing is run or fetched, even if escaping failed.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
:root {color-scheme: light dark; --ink: #1c1e21; --back: #fff; --line: #d9dce1;
 --soft: #f4f5f7; --warn: #b45309; --bar: #2a78d6}
@media (prefers-color-scheme: dark) {:root {--ink: #e4e6ea; --back: #17191c;
 --line: #3a3d43; --soft: #22252a; --warn: #f0a04b; --bar: #5c9ded}}
body {font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
 background: var(--back); max-width: 68rem; margin: 0 auto; padding: 1rem 1.5rem 4rem}
h1 {font-size: 1.6rem; margin: 1rem 0; overflow-wrap: anywhere}
h2 {font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem;
 border-bottom: 1px solid var(--line)}
h3 {font-size: 1rem; margin: 1.2rem 0 .4rem}
p {margin: .4rem 0; max-width: 46rem; overflow-wrap: anywhere}
nav a {margin-right: .9em; color: inherit}
table {border-collapse: collapse; font-size: .87rem; margin: .5rem 0 1rem}
th, td {padding: .22rem .7rem; text-align: left; vertical-align: top;
 overflow-wrap: break-word; max-width: 26rem}
tbody tr {border-top: 1px solid var(--line)}
thead th {font-weight: 600} thead th.n {text-align: right} tbody th {font-weight: 400}
.pairs th {color: inherit; opacity: .75; white-space: nowrap}
td.n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.wide {overflow-x: auto}
.bar {display: inline-block; width: 9rem; height: .7rem; background: var(--soft)}
.bar i {display: block; height: 100%; background: var(--bar)}
.confusion td {background: rgba(42, 120, 214, var(--v));
 min-width: 2.2rem; text-align: center; border: 1px solid var(--line)}
.confusion td.dark {color: #fff}
.confusion.dense {font-size: .68rem}
.confusion.dense td, .confusion.dense th {padding: .1rem .25rem; min-width: 1rem}
.confusion.dense thead span {writing-mode: vertical-rl; max-height: 12rem;
 white-space: nowrap; overflow: hidden}
.row {display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start}
.row > div:not(.wide) {flex: 0 1 31rem}
figure {margin: .3rem 0} svg {max-width: 100%; height: auto}
.alarms {color: var(--warn); padding-left: 1.2rem}
pre {background: var(--soft); padding: .8rem 1rem; overflow-x: auto;
 font-size: .85rem; border-radius: 4px}
@media print {body {max-width: none}}
"""


def page(title: str, sections: Iterable[str]) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Of somebody else's choice.
    sections : iterable of str
        HTML.

    Returns
    -------
    str
        HTML that a browser shows without asking for anything.
    """
    name = escape(title)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{name}</h1>{''.join(sections)}</body></html>\n"
    )
