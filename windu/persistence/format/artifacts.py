"""An estimator and its example to the artifacts of a run, and back."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet
from pydantic import ValidationError

from windu.estimator import WinduEstimator
from windu.exceptions import IntegrityError, SchemaError
from windu.io.cells import plain_values
from windu.persistence.flavors import opaque_in
from windu.persistence.format.runs import Run
from windu.persistence.objects import build, check_trusted, dump, types_in
from windu.schema.columns import TableSchema
from windu.schema.inference import unpack_frame
from windu.steps import PARTS

__all__ = [
    "MAX_ROWS",
    "from_parquet",
    "is_split",
    "read_schema",
    "restored",
    "split",
    "to_parquet",
]

#: Largest number of rows of an example.
MAX_ROWS = 10_000
_KEY = b"windu"
#: Errors of reading bytes that are not a table of windu.
_UNREADABLE = (
    *(pa.ArrowException, KeyError, TypeError, ValueError, OSError),
    # An impossible date.
    OverflowError,
)


def to_parquet(example: str) -> bytes:
    """Return an example as a Parquet file.

    Parameters
    ----------
    example : str
        As `windu.schema.inference.pack_frame` gives it.

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
    # Dictionaries and statistics would make a small table larger.
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
        For `windu.schema.inference.unpack_frame`.

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
    """Return the values as an Arrow array, or None if that would change them."""
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
    return fields | {"values": plain_values(values)}


_SCHEMAS = {
    "_table_schema": "schema.json",
    "_feature_table_schema": "feature_schema.json",
}


def is_split(estimator: Any) -> bool:
    """Tell whether an object is a fitted estimator, which is stored part by part."""
    return isinstance(estimator, WinduEstimator) and hasattr(estimator, "model_")


def split(estimator: Any) -> dict[str, bytes]:
    """Return the artifacts of an estimator, by name.

    Parameters
    ----------
    estimator : object
        Without functions of a user's own.

    Returns
    -------
    dict of str to bytes
        One artifact a part of a fitted `WinduEstimator`; for anything else one
        ``object.skops``.

    Raises
    ------
    PersistenceError
        If a part cannot be stored.
    """
    artifacts: dict[str, bytes] = {}
    if not is_split(estimator):
        return _dumped("object", estimator, artifacts)
    shell = copy.copy(estimator)
    state = vars(shell)
    for attribute, name in _SCHEMAS.items():
        artifacts[name] = state.pop(attribute).to_json().encode()
    artifacts["columns.json"] = json.dumps(
        {"names": estimator._table_schema.names, "named": state.pop("_named")}
    ).encode()
    state.pop("feature_names_in_", None)
    artifacts["example.parquet"] = to_parquet(state.pop("_example"))
    for part in PARTS:
        obj = state.pop(f"{part}_")
        if obj is not None:
            _dumped(part, obj, artifacts)
    return _dumped("estimator", shell, artifacts)


def _dumped(name: str, obj: Any, artifacts: dict[str, bytes]) -> dict[str, bytes]:
    def store(suffix: str, data: bytes) -> str:
        number = sum(key.startswith(f"{name}.") for key in artifacts)
        file = f"{name}.{number}{suffix}"
        artifacts[file] = data
        return file

    data = dump(obj, store)
    artifacts[f"{name}.skops"] = data
    return artifacts


def restored(run: Run, trusted: Collection[str]) -> Any:
    """Return the object of a run; references stand for a user's functions.

    Parameters
    ----------
    run : Run
        As opened.
    trusted : collection of str
        Full names of types that the caller has reviewed.

    Returns
    -------
    object
        Nothing is built before every type of every part is known to be trusted.

    Raises
    ------
    UntrustedTypesError
        If there are other types.
    IntegrityError
        If an artifact is none.
    """
    if "object.skops" in run.manifest.artifacts:
        return built(run, ["object"], trusted)["object"]
    names = [part for part in PARTS if f"{part}.skops" in run.manifest.artifacts]
    parts = built(run, ["estimator", *names], trusted)
    estimator = parts["estimator"]
    if not isinstance(estimator, WinduEstimator):
        raise IntegrityError(
            f"{run.called('estimator.skops')} must be a WinduEstimator. Got "
            f"{type(estimator).__name__}."
        )
    schemas = {name: read_schema(run, file) for name, file in _SCHEMAS.items()}
    columns = read_json(run, "columns.json")
    names_in = schemas["_table_schema"].names
    if columns.get("names") != names_in or "named" not in columns:
        raise IntegrityError(f"{run.where} must name the same columns twice.")
    named = bool(columns["named"])
    example = from_parquet(run.read("example.parquet"), run.called("example.parquet"))
    fitted = {f"{part}_": parts.get(part) for part in PARTS}
    estimator.__dict__.update(fitted, **schemas, _named=named, _example=example)
    if named and all(isinstance(name, str) for name in names_in):
        estimator.feature_names_in_ = np.array(names_in, dtype=object)
    return estimator


def built(run: Run, names: list[str], trusted: Collection[str]) -> dict[str, Any]:
    """Return objects of a run, by name; all are audited before the first is built."""
    data = {name: run.read(f"{name}.skops") for name in names}
    types = {name: types_in(data[name], run.called(f"{name}.skops")) for name in names}
    check_trusted(
        {type_name for types_of_part in types.values() for type_name in types_of_part},
        trusted,
        run.where,
    )
    if run.signed:
        # Files that windu cannot inspect are trusted if they are signed.
        files = {name: run.read(name) for name in run.manifest.artifacts}
        trusted = {*trusted, *opaque_in(files)}
    return {
        name: build(
            data[name], types[name], trusted, run.called(f"{name}.skops"), run.read
        )
        for name in names
    }


def read_schema(run: Run, name: str) -> TableSchema:
    """Return the schema that an artifact holds."""
    try:
        return TableSchema.from_json(run.read(name).decode())
    except (ValidationError, UnicodeDecodeError, SchemaError) as error:
        raise IntegrityError(
            f"{run.called(name)} must be a schema that windu wrote. Got: {error}."
        ) from error


def read_json(run: Run, name: str) -> dict[str, Any]:
    """Return the object that a JSON artifact holds."""
    try:
        content = json.loads(run.read(name))
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{run.called(name)} must be JSON: {error}.") from error
    if not isinstance(content, dict):
        raise IntegrityError(f"{run.called(name)} must hold a JSON object.")
    return content
