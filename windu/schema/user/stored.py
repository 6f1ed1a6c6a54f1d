"""A user's pandera schema in windu's own closed JSON, and rebuilt from it.

pandera's YAML and JSON lose levels and options, and drop a misspelt check silently.
Here every key, check and dtype is one of a list, and what is written comes back equal.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from typing import Annotated, Any, Literal

import pandera.pandas as pa
from pandera.api.function_dispatch import Dispatcher
from pydantic import AfterValidator, Field, JsonValue, ValidationError

from windu.exceptions import PersistenceError
from windu.schema.user.values import (
    Closed,
    Dtype,
    Scalar,
    Text,
    Values,
    check_pattern,
    encode_dtype,
    encode_scalar,
    encode_values,
)

__all__ = [
    "BUILT_IN",
    "Check",
    "StoredSchema",
    "check_name",
    "encode_check",
    "from_json",
    "is_schema",
    "reference_of",
    "to_json",
]

BUILT_IN = (
    *("equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to"),
    *("less_than", "less_than_or_equal_to", "in_range", "isin", "notin"),
    *("str_matches", "str_contains", "str_startswith", "str_endswith", "str_length"),
    "unique_values_eq",
)


class _Statistics(Closed):
    """What built-in checks are told; which of them, pandera knows."""

    value: Scalar = None
    min_value: Scalar = None
    max_value: Scalar = None
    exact_value: int | None = None
    include_min: bool | None = None
    include_max: bool | None = None
    allowed_values: Values | None = None
    forbidden_values: Values | None = None
    values: Values | None = None
    string: Text | None = None
    pattern: Annotated[Text, AfterValidator(check_pattern)] | None = None


class _Options(Closed):
    """What every check is told."""

    name: Text | None = None
    error: Text | None = None
    title: Text | None = None
    description: Text | None = None
    ignore_na: bool = True
    raise_warning: bool = False
    n_failure_cases: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class _Stored(_Options):
    check: Literal[BUILT_IN]  # type: ignore[valid-type]
    statistics: _Statistics


def _decode(stored: _Stored) -> Any:
    options = {name: getattr(stored, name) for name in _Options.model_fields}
    statistics = {k: v for k, v in stored.statistics if v is not None}
    try:
        check = getattr(pa.Check, stored.check)(**statistics, **options)
    except TypeError as error:
        raise ValueError(f"the check {stored.check}: {error}") from error
    if not set(statistics) <= set(check.statistics):
        raise ValueError(f"the check {stored.check} with {sorted(statistics)}")
    return check


#: A check of pandera, validated and made in one.
Check = Annotated[_Stored, AfterValidator(_decode)]


def check_name(check: Any) -> str | None:
    """Return the name of a built-in check, None for a user's own.

    Parameters
    ----------
    check : pandera.Check or Hypothesis
        From a schema.
    """
    function = getattr(check, "_check_fn", None)
    if type(check) is not pa.Check or not isinstance(function, Dispatcher):
        return None
    name = str(function.__name__)
    return name if name in BUILT_IN else None


def encode_check(check: Any) -> dict[str, Any]:
    """Return a check as JSON holds it, for `Check`.

    Parameters
    ----------
    check : pandera.Check
        From a schema.

    Returns
    -------
    dict
        Plain data.

    Raises
    ------
    ValueError
        For a user's own check, and for what would not come back equal.
    """
    shown = f"the check {getattr(check, 'name', check)!r}"
    name = check_name(check)
    if name is None:
        raise ValueError(f"{shown}, which is code")
    options = {key: getattr(check, key) for key in _Options.model_fields}
    fresh = pa.Check.equal_to(0)
    for key, value in vars(check).items():
        ours = key in options or key.startswith(("_check", "statistics"))
        if not ours and value != vars(fresh).get(key):
            raise ValueError(f"{shown} with {key}={value!r}")
    try:
        statistics = {
            key: (encode_values if key.endswith("values") else encode_scalar)(value)
            for key, value in check.statistics.items()
            if value is not None
        }
    except ValueError as error:
        raise ValueError(f"{shown} with {error}") from error
    return {"check": name, "statistics": statistics} | options


#: No stored schema has more characters.
MAX_JSON = 32_000_000

#: Modules that no other process can import.
_PROGRAMS = {"main", "mp_main"}

_OUT = (
    "Use pandera's built-in checks and plain values; define the schema in a module (a "
    "file schemas.py), of which a reference is stored; or call "
    "est.set_params(schema='infer') before save, which keeps kinds and tolerances, and "
    "est.set_params(schema=...) after load."
)

_Label = Text | Annotated[int, Field(ge=-(2**63), lt=2**63)]


class _Part(Closed):
    """What schemas, columns and indexes have in common."""

    name: _Label | None = None
    dtype: Dtype | None = None
    checks: Annotated[list[Check], Field(max_length=100)] = []
    coerce: bool = False
    report_duplicates: Literal["all", "exclude_first", "exclude_last"] = "all"
    title: Text | None = None
    description: Text | None = None
    metadata: dict[Text, JsonValue] | None = None


class _Index(_Part):
    nullable: bool = False
    unique: bool = False
    default: Scalar = None


class _Column(_Index):
    name: _Label
    required: bool = True
    regex: bool = False
    on_missing: Literal["warn"] | None = None


def _decode_column(stored: _Column) -> Any:
    if stored.regex:
        check_pattern(str(stored.name))
    return pa.Column(**_arguments(stored))


class _Schema(_Part):
    format: Literal[1]
    columns: Annotated[
        list[Annotated[_Column, AfterValidator(_decode_column)]],
        Field(max_length=100_000),
    ]
    index: _Index | None = None
    strict: bool | Literal["filter"] = False
    ordered: bool = False
    unique: list[_Label | list[_Label]] | None = None
    unique_column_names: bool = False
    add_missing_columns: bool = False
    on_missing_columns: Literal["warn"] | None = None


def _arguments(stored: _Part) -> dict[str, Any]:
    """Return the arguments of pandera's constructor; what is None is so by default."""
    return {key: value for key, value in stored if value is not None}


_ENCODERS = {
    "dtype": encode_dtype,
    "default": encode_scalar,
    "checks": lambda checks: [encode_check(check) for check in checks],
}


def _encode(part: Any, model: type[_Part], model_known: type, **fields: Any) -> Any:
    """Return a schema, column or index as plain data: what is not the default."""
    if type(part) is not model_known:
        raise ValueError(f"a {type(part).__name__}, which is no {model_known.__name__}")
    for key, value in vars(part).items():
        # Parsers are code; others may come with newer versions of pandera.
        if value and key.lstrip("_") not in model.model_fields:
            raise ValueError(f"{key}={value!r}")
    for key, field in model.model_fields.items():
        value = getattr(part, key, None)
        if key in ("columns", "index") or value is None or value == field.default:
            continue
        if encode := _ENCODERS.get(key):
            fields[key] = encode(value)
        elif _is_plain(value):
            fields[key] = value
        else:
            raise ValueError(f"{key}={value!r}")
    model.model_validate_json(json.dumps(fields))
    return fields


def _is_plain(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


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
        fields = _encode(schema, _Schema, pa.DataFrameSchema, format=1, columns=[])
        for name, column in schema.columns.items():
            at = f"the column {name!r}"
            fields["columns"].append(_encode(column, _Column, pa.Column))
        if schema.index is not None:
            at = "the index"
            fields["index"] = _encode(schema.index, _Index, pa.Index)
    except ValueError as error:
        raise PersistenceError(
            "A schema of your own must be plain data to be saved. Got, in "
            f"{at}, {_reason(error)}. {_OUT}"
        ) from error
    text = json.dumps(fields, separators=(",", ":"))
    if len(text) > MAX_JSON:
        raise PersistenceError(
            f"A schema to be saved must be shorter than {MAX_JSON} characters of JSON. "
            f"Got {len(text)}. {_OUT}"
        )
    return text


def is_schema(value: Any) -> bool:
    """Tell a pandera schema or a model class of one."""
    if isinstance(value, type):
        return issubclass(value, pa.DataFrameModel)
    return isinstance(value, pa.DataFrameSchema)


def reference_of(schema: Any) -> str | None:
    """Return where another process finds a schema.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema or DataFrameModel class
        Given by a user.

    Returns
    -------
    str or None
        ``module.name``; None where no module but ``__main__`` has it by a name.
    """
    places: list[tuple[Any, str]]
    if isinstance(schema, type):
        places = [(sys.modules.get(schema.__module__), schema.__qualname__)]
    else:
        places = [
            (module, name)
            for module in list(sys.modules.values())
            for name, value in list(getattr(module, "__dict__", {}).items())
            if value is schema
        ]
        # Where it is made, before where it is imported.
        places.sort(key=lambda place: not _makes(*place))
    for module, name in places:
        importable = getattr(module, "__name__", "__main__").strip("_") not in _PROGRAMS
        if importable and getattr(module, name, None) is schema:
            return f"{module.__name__}.{name}"
    return None


def _makes(module: Any, name: str) -> bool:
    try:
        source = inspect.getsource(module)
    except (OSError, TypeError):
        return False
    return re.search(rf"^{re.escape(name)}\s*[:=]", source, re.MULTILINE) is not None


def from_json(text: Any) -> pa.DataFrameSchema:
    """Return the pandera schema that a JSON text describes.

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
        fields = _arguments(_Schema.model_validate_json(text))
        columns = {column.name: column for column in fields["columns"]}
        if len(columns) < len(fields["columns"]):
            raise ValueError("a column twice")
        if index := fields.get("index"):
            fields["index"] = pa.Index(**_arguments(index))
        del fields["format"]
        return pa.DataFrameSchema(**fields | {"columns": columns})
    except ValueError as error:
        raise PersistenceError(
            f"A stored schema must be one that windu wrote. Got {_reason(error)}. "
            "The file was damaged or edited, or is newer than this windu. Get a whole "
            "copy."
        ) from error


def _reason(error: ValueError) -> str:
    """Return what was wrong, in one line."""
    text = str(error)
    if isinstance(error, ValidationError):
        errors = error.errors(include_url=False, include_input=False)
        # Of the alternatives for one value, windu's own words are the telling ones.
        first = max(
            errors, key=lambda e: (e["type"] == "value_error", "long" in e["type"])
        )
        place = ".".join(map(str, first["loc"]))
        text = f"{first['msg'].removeprefix('Value error, ')} at {place!r}"
    return text if len(text) <= 300 else f"{text[:297]}..."


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
