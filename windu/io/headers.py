"""Names of columns that stand twice, which pandas would rename without a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from windu.exceptions import TableError

__all__ = ["check_header", "check_names"]

#: What says where the names stand; all else is about the rows.
_READING_OPTIONS = ("sep", "encoding", "compression", "sheet_name")


def check_header(
    read: Callable[..., Any], file: Any, options: Mapping[str, Any], source: str
) -> None:
    """Raise if a name stands twice in the header of CSV or Excel.

    Parameters
    ----------
    read : callable
        `pandas.read_csv` or `pandas.read_excel`.
    file : binary file
        Read from its start, and set back.
    options : mapping
        With which it is read.
    source : str
        What the table is called in messages.

    Raises
    ------
    TableError
        With the names.
    """
    line = options.get("header", 0)
    if not isinstance(line, int):
        return
    reading = {
        name: options[name]
        for name in _READING_OPTIONS
        if options.get(name) is not None
    }
    first_line = read(file, header=None, skiprows=line, nrows=1, dtype="str", **reading)
    file.seek(0)
    if isinstance(first_line, pd.DataFrame) and len(first_line):
        check_names(first_line.iloc[0].dropna(), source)


def check_names(names: Iterable[Any], source: str) -> None:
    """Raise if a name stands twice."""
    index = pd.Index(names)
    if index.has_duplicates:
        twice = index[index.duplicated()].unique().tolist()
        raise TableError(
            f"{source} must have columns of different names. Got more than once: "
            f"{twice[:20]}. Rename them where the table is made."
        )
