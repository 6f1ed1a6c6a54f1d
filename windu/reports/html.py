"""Pieces of a page. Every text that comes from a run is escaped here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["bar", "listed", "note", "number", "pairs", "raw", "section", "table"]

#: Longer texts are cut: a name may be as long as a book.
_MAX_TEXT = 150
#: More rows than this are counted only.
MAX_ROWS = 300


class raw(str):
    """HTML that was made here, and is put in as it is."""

    __slots__ = ()


def text(value: Any) -> str:
    """Return anything as HTML; what is HTML already stays."""
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
    """Return a number with so many digits that mean something."""
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
