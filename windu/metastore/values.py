"""The values that a step makes as files, and back: tables, arrays, fitted parts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from scipy import sparse

from windu.exceptions import PersistenceError
from windu.persistence.functions import bind, detach
from windu.persistence.objects import build, check_trusted, dump, types_in
from windu.schema.columns import TableSchema

__all__ = ["from_files", "to_files"]

_INDEX = "values.json"
_OBJECTS = b"windu.objects"


def to_files(values: Mapping[str, Any]) -> dict[str, bytes]:
    """Return values as files.

    Parameters
    ----------
    values : mapping of str to object
        Frames, arrays, sparse matrices, plain data, schemas, fitted parts.

    Returns
    -------
    dict of str to bytes
        By name of the file.

    Raises
    ------
    PersistenceError
        For a value that would not come back as it is.

    Examples
    --------
    >>> from windu.metastore.values import from_files, to_files
    >>> files = to_files({"names": ["a", "b"], "n": 3})
    >>> from_files(files.__getitem__, "here")
    {'names': ['a', 'b'], 'n': 3}
    """
    files: dict[str, bytes] = {}
    index: dict[str, list[Any]] = {}
    for name, value in values.items():
        kind, content = _form(name, value, files)
        index[name] = [kind, content]
    files[_INDEX] = json.dumps(index).encode()
    return files


def from_files(
    read: Callable[[str], bytes], source: str, *, trusted: Collection[str] = ()
) -> dict[str, Any]:
    """Return the values that `to_files` wrote.

    Parameters
    ----------
    read : callable
        Returns the bytes of a file, which are verified.
    source : str
        What the files are called in messages.
    trusted : collection of str, default=()
        Full names of types and functions of a user's own.

    Returns
    -------
    dict of str to object
        By name.

    Raises
    ------
    UntrustedTypesError
        If there are other types.
    """
    values = {}
    for name, (kind, content) in json.loads(read(_INDEX)).items():
        values[name] = (
            content if kind == "plain" else _READ[kind](read, content, source, trusted)
        )
    return values


def _form(name: str, value: Any, files: dict[str, bytes]) -> tuple[str, Any]:
    """Return the kind of a value, and the value or the name of its file."""
    if isinstance(value, pd.DataFrame):
        kind, file = "frame", f"{name}.parquet"
        data = _frame_bytes(value)
    elif isinstance(value, TableSchema):
        kind, file, data = "schema", f"{name}.json", value.to_json().encode()
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        kind, file, buffer = "array", f"{name}.npy", io.BytesIO()
        np.save(buffer, value, allow_pickle=False)
        data = buffer.getvalue()
    elif _is_plain(value):
        return "plain", value
    else:
        kind, file = "object", f"{name}.skops"
        if isinstance(value, (sparse.csr_array, sparse.csc_array)):
            # What skops knows as matrices.
            kind = f"{value.format}_array"
            value = getattr(sparse, f"{value.format}_matrix")(value)

        def store(suffix: str, data: bytes) -> str:
            extra = f"{name}.{len(files)}{suffix}"
            files[extra] = data
            return extra

        data = dump(detach(value), store)
    files[file] = data
    return kind, file


def _is_plain(value: Any) -> bool:
    try:
        return _same(json.loads(json.dumps(value)), value)
    except (TypeError, ValueError):
        return False


def _same(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(
            _same(first[k], second[k]) for k in first
        )
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second or (first != first and second != second)


def _frame_bytes(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        gaps = {
            position: _gap(frame.iloc[:, position])
            for position, dtype in enumerate(frame.dtypes)
            if dtype == object
        }
        table = pa.Table.from_pandas(frame)
        metadata = {
            **(table.schema.metadata or {}),
            _OBJECTS: json.dumps(gaps).encode(),
        }
        parquet.write_table(
            table.replace_schema_metadata(metadata), buffer, compression="zstd"
        )
        reread = _frame(lambda _: buffer.getvalue(), "", "", ())
        pd.testing.assert_frame_equal(reread, frame, check_exact=True, check_freq=False)
    except (pa.ArrowException, AssertionError, TypeError, ValueError) as error:
        raise PersistenceError(
            "A table must come back from Parquet as it was. Got "
            f"{type(error).__name__}: {str(error)[:200]}. Use columns of one type each."
        ) from error
    return buffer.getvalue()


def _gap(column: pd.Series) -> str:
    """Return what stands for a missing value in a column of objects."""
    missing = {repr(value) for value in column[column.isna()]}
    if len(missing) > 1 or not missing <= {"nan", "None"}:
        raise TypeError(f"{column.name!r} has missing values of the kinds {missing}")
    return missing.pop() if missing else "nan"


def _frame(read: Any, file: str, source: str, trusted: Any) -> pd.DataFrame:
    table = parquet.read_table(pa.BufferReader(read(file)))
    frame = table.to_pandas()
    # Texts come back as texts, also those that were objects.
    for position, gap in json.loads(table.schema.metadata[_OBJECTS]).items():
        column = frame.iloc[:, int(position)]
        values = column.to_numpy(dtype=object, copy=True)
        values[column.isna().to_numpy()] = None if gap == "None" else np.nan
        frame.isetitem(int(position), pd.Series(values, frame.index, dtype=object))
    return frame


def _array(read: Any, file: str, source: str, trusted: Any) -> np.ndarray:
    return np.load(io.BytesIO(read(file)), allow_pickle=False)


def _schema(read: Any, file: str, source: str, trusted: Any) -> TableSchema:
    return TableSchema.from_json(read(file).decode())


def _object(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    data = read(file)
    types = types_in(data, source)
    check_trusted(types, trusted, source)
    return bind(build(data, types, trusted, source, read), trusted, {})


def _csr(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    return sparse.csr_array(_object(read, file, source, trusted))


def _csc(read: Any, file: str, source: str, trusted: Collection[str]) -> Any:
    return sparse.csc_array(_object(read, file, source, trusted))


_READ = {
    "csr_array": _csr,
    "csc_array": _csc,
    "frame": _frame,
    "schema": _schema,
    "array": _array,
    "object": _object,
}
