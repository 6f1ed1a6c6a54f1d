"""`windu validate`: how a table differs from that of training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from windu.cli.formats import (
    Decimal,
    Encoding,
    Format,
    Separator,
    Sheet,
    table_source,
)
from windu.cli.runs import Where, load_any

__all__ = ["validate"]


def validate(
    run: Annotated[str, typer.Argument(help="A file or folder, or a stored run.")],
    table: Annotated[str, typer.Argument(help="As for windu predict.")],
    metastore: Where = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as a page as well.")
    ] = None,
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="A type or function you have reviewed; repeat it."),
    ] = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    format: Format = None,
    sheet: Sheet = None,
) -> None:
    """List every difference of a table from that of training. 4 if predict refuses."""
    import pandas as pd

    from windu.cli.exit_codes import TABLE
    from windu.pipeline import read_table

    estimator = load_any(run, metastore, trusted or [])
    source = table_source(table, sep, decimal, encoding, format, sheet)
    report = estimator.validate(read_table(estimator, source))
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(report)
    if html is not None:
        html.write_text(report._repr_html_(), encoding="utf-8")
    if not report.ok:
        sys.exit(TABLE)
