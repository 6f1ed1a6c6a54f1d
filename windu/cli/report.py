"""`windu report`: a stored run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windu.cli.runs import DEFAULT, Where, is_path, open_any

__all__ = ["report"]


def report(
    run: Annotated[str, typer.Argument(help="A stored run, a file or a folder.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the page goes.")
    ] = Path("report.html"),
    metastore: Where = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Write a page about a run: scores, data, classes, calibration, importance."""
    from windu.reports import report_of

    place = None if is_path(run) else metastore or DEFAULT
    path = report_of(open_any(run, metastore), run, place).save(output)
    if not quiet:
        print(f"Wrote {path}.")
