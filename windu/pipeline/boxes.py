"""Steps as boxes of HTML: state, seconds and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["steps_html"]

_STYLE = """<style>
.windu-steps {display: flex; flex-wrap: wrap; gap: .35em; font: 13px sans-serif}
.windu-steps > div {border: 1px solid #8888; border-radius: 6px; padding: .4em .6em;
 border-left: 5px solid var(--c); max-width: 18em; overflow-wrap: anywhere}
.windu-steps small {display: block; opacity: .8}
</style>"""
_COLORS = {"ran": "#d97706", "cached": "#2563eb", "kept": "#16a34a"}
_NONE = "#8888"


def steps_html(rows: Sequence[Mapping[Any, Any]]) -> str:
    """Return steps as a row of boxes.

    Parameters
    ----------
    rows : sequence of mapping
        ``step`` and ``state``, and where they ran ``seconds``, ``shapes``, ``note``.

    Returns
    -------
    str
        Escaped.
    """
    return f'{_STYLE}<div class="windu-steps">{"".join(map(_box, rows))}</div>'


def _box(row: Mapping[Any, Any]) -> str:
    state = str(row["state"])
    seconds = f", {row['seconds']:.2f} s" if "seconds" in row else ""
    lines = [state + seconds, row.get("shapes"), row.get("note")]
    small = "".join(f"<small>{escape(str(line))}</small>" for line in lines if line)
    color = _COLORS.get(state, _NONE)
    return f'<div style="--c: {color}">{escape(str(row["step"]))}{small}</div>'
