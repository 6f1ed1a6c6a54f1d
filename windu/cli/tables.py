"""What a run of a pipeline made, on a screen: with lines and colours, or plain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windu.pipeline import PipelineResult

__all__ = ["print_result"]

_COLORS = {"ran": "yellow", "cached": "blue", "kept": "green", "absent": "dim"}


def print_result(result: PipelineResult) -> None:
    """Print steps, scores and classes; plain where nobody looks."""
    if not sys.stdout.isatty():
        print(result)
        return
    from rich.console import Console

    console = Console(highlight=False)
    steps = result.steps.drop(columns="note")
    console.print(_table("step", steps.set_index("step")))
    for note in result.notes():
        console.print(note, markup=False)
    for table in result.tables():
        console.print(_table(str(table.columns.name or "score"), table))
    if result.run is not None:
        console.print(f"Stored as {result.run.reference}.", markup=False)


def _table(name: str, frame: Any) -> Any:
    """Return a frame as a table of rich's; nothing in it is markup."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    printed = Table(box=SIMPLE, show_edge=False)
    printed.add_column(Text(str(name)))
    for column, dtype in frame.dtypes.items():
        right = "right" if dtype.kind in "if" else "left"
        printed.add_column(Text(str(column)), justify=right)  # type: ignore[arg-type]
    for label, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        printed.add_row(Text(str(label)), *map(_cell, row))
    return printed


def _cell(value: Any) -> Any:
    from rich.text import Text

    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return Text(text, style=_COLORS.get(text, ""))
