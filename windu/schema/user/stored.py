"""A user's pandera schema in windu's own closed JSON, and rebuilt from it.

pandera's YAML and JSON lose levels and options, and drop a misspelt check silently.
Here every key, check and dtype is one of a list, and what is written comes back equal.
"""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa
from pydantic import BaseModel

from windu.exceptions import PersistenceError
from windu.schema.user.checks import decode_check, encode_check
from windu.schema.user.dtypes import decode_dtype, encode_dtype
from windu.schema.user.models import Stored, StoredColumn, StoredIndex
from windu.schema.user.patterns import check_pattern
from windu.schema.user.values import decode_value, encode_value, reason_of

__all__ = ["StoredSchema", "from_json", "to_json"]

#: No stored schema has more characters.
MAX_JSON = 32_000_000

#: Fields that stand in the JSON as pandera has them.
_PLAIN: dict[type[BaseModel], list[str]] = {
    model: [
        name
        for name in model.model_fields
        if name not in ("format", "columns", "index", "checks", "dtype", "default")
    ]
    for model in (Stored, StoredColumn, StoredIndex)
}
_OUT = (
    "Use pandera's built-in checks and plain values; or call "
    "est.set_params(schema='infer') before save, which keeps kinds and tolerances, and "
    "est.set_params(schema=...) after load."
)


def to_json(schema: Any) -> str:
    """Return a pandera schema as JSON text.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Not changed.

    Returns
    -------
    str
        For `from_json`.

    Raises
    ------
    PersistenceError
        For what cannot be written exactly, with the column and the check.
    """
    at = "the schema"
    try:
        _check_type(schema, pa.DataFrameSchema)
        fields = _fields(schema, Stored) | {"format": 1, "columns": []}
        for key, column in schema.columns.items():
            at = f"the column {key!r}"
            _check_type(column, pa.Column)
            fields["columns"].append(_fields(column, StoredColumn) | {"name": key})
        if schema.index is not None:
            at = "the index"
            _check_type(schema.index, pa.Index)
            fields["index"] = _fields(schema.index, StoredIndex)
        at = "the schema"
        text = Stored.model_validate(fields).model_dump_json(exclude_defaults=True)
        _check_same(schema, _decode(Stored.model_validate_json(text)))
    except ValueError as error:
        raise PersistenceError(
            "A schema of your own must be plain data to be saved. Got, in "
            f"{at}, {reason_of(error)}. {_OUT}"
        ) from error
    if len(text) > MAX_JSON:
        raise PersistenceError(
            f"A schema to be saved must be shorter than {MAX_JSON} characters of JSON. "
            f"Got {len(text)}. {_OUT}"
        )
    return text


def from_json(text: Any) -> pa.DataFrameSchema:
    """Return the pandera schema that a JSON text describes.

    Everything is validated before anything is built.

    Parameters
    ----------
    text : str
        From `to_json`.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        A new one.

    Raises
    ------
    PersistenceError
        For unknown keys, checks and dtypes, and for values that are too long.
    """
    try:
        if not isinstance(text, str) or len(text) > MAX_JSON:
            raise ValueError("no text, or one that is too long")
        return _decode(Stored.model_validate_json(text))
    except ValueError as error:
        raise PersistenceError(
            f"A stored schema must be one that windu wrote. Got {reason_of(error)}. "
            "The file was damaged or edited, or is newer than this windu. Get a whole "
            "copy."
        ) from error


def _fields(part: Any, model: type[BaseModel]) -> dict[str, Any]:
    """Return a schema, column or index as the fields of a model."""
    for key, value in vars(part).items():
        # Parsers are code; others may come with newer versions of pandera.
        if value and key.lstrip("_") not in model.model_fields:
            raise ValueError(f"{key}={value!r}")
    fields: dict[str, Any] = {name: getattr(part, name, None) for name in _PLAIN[model]}
    if part.dtype is not None:
        fields["dtype"] = encode_dtype(part.dtype)
    fields["checks"] = [encode_check(check) for check in part.checks]
    if getattr(part, "default", None) is not None:
        fields["default"] = encode_value(part.default)
    return fields


def _check_same(schema: Any, again: Any) -> None:
    """Raise if JSON changed something, as it does with NaN in metadata."""
    pairs: list[tuple[Any, Any, type[BaseModel]]]
    pairs = [(schema, again, Stored), (schema.index, again.index, StoredIndex)]
    pairs += [
        (column, again.columns[name], StoredColumn)
        for name, column in schema.columns.items()
    ]
    for one, other, model in pairs:
        for name in () if one is None else ("dtype", *_PLAIN[model]):
            if getattr(one, name, None) != getattr(other, name, None):
                raise ValueError(f"{name}={getattr(one, name)!r} of {one.name!r}")


def _decode(stored: Stored) -> pa.DataFrameSchema:
    columns = {}
    for column in stored.columns:
        if column.name in columns:
            raise ValueError(f"the column {column.name!r} twice")
        if column.regex:
            check_pattern(str(column.name))
        columns[column.name] = pa.Column(**_arguments(column))
    index = None if stored.index is None else pa.Index(**_arguments(stored.index))
    return pa.DataFrameSchema(columns, index=index, **_arguments(stored))


def _arguments(stored: Any) -> dict[str, Any]:
    """Return the arguments of pandera's constructor."""
    given = {name: getattr(stored, name) for name in _PLAIN[type(stored)]}
    # Older versions of pandera have not every argument.
    for name in ("on_missing", "on_missing_columns"):
        if given.get(name, "") is None:
            del given[name]
    given["dtype"] = None if stored.dtype is None else decode_dtype(stored.dtype)
    given["checks"] = [decode_check(check) for check in stored.checks]
    if hasattr(stored, "default"):
        given["default"] = decode_value(stored.default)
    return given


def _check_type(part: Any, known: type) -> None:
    if type(part) is not known:
        raise ValueError(f"a {type(part).__name__}, which is no {known.__name__}")


class StoredSchema:
    """A user's schema inside a stored estimator: its state is one JSON text.

    Parameters
    ----------
    json : str
        From `to_json`.
    """

    def __init__(self, json: str):
        self.json = json

    def __getstate__(self) -> dict[str, str]:
        return {"json": self.json}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.json = state["json"]
