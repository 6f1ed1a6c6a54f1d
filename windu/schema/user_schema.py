"""A schema that a user gives: tolerances, or a pandera schema with own checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from windu.exceptions import SchemaError, did_you_mean
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.report import Difference
from windu.schema.tolerance import check_tolerance

__all__ = ["check_with_pandera", "has_own_checks", "overlay", "pandera_schema_of"]


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
    if option is None or option == "infer" or isinstance(option, Mapping):
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
    from windu.schema.pandera_schema import TolerantType

    parts = [schema, *schema.columns.values()]
    plain = all(isinstance(c.dtype, TolerantType) for c in schema.columns.values())
    more = schema.index is not None or schema.unique is not None
    return more or not plain or any(part.checks or part.parsers for part in parts)


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
    given = pandera_schema_of(option)
    if given is None:
        return table
    columns = [
        _overlaid(column, given.columns[column.name])
        if column.name in given.columns
        else column
        for column in table.columns
    ]
    own = ((given.metadata or {}).get("windu") or {}).get("tolerance") or {}
    return TableSchema(columns, check_tolerance(own))


def _overlaid(column: ColumnSchema, given: Any) -> ColumnSchema:
    said = (given.metadata or {}).get("windu") or {}
    changes: dict[str, Any] = {
        "tolerance": check_tolerance(said.get("tolerance") or {})
    }
    if "kind" in said and said["kind"] != column.kind:
        changes["kind"] = said["kind"]
        changes["why"] = "the given schema says so"
    return ColumnSchema.model_validate(column.model_dump() | changes)


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

    try:
        return schema.validate(frame.reset_index(drop=True), lazy=True).set_axis(
            frame.index
        ), []
    except SchemaErrors as errors:
        cases = errors.failure_cases
    differences = []
    for (column, check), rows in cases.groupby(["column", "check"], dropna=False):
        name = None if pd.isna(column) else column
        known = None if table is None or name is None else table.by_name.get(name)
        action = "raise" if table is None else table.action("check", known)
        first = rows.iloc[0]
        row = None if pd.isna(first["index"]) else int(first["index"])
        at = "" if row is None else f" at row {row}"
        differences.append(
            Difference(
                name,
                "check",
                action,
                f"pass the check {check}",
                f"{len(rows)} failures, first {first['failure_case']!r}{at}",
                len(rows),
                row,
            )
        )
    return frame, differences
