"""Tables out: to files, URLs and databases."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
from pyarrow import parquet

from windu.exceptions import TableError
from windu.io.atomic_write import atomic_write
from windu.io.cells import is_long, plain_value
from windu.io.databases import needs, place_of, write_query
from windu.io.frames import arrow_of_frame
from windu.io.tables import form_of, no_protocol, shown_path

__all__ = ["write_table"]


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
    # To map the Series itself would make floats of long integers first.
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
    # A Series that is mapped would make floats of long integers beside missing ones.
    for row in zip(*(map(plain_value, values) for values in columns), strict=True):
        line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False)
        file.write(f"{line}\n".encode())
