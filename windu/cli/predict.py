"""`windu predict`: a stored run and a table in a file to predictions in another."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

__all__ = ["predict"]

_TABLE = (
    "CSV, Parquet, JSON lines or Excel, a URL, or a table of a database: "
    "sqlite:///bank.db#customers."
)


def predict(
    run: Annotated[
        str, typer.Argument(help="A stored run, a file or folder, or a YAML file.")
    ],
    table: Annotated[str, typer.Argument(help=_TABLE)],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where predictions go; as the table.")
    ],
    metastore: Where = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to write as well; repeat it.")
    ] = None,
    probabilities: Annotated[
        bool, typer.Option(help="Whether to write probabilities.")
    ] = True,
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="A type or function you have reviewed; repeat it."),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Rows in memory at a time.")
    ] = 50_000,
    rejects: Annotated[
        str | None, typer.Option(help="Where rows go that do not fit the schema.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Where the validation report goes, as HTML.")
    ] = None,
    sep: Separator = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
    format: Format = None,
    sheet: Sheet = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Predict a table of any size, in batches; the output appears when it is whole."""
    from windu.pipeline import PredictionPipeline

    if Path(run).suffix in (".yaml", ".yml"):
        pipe = PredictionPipeline.from_yaml(Path(run), trusted=trusted or [])
        pipe.metastore = metastore or pipe.metastore
        pipe.keep = keep or pipe.keep
        pipe.probabilities = probabilities and pipe.probabilities
    else:
        estimator = load_any(run, metastore, trusted or [])
        pipe = PredictionPipeline(
            estimator, keep=keep or [], probabilities=probabilities
        )
    with _progress(quiet) as progress:
        n_rows = pipe.run(
            *(table_source(table, sep, decimal, encoding, format, sheet), output),
            rejects=rejects,
            report=report,
            batch_size=batch_size,
            progress=progress,
        )
    if not quiet:
        print(f"Wrote {n_rows} rows to {output}.")


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[float, int], None] | None]:
    """Give what draws a bar, where somebody can see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        *Progress.get_default_columns()[:2],
        TextColumn("{task.fields[rows]} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("Predicting", total=1.0, rows=0)
        yield lambda done, rows: bar.update(task, completed=done, rows=rows)
