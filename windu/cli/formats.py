"""Options that say how a table in a file is written."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["Decimal", "Encoding", "Format", "Separator", "Sheet", "table_source"]

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
