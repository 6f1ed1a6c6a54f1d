"""`windu predict` and `windu validate`: a stored run and a table in a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from windu.cli.runs import Where, load_any

__all__ = [
    "Decimal",
    "Encoding",
    "Format",
    "Separator",
    "Sheet",
    "predict",
    "table_source",
    "validate",
]

Separator = Annotated[
    str | None, typer.Option("--sep", help="What separates the cells of CSV.")
]
Decimal = Annotated[
    str | None, typer.Option(help="The decimal sign of numbers in CSV, such as ','.")
]
Encoding = Annotated[
    str | None, typer.Option(help="The encoding of the file, such as latin-1.")
]
Format = Annotated[
    str | None,
    typer.Option(help="csv, jsonl, parquet or excel, where the name does not say it."),
]
Sheet = Annotated[str | None, typer.Option(help="The sheet of an Excel file.")]


def table_source(
    table: str,
    sep: str | None,
    decimal: str | None,
    encoding: str | None,
    format: str | None,
    sheet: str | None,
) -> Any:
    """Return a table of the command line with how it is written.

    Parameters
    ----------
    table : str
        A path, a URL, or a table of a database.
    sep, decimal, encoding, format, sheet : str or None
        The options of the same names.

    Returns
    -------
    str or dict
        As `windu.predict_file` takes it.
    """
    signs = {"\\t": "\t", "tab": "\t"}
    options = {
        "sep": signs.get(sep or "", sep),
        "decimal": decimal,
        "encoding": encoding,
        "sheet_name": sheet,
    }
    options = {name: value for name, value in options.items() if value is not None}
    if not options and format is None:
        return table
    how: dict[str, Any] = {"path": table}
    if format is not None:
        how["format"] = format
    return how | ({"options": options} if options else {})


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
    """Return a progress bar, drawn only in a terminal."""
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
