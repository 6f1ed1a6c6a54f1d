"""Tables in files, read and written batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from windu.exceptions import TableError, did_you_mean

__all__ = ["Batch", "TableWriter", "form_of", "read_batches"]

_FORMS = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet", ".pq": "parquet"}


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


def form_of(path: Path) -> str:
    """Return how a table is written, by the ending of its name.

    Parameters
    ----------
    path : pathlib.Path
        Need not exist.

    Returns
    -------
    {"csv", "parquet"}
        The form.

    Raises
    ------
    TableError
        For another ending.

    Examples
    --------
    >>> from pathlib import Path
    >>> from windu.pipeline.batches import form_of
    >>> form_of(Path("new.csv.gz"))
    'csv'
    """
    name = path.name.lower()
    for ending, form in _FORMS.items():
        if name.endswith(ending):
            return form
    raise TableError(
        f"The name of a table must end in one of {list(_FORMS)}. Got {path.name!r}."
        + did_you_mean(path.suffix, _FORMS)
    )


def read_batches(path: Path, size: int, texts: Collection[str] = ()) -> Iterator[Batch]:
    """Yield the rows of a table, so many at a time.

    Parameters
    ----------
    path : pathlib.Path
        CSV with names in the first line, or Parquet.
    size : int
        Rows of a batch, at most.
    texts : collection of str, default=()
        Columns of CSV that stay texts (``"007"``).

    Yields
    ------
    Batch
        At least one, which has no rows if the table has none.

    Raises
    ------
    TableError
        If the file is missing, or no table.
    """
    form = form_of(path)
    if not path.is_file():
        raise TableError(
            f"The table {str(path)!r} must exist. Got "
            f"{'a folder' if path.is_dir() else 'none'}. Check the path."
        )
    first = 0
    try:
        batches = _csv(path, size, texts) if form == "csv" else _parquet(path, size)
        for frame, done in batches:
            yield Batch(frame, first, done)
            first += len(frame)
    except (pa.ArrowException, pd.errors.ParserError, EOFError, OSError) as error:
        raise _unreadable(path, first, error) from error
    except (UnicodeDecodeError, pd.errors.EmptyDataError) as error:
        raise _unreadable(path, first, error) from error


def _unreadable(path: Path, first: int, error: Exception) -> TableError:
    return TableError(
        f"The table {str(path)!r} must be readable as {form_of(path)}. Got, behind row "
        f"{first}, {type(error).__name__}: {error}. Write it as UTF-8 with the names "
        "of the columns in the first line, or as Parquet."
    )


def _csv(
    path: Path, size: int, texts: Collection[str]
) -> Iterator[tuple[pd.DataFrame, float]]:
    n_bytes = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        packed: Any = "gzip" if path.name.lower().endswith(".gz") else None
        empty = True
        with pd.read_csv(
            file,
            dtype=dict.fromkeys(texts, "str"),
            chunksize=size,
            compression=packed,
        ) as reader:
            for frame in reader:
                empty = False
                yield frame, min(file.tell() / n_bytes, 1.0)
    if empty:
        yield pd.read_csv(path, dtype=dict.fromkeys(texts, "str")), 1.0


def _parquet(path: Path, size: int) -> Iterator[tuple[pd.DataFrame, float]]:
    with parquet.ParquetFile(path) as file:
        n_rows, n_read = max(file.metadata.num_rows, 1), 0
        for batch in file.iter_batches(size):
            n_read += batch.num_rows
            yield pa.Table.from_batches([batch]).to_pandas(), n_read / n_rows
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
            table = pa.Table.from_pandas(frame, preserve_index=False)
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
