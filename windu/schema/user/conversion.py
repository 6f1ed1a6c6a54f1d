"""What a user's schema changes in a table: coercion, parsers and defaults."""

from __future__ import annotations

from typing import Any

import pandera.pandas as pa

from windu.schema.pandera_schema import shallow_copy
from windu.schema.user.compiled import ColumnTest, coerces

__all__ = ["converts", "relaxed_schema", "settled_tests", "without_parsers"]


def converts(column: Any, schema: Any) -> bool:
    """Tell whether a schema may change the values of a column.

    Parameters
    ----------
    column : pandera.pandas.Column
        One of the schema's.
    schema : pandera.pandas.DataFrameSchema
        Given by a user.
    """
    filled = column.default is not None
    return bool(column.parsers) or filled or coerces(column, schema)


def settled_tests(schema: Any) -> dict[Any, ColumnTest] | None:
    """Return what tells of a table that a schema would leave it as it is.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user.

    Returns
    -------
    dict or None
        A test for each column that would be converted; None where nothing tells it.
    """
    if schema.parsers or schema.dtype is not None:
        return None
    columns = {k: c for k, c in schema.columns.items() if converts(c, schema)}
    if any(column.regex or column.parsers for column in columns.values()):
        return None
    if schema.add_missing_columns:
        columns = {k: c for k, c in schema.columns.items() if c.required} | columns
    return {
        name: ColumnTest(0, name, column, coerces(column, schema))
        for name, column in columns.items()
    }


def relaxed_schema(schema: Any) -> pa.DataFrameSchema:
    """Return a schema that converts and asks for nothing.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user; not changed.
    """
    relaxed = shallow_copy(schema)
    relaxed.checks, relaxed.index, relaxed.unique = [], None, None
    relaxed.strict, relaxed.ordered = False, False
    relaxed.add_missing_columns = False
    if not schema.coerce:
        relaxed.dtype = None
    relaxed.columns = {}
    for name, column in schema.columns.items():
        free = relaxed.columns[name] = shallow_copy(column)
        free.checks, free.nullable, free.unique = [], True, False
        free.required = False
        if not coerces(column, schema):
            free.dtype = None
    return relaxed


def without_parsers(schema: Any) -> pa.DataFrameSchema:
    """Return a schema for tables whose values have been parsed.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user; not changed.
    """
    parsed = shallow_copy(schema)
    parsed.parsers = []
    parsed.columns = {}
    for name, column in schema.columns.items():
        parsed.columns[name] = shallow_copy(column)
        parsed.columns[name].parsers = []
    return parsed
