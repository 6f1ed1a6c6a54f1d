"""A schema that a user gives: tolerances, or a pandera schema with own checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pandas as pd

from windu.exceptions import SchemaError, did_you_mean
from windu.schema.columns import (
    ColumnSchema,
    Kind,
    TableSchema,
    action_for,
    check_tolerance,
)
from windu.schema.names import listed
from windu.schema.report import Difference

__all__ = [
    "check_with_pandera",
    "failures",
    "has_own_checks",
    "overlay",
    "pandera_schema_of",
]


def failures(
    cases: pd.DataFrame, n_rows: int, table: TableSchema | None
) -> list[Difference]:
    """Return what pandera found as differences.

    Parameters
    ----------
    cases : pandas.DataFrame
        The failure cases of pandera's error, of a table whose index is its positions.
    n_rows : int
        Of the table.
    table : TableSchema or None
        Says what is done about a failed check.

    Returns
    -------
    list of Difference
        One a column and check.
    """
    # What the table as a whole fails is told in each of its columns.
    of_table = cases["schema_context"] == "DataFrameSchema"
    cases = cases.assign(column=cases["column"].mask(of_table))
    keys = ["column", "check", "check_number"]
    differences = []
    group: Any
    for group, rows in cases.groupby(keys, dropna=False, sort=False):
        name = None if pd.isna(group[0]) else group[0]
        column = None if table is None or name is None else table.by_name.get(name)
        action = "raise" if table is None else table.action("check", column)
        values, at = rows["failure_case"].tolist(), rows["index"].dropna().astype(int)
        wrong, first = at.nunique(), None if at.empty else int(at.min())
        values_text = listed(values)
        if first is not None:
            value = values[int(at.argmin())]
            shown = "" if name is None else f" {value!r}"
            values_text = (
                f"failures in {wrong} of {n_rows} rows, first{shown} at row {first}"
            )
            if n_rows == 1:
                values_text = shown.strip() or "a failure"
        differences.append(
            Difference(
                name,
                "check",
                action,
                f"pass the check {group[1]}",
                values_text,
                wrong,
                first,
            )
        )
    return differences


def pandera_schema_of(option: Any) -> Any:
    """Return the pandera schema that was given, or None.

    Parameters
    ----------
    option : "infer", None, mapping, DataFrameSchema or DataFrameModel class
        The estimator's parameter ``schema``.

    Returns
    -------
    pandera.pandas.DataFrameSchema or None
        None where there is only windu's own.

    Raises
    ------
    SchemaError
        For anything else.
    """
    # Not everything can be compared with a text.
    if option is None or isinstance(option, Mapping):
        return None
    if isinstance(option, str) and option == "infer":
        return None
    # Only users of pandera wait for its import.
    import pandera.pandas as pa

    if isinstance(option, pa.DataFrameSchema):
        return option
    if isinstance(option, type) and issubclass(option, pa.DataFrameModel):
        return option.to_schema()
    raise SchemaError(
        "The schema must be 'infer', None, a dict of tolerances, a pandera "
        f"DataFrameSchema or a DataFrameModel class. Got {option!r}."
        + did_you_mean(option, ["infer"])
    )


def has_own_checks(schema: Any) -> bool:
    """Tell whether a pandera schema asks for more than windu's own check decides.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user.

    Returns
    -------
    bool
        False for what `infer_schema` gives, also with other tolerances and kinds.
    """
    requests = (schema.checks, schema.parsers, schema.drop_invalid_rows, schema.coerce)
    return (
        any(part is not None for part in (schema.index, schema.unique, schema.dtype))
        or any(requests)
        or any(_asks(column, schema) for column in schema.columns.values())
    )


def _asks(column: Any, schema: Any) -> bool:
    from windu.schema.pandera_schema import TolerantType

    requests = (
        *(column.checks, column.parsers, column.unique, column.coerce),
        *(column.regex, column.drop_invalid_rows, column.default is not None),
    )
    if any(requests) or not isinstance(column.dtype, TolerantType):
        return True
    tolerated = action_for(
        "null", _setting(column, "tolerance"), _setting(schema, "tolerance")
    )
    return not column.nullable and tolerated != "raise"


def _setting(part: Any, key: str) -> Any:
    return ((part.metadata or {}).get("windu") or {}).get(key) or {}


def _check_said(place: str, part: Any, settings: tuple[str, ...]) -> None:
    """Raise for what `metadata["windu"]` says and nobody would ever read."""
    for key in (part.metadata or {}).get("windu") or {}:
        if key not in settings:
            raise SchemaError(
                f"metadata['windu'] of {place} must have keys of {sorted(settings)}. "
                f"Got {key!r}.{did_you_mean(key, settings)}"
            )
    kind = _setting(part, "kind")
    if kind and kind not in get_args(Kind):
        raise SchemaError(
            f"The kind of {place} must be one of {get_args(Kind)}. Got {kind!r}."
            + did_you_mean(kind, get_args(Kind))
        )
    check_tolerance(_setting(part, "tolerance"))


def overlay(table: TableSchema, option: Any) -> TableSchema:
    """Return an inferred schema with what a user said of its columns.

    Parameters
    ----------
    table : TableSchema
        Inferred from the training table.
    option : "infer", None, mapping, DataFrameSchema or DataFrameModel class
        The estimator's parameter ``schema``.

    Returns
    -------
    TableSchema
        With kinds and tolerances from ``metadata["windu"]``.

    Raises
    ------
    SchemaError
        For a tolerance or a kind that does not exist.
    """
    if isinstance(option, Mapping):
        return TableSchema(table.columns, check_tolerance(option))
    pandera_schema = pandera_schema_of(option)
    if pandera_schema is None:
        return table
    _check_said("the schema", pandera_schema, ("order", "tolerance"))
    for name, column in pandera_schema.columns.items():
        _check_said(f"the column {name!r}", column, tuple(ColumnSchema.model_fields))
    tolerance = dict(_setting(pandera_schema, "tolerance"))
    if pandera_schema.strict is True:
        tolerance.setdefault("extra", "raise")
    if pandera_schema.ordered:
        tolerance.setdefault("order", "raise")
    columns = [_overlaid(column, pandera_schema, tolerance) for column in table.columns]
    return TableSchema(columns, tolerance)


def _overlaid(column: ColumnSchema, schema: Any, tolerance: Any) -> ColumnSchema:
    column_given = schema.columns.get(column.name)
    if column_given is None or column_given.regex:
        patterns = [c for c in schema.columns.values() if c.regex]
        matching = (c for c in patterns if re.match(str(c.name), str(column.name)))
        column_given = next(matching, None)
    if column_given is None:
        return column
    own = dict(_setting(column_given, "tolerance"))
    if not column_given.required and action_for("missing", own, tolerance) == "raise":
        own["missing"] = "ignore"
    changes: dict[str, Any] = {"tolerance": own}
    kind = _setting(column_given, "kind")
    if kind and kind != column.kind and _can_be(column, kind):
        changes["kind"] = kind
        changes["why"] = "the given schema says so"
    return ColumnSchema.model_validate(column.model_dump() | changes)


#: How values must be stored to be of a kind; other kinds take all but objects.
_STORAGES = {
    "numeric": ("numeric", "boolean", "timedelta"),
    "boolean": ("boolean", "numeric"),
    "datetime": ("datetime",),
}
_NOT_USED = ("identifier", "constant", "unsupported")


def _can_be(column: ColumnSchema, kind: str) -> bool:
    """Tell whether a column can be of a kind; one value or none stays constant."""
    storages = _STORAGES.get(kind)
    fits = column.storage in storages if storages else column.storage != "other"
    if column.kind == "constant":
        return fits and column.null_share < 1
    if not fits and kind not in _NOT_USED:
        raise SchemaError(
            f"The column {column.name!r} must hold values that can be {kind}, as the "
            f"given schema says. Got {column.kind} ({column.why}). Convert it before, "
            "or with coerce=True and a dtype in the schema."
        )
    return True


def check_with_pandera(
    frame: pd.DataFrame, schema: Any, table: TableSchema | None = None
) -> tuple[pd.DataFrame, list[Difference]]:
    """Return a frame as a pandera schema coerces it, and the checks that fail.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    schema : pandera.pandas.DataFrameSchema
        Given by a user.
    table : TableSchema, default=None
        Says what is done about a failed check.

    Returns
    -------
    frame : pandas.DataFrame
        With its own index.
    differences : list of Difference
        One a column and check.
    """
    from pandera.errors import SchemaErrors

    from windu.schema.pandera_schema import shallow_copy

    parts = [schema, *schema.columns.values()]
    if any(getattr(part, "drop_invalid_rows", False) for part in parts):
        raise SchemaError(_ROWS.format("drop_invalid_rows=True"))
    differences = [] if schema.index is None else _index_failures(frame, schema)
    body = shallow_copy(schema)
    body.index = None
    try:
        validated = body.validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as errors:
        return frame, differences + failures(errors.failure_cases, len(frame), table)
    if len(validated) != len(frame):
        raise SchemaError(_ROWS.format(f"{len(validated)} rows for {len(frame)}"))
    return validated.set_axis(frame.index), differences


_ROWS = (
    "A schema must keep the rows, since y and the predictions go with them. Got {}. "
    "Drop rows before fit, not in the schema."
)


def _index_failures(frame: pd.DataFrame, schema: Any) -> list[Difference]:
    """Check the index alone: rows of all other failures are told by position."""
    from pandera.errors import SchemaErrors
    from pandera.pandas import DataFrameSchema

    bare = pd.DataFrame(index=frame.index)
    try:
        DataFrameSchema(index=schema.index, coerce=schema.coerce).validate(
            bare, lazy=True
        )
    except SchemaErrors as errors:
        cases = errors.failure_cases.assign(column=None, index=None)
        differences = failures(cases, len(frame), None)
        return [
            replace(d, expected=f"have an index to {d.expected}") for d in differences
        ]
    return []
