"""The example batch as Parquet, which other tools read, and back without a loss."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from windu.exceptions import IntegrityError
from windu.io.cells import plain_value
from windu.schema.example import unpack_frame

__all__ = ["MAX_ROWS", "from_parquet", "to_parquet"]

#: An example is small; a file that says otherwise is none.
MAX_ROWS = 10_000
_KEY = b"windu"
#: What reading bytes that are no table of windu's may raise.
_UNREADABLE = (
    *(pa.ArrowException, KeyError, TypeError, ValueError, OSError),
    # A date that no calendar has.
    OverflowError,
)


def to_parquet(example: str) -> bytes:
    """Return an example as a Parquet file.

    Parameters
    ----------
    example : str
        As `windu.schema.example.pack_frame` gives it.

    Returns
    -------
    bytes
        Column names are texts. A column that Parquet has no type for, such as numbers
        among texts, holds each value as JSON.
    """
    columns = json.loads(example)
    frame = unpack_frame(example)
    arrays, fields, notes = [], [], []
    for position, column in enumerate(columns):
        array = _array(frame.iloc[:, position], column)
        as_json = array is None
        if array is None:
            array = pa.array([json.dumps(value) for value in column["values"]])
        arrays.append(array)
        fields.append(pa.field(str(column["name"]), array.type))
        note = {key: value for key, value in column.items() if key != "values"}
        notes.append(note | {"json": as_json})
    schema = pa.schema(fields, metadata={_KEY: json.dumps(notes).encode()})
    buffer = BytesIO()
    table = pa.Table.from_arrays(arrays, schema=schema)
    # What speeds up large tables is larger than a small one.
    parquet.write_table(table, buffer, use_dictionary=False, write_statistics=False)
    return buffer.getvalue()


def from_parquet(data: bytes, source: str) -> str:
    """Return the example that a Parquet file holds.

    Parameters
    ----------
    data : bytes
        As `to_parquet` gives it.
    source : str
        What it is called in messages.

    Returns
    -------
    str
        For `windu.schema.example.unpack_frame`.

    Raises
    ------
    IntegrityError
        If it is none.
    """
    try:
        file = parquet.ParquetFile(BytesIO(data))
        if file.metadata.num_rows > MAX_ROWS:
            raise ValueError(f"it has {file.metadata.num_rows} rows")
        table = file.read()
        notes = json.loads(table.schema.metadata[_KEY])
        columns = [
            _column(note, array)
            for note, array in zip(notes, table.columns, strict=True)
        ]
    except _UNREADABLE as error:
        raise IntegrityError(
            f"{source} must be a table that windu wrote. Got another: "
            f"{type(error).__name__}: {error}. Get a whole copy."
        ) from error
    return json.dumps(columns)


def _array(values: pd.Series, column: dict[str, Any]) -> pa.Array | None:
    """Return the values in a type of Arrow's that keeps them as they are."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return None
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    note = {key: value for key, value in column.items() if key != "values"}
    try:
        same = json.dumps(_column(note | {"json": False}, array)) == json.dumps(column)
    except (TypeError, ValueError):
        return None
    return array if same else None


def _column(note: dict[str, Any], array: Any) -> dict[str, Any]:
    values = array.to_pylist()
    fields = {key: value for key, value in note.items() if key != "json"}
    if note["json"]:
        return fields | {"values": [json.loads(value) for value in values]}
    return fields | {"values": [plain_value(value) for value in values]}
