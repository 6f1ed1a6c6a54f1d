"""Files of CSV: read as texts, whole or in batches, and then typed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from windu.exceptions import TableError, WinduWarning
from windu.io.cells import TrainedColumn, typed_cells

__all__ = [
    "as_list",
    "check_header",
    "check_names",
    "csv_batches",
    "read_csv_cells",
    "typed_csv",
]

#: Options about the header; the others are about the rows.
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


#: Separators other than a comma.
_SEPARATORS = (";", "\t", "|")
#: Passed on to pandas; all else is decided when cells are typed.
_PASSED = ("sep", "encoding", "usecols", "compression")


def read_csv_cells(
    file: Any, options: Mapping[str, Any], source: str, chunksize: int | None = None
) -> Any:
    """Return the cells of a file as the texts that they are.

    Parameters
    ----------
    file : binary file
        At its start.
    options : mapping
        How it is written: sep, encoding, usecols, compression.
    source : str
        What the table is called in messages.
    chunksize : int, default=None
        Rows that are read at a time.

    Returns
    -------
    pandas.DataFrame or iterator of DataFrame
        Columns of texts. The iterator is a context manager.

    Raises
    ------
    TableError
        If a name stands twice.
    """
    how = {name: options[name] for name in _PASSED if options.get(name) is not None}
    if "sep" not in how and (separator := _other_separator(file, how)) is not None:
        warnings.warn(
            f"{source} is read with the separator {separator!r}, since its first line "
            f"holds no comma outside of quotes. Pass sep={separator!r} to say so, and "
            "decimal=',' if its numbers have decimal commas.",
            WinduWarning,
            stacklevel=2,
        )
        how["sep"] = separator
    check_header(pd.read_csv, file, how, source)
    return pd.read_csv(
        file, dtype="str", keep_default_na=False, chunksize=chunksize, **how
    )


def _other_separator(file: Any, how: Mapping[str, Any]) -> str | None:
    """Return what separates the names in the first line, where no comma does."""
    names = {k: v for k, v in how.items() if k in ("encoding", "compression")}
    try:
        header = pd.read_csv(file, nrows=0, dtype="str", **names).columns
    except (ValueError, LookupError):
        # The reader raises the error.
        header = pd.Index([])
    file.seek(0)
    if len(header) != 1:
        return None
    counts = {sign: str(header[0]).count(sign) for sign in _SEPARATORS}
    separator = max(counts, key=lambda sign: counts[sign])
    return separator if counts[separator] else None


def csv_batches(
    file: Any,
    size: int,
    options: Mapping[str, Any],
    source: str,
    trained: Mapping[Any, TrainedColumn] | None,
) -> Iterator[pd.DataFrame]:
    """Yield the rows of a file, so many at a time, as `read_csv_cells` and `typed_csv`.

    Parameters
    ----------
    file : binary file
        At its start.
    size : int
        Rows of a batch, at most.
    options, where, trained
        As in `read_csv_cells` and `typed_csv`.

    Yields
    ------
    pandas.DataFrame
        At least one, without rows if the file has none.
    """
    n_batches = 0
    with read_csv_cells(file, options, source, chunksize=size) as reader:
        for cells in reader:
            n_batches += 1
            yield typed_csv(cells, options, trained)
    if not n_batches:
        file.seek(0)
        yield typed_csv(read_csv_cells(file, options, source), options, trained)


def typed_csv(
    cells: pd.DataFrame,
    options: Mapping[str, Any],
    trained: Mapping[Any, TrainedColumn] | None,
) -> pd.DataFrame:
    """Return the values of cells that `read_csv_cells` gave.

    Parameters
    ----------
    cells : pandas.DataFrame of shape (n_samples, n_columns)
        Columns of texts.
    options : mapping
        How they are written: decimal, thousands, na_values, dtype.
    trained : mapping of column name to TrainedColumn or None
        What training knew of the columns.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, n_columns)
        As from `windu.io.cells.typed_cells`.
    """
    missing, dtype = options.get("na_values"), options.get("dtype")
    if isinstance(missing, Mapping):
        cells = cells.copy(deep=False)
        for name in missing.keys() & set(cells.columns):
            gone = cells[name].isin(as_list(missing[name]))
            cells[name] = cells[name].where(~gone)
        missing = None
    # Columns with a dtype option are read as text first.
    dtypes: Any = dtype if isinstance(dtype, Mapping) else dict.fromkeys(cells, dtype)
    dtypes = {name: dtypes[name] for name in cells if dtypes.get(name) is not None}
    columns = {**(trained or {}), **dict.fromkeys(dtypes, TrainedColumn("text"))}
    frame = typed_cells(
        cells,
        columns,
        missing=as_list(missing),
        decimal=options.get("decimal") or ".",
        thousands=options.get("thousands"),
    )
    return frame.astype(dtypes) if dtypes else frame


def as_list(values: Any) -> list[str]:
    """Return one text or several as a list of texts."""
    if values is None:
        return []
    return [str(values)] if pd.api.types.is_scalar(values) else list(map(str, values))
