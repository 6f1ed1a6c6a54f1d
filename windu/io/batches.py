"""Tables in files, written whole, and read and written batch by batch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import fsspec
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from windu.exceptions import TableError
from windu.io.atomic_write import atomic_write
from windu.io.cells import TrainedColumn, is_long, plain_value
from windu.io.csv import csv_batches
from windu.io.databases import is_database, needs, place_of, write_query
from windu.io.frames import arrow_of_frame, frame_of_arrow
from windu.io.tables import check_options, form_of, no_protocol, read_table, shown_path

__all__ = [
    "Batch",
    "TableWriter",
    "read_batches",
    "streamed_form",
    "table_writer",
    "write_table",
]


def write_table(frame: pd.DataFrame, place: str | Path | Mapping[str, Any]) -> None:
    """Write a table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table; its row labels are not written.
    place : str, pathlib.Path or mapping
        A path or URL, or ``{"sql": "table", "url": ...}``, also as
        ``"sqlite:///file.db#table"``. A file is written beside and then renamed; a
        table of a database is replaced.

    Raises
    ------
    TableError
        If it cannot be written.
    """
    place = place_of(place)
    if isinstance(place, Mapping) and "sql" in place:
        write_query(frame, place["sql"], place["url"])
        return
    path_given = place["path"] if isinstance(place, Mapping) else place
    path, form = os.fspath(path_given), form_of(os.fspath(path_given), None)
    if "://" in path:
        try:
            with fsspec.open(path, "wb", compression="infer") as file:
                _write(frame, file, form)
        except ImportError as error:
            raise no_protocol(path, error) from error
        except (OSError, ValueError) as error:
            raise TableError(
                f"The table {shown_path(path)!r} must be writable. Got "
                f"{type(error).__name__}."
            ) from error
        return
    with atomic_write(Path(path)) as folder:
        written = folder / Path(path).name
        with fsspec.open(str(written), "wb", compression="infer") as file:
            _write(frame, file, form)
        written.replace(path)


def _write(frame: pd.DataFrame, file: Any, form: str) -> None:
    if form == "csv":
        frame.to_csv(file, index=False)
    elif form == "jsonl":
        _write_json_lines(frame, file)
    elif form == "parquet":
        parquet.write_table(arrow_of_frame(frame), file)
    else:
        needs("openpyxl", "excel")
        columns = {i: _for_excel(frame.iloc[:, i]) for i in range(frame.shape[1])}
        cells = pd.DataFrame(columns, index=frame.index)
        cells.set_axis(frame.columns, axis=1).to_excel(file, index=False)


def _for_excel(values: pd.Series) -> pd.Series:
    """Return a column with what Excel cannot hold as texts."""
    zoned = isinstance(values.dtype, pd.DatetimeTZDtype)
    is_time = pd.api.types.is_timedelta64_dtype(values.dtype)
    cells = values.astype(object).tolist()
    # `Series.map` would turn long integers into floats first.
    if zoned or is_time or any(map(is_long, cells)):
        texts = [None if pd.isna(cell) else str(cell) for cell in cells]
        return pd.Series(texts, values.index, dtype=object)
    if any(isinstance(cell, Decimal) for cell in cells):
        numbers = [float(c) if isinstance(c, Decimal) else c for c in cells]
        return pd.Series(numbers, values.index, dtype=object)
    return values


def _write_json_lines(frame: pd.DataFrame, file: Any) -> None:
    """Write one object a row; pandas itself rounds numbers and cuts times."""
    names = [str(name) for name in frame.columns]
    columns = [frame.iloc[:, i].astype(object) for i in range(frame.shape[1])]
    # `Series.map` would turn long integers beside missing values into floats.
    for row in zip(*(map(plain_value, values) for values in columns), strict=True):
        line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        file.write(f"{line}\n".encode())


_UNREADABLE = (
    *(pa.ArrowException, pd.errors.ParserError, pd.errors.EmptyDataError),
    *(UnicodeDecodeError, EOFError, OSError),
)


class Batch(NamedTuple):
    """Some rows of a table.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows.
    first : int
        Position of the first of them in the file.
    done : float
        Share of the file that is read, from 0 to 1.
    """

    frame: pd.DataFrame
    first: int
    done: float


def streamed_form(place: Any) -> str | None:
    """Return "csv" or "parquet" for a file that is read and written in batches.

    Parameters
    ----------
    place : str, path or mapping
        As `windu.io.tables.read_table` takes it; need not exist.

    Returns
    -------
    str or None
        None for what is read or written whole.

    Raises
    ------
    TableError
        For a file with an ending that says nothing.

    Examples
    --------
    >>> from windu.io.batches import streamed_form
    >>> streamed_form("new.csv.gz"), streamed_form("s3://bucket/new.csv")
    ('csv', None)
    """
    return _streamed(place)[0]


def _streamed(place: Any) -> tuple[str | None, Path, Mapping[str, Any]]:
    """Return form, path and options of a file that is read in batches."""
    options: Mapping[str, Any] = {}
    form_given = None
    if isinstance(place, Mapping) and isinstance(place.get("path"), (str, os.PathLike)):
        options, form_given = place.get("options") or {}, place.get("format")
        place = place["path"]
    if not isinstance(place, (str, os.PathLike)) or is_database(place):
        return None, Path(), options
    path = os.fspath(place)
    form = form_of(path, form_given)
    is_read_whole = "://" in path or any(sign in path for sign in "*?[")
    streams = form in ("csv", "parquet") and not is_read_whole
    return form if streams else None, Path(path), options


def read_batches(
    source: Any, size: int, trained: Mapping[Any, TrainedColumn] | None = None
) -> Iterator[Batch]:
    """Yield the rows of a table in batches.

    Parameters
    ----------
    source : str, path or mapping
        As `windu.io.tables.read_table` takes it; CSV and Parquet on this machine are
        read batch by batch, others whole.
    size : int
        Rows of a batch, at most.
    trained : mapping of column name to TrainedColumn, default=None
        What training knew of the columns; each cell of CSV is then read alone, so
        that batches are equal to the whole.

    Yields
    ------
    Batch
        At least one, which has no rows if the table has none.

    Raises
    ------
    TableError
        If the file is missing, or no table, or two columns have one name.
    """
    form, path, options = _streamed(source)
    if form is None:
        yield from _whole_table(read_table(source, trained), size)
        return
    check_options(form, options)
    if not path.is_file():
        raise TableError(
            f"The table {str(path)!r} must exist. Got "
            f"{'a folder' if path.is_dir() else 'none'}. Check the path."
        )
    first = 0
    try:
        if form == "csv":
            batches = _csv(path, size, options, trained)
        else:
            batches = _parquet(path, size, options)
        for frame, done in batches:
            yield Batch(frame, first, done)
            first += len(frame)
    except _UNREADABLE as error:
        raise _unreadable(path, form, first, error) from error


def _whole_table(frame: pd.DataFrame, size: int) -> Iterator[Batch]:
    for first in range(0, len(frame), size):
        part = frame.iloc[first : first + size].reset_index(drop=True)
        yield Batch(part, first, min((first + size) / len(frame), 1.0))


def _unreadable(path: Path, form: str, first: int, error: Exception) -> TableError:
    return TableError(
        f"The table {str(path)!r} must be readable as {form}. Got, behind row "
        f"{first}, {type(error).__name__}: {error}. Write it as UTF-8 with the names "
        "of the columns in the first line, or as Parquet."
    )


def _csv(
    path: Path,
    size: int,
    options: Mapping[str, Any],
    trained: Mapping[Any, TrainedColumn] | None,
) -> Iterator[tuple[pd.DataFrame, float]]:
    n_bytes = max(path.stat().st_size, 1)
    packed = {"compression": "gzip"} if path.name.lower().endswith(".gz") else {}
    table_text = f"The table {str(path)!r}"
    with path.open("rb") as file:
        for frame in csv_batches(
            file, size, {**options, **packed}, table_text, trained
        ):
            yield frame, min(file.tell() / n_bytes, 1.0)


def _parquet(
    path: Path, size: int, options: Mapping[str, Any]
) -> Iterator[tuple[pd.DataFrame, float]]:
    with parquet.ParquetFile(path) as file:
        n_rows, n_read = max(file.metadata.num_rows, 1), 0
        for batch in file.iter_batches(size, columns=options.get("columns")):
            n_read += batch.num_rows
            yield frame_of_arrow(batch), n_read / n_rows
        if not n_read:
            yield file.schema_arrow.empty_table().to_pandas(), 1.0


class TableWriter:
    """Writes a table batch by batch; a context manager.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    form : {"csv", "parquet"}
        How it is written.
    packed : bool, default=False
        Whether CSV is compressed with gzip.
    """

    def __init__(self, path: Path, form: str, packed: bool = False):
        self.path = path
        self.form = form
        self.packed = packed
        self._parquet: parquet.ParquetWriter | None = None
        self._started = False

    def __enter__(self) -> Self:
        return self

    def write(self, frame: pd.DataFrame) -> None:
        """Add rows; each batch has the columns of the first."""
        if self.form == "csv":
            frame.to_csv(
                self.path,
                mode="a",
                index=False,
                header=not self._started,
                compression="gzip" if self.packed else None,
            )
        else:
            table = arrow_of_frame(frame)
            if self._parquet is None:
                self._parquet = parquet.ParquetWriter(self.path, table.schema)
            self._parquet.write_table(table.cast(self._parquet.schema))
        self._started = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._parquet is not None:
            self._parquet.close()


class WholeWriter:
    """Collects a table, which is written at its end."""

    def __init__(self) -> None:
        self.frames: list[pd.DataFrame] = []

    def write(self, frame: pd.DataFrame) -> None:
        """Add rows."""
        self.frames.append(frame)


@contextmanager
def table_writer(place: Any) -> Iterator[TableWriter | WholeWriter]:
    """Return a writer of batches; the file appears when it is complete.

    Parameters
    ----------
    place : str, path or mapping
        As `windu.io.tables.write_table` takes it.

    Yields
    ------
    TableWriter or WholeWriter
        With a method ``write``.
    """
    form = streamed_form(place)
    if form is None:
        whole_writer = WholeWriter()
        yield whole_writer
        write_table(pd.concat(whole_writer.frames, ignore_index=True), place)
        return
    _, path, _ = _streamed(place)
    with atomic_write(path) as folder:
        packed = path.name.lower().endswith(".gz")
        with TableWriter(folder / "table", form, packed) as writer:
            yield writer
        (folder / "table").replace(path)
