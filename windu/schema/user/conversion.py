"""What a user's schema changes in a table: coercion, parsers, defaults, columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from windu.schema.columns import TableSchema
from windu.schema.pandera_schema import shallow_copy
from windu.schema.report import Difference
from windu.schema.user.failures import failures

__all__ = ["Conversion", "without_parsers"]


class Conversion:
    """What a user's schema does to a raw table before anything is checked.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user; not changed.
    table : TableSchema
        What was seen in training.
    """

    def __init__(self, schema: Any, table: TableSchema):
        columns = schema.columns.items()
        parsers = [schema.parsers, *(column.parsers for _, column in columns)]
        required = {name: column for name, column in columns if column.required}
        self._added = required if schema.add_missing_columns else {}
        self._nothing = not (
            self._added
            or any(parsers)
            or (schema.dtype is not None and schema.coerce)
            or any(c.default is not None or _coerces(c, schema) for _, c in columns)
        )
        self._table = table
        self._relaxed = _relaxed(schema)

    def __call__(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Difference]]:
        """Return the converted table, and what could not be converted.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            A new table.
        """
        gone = {n: c for n, c in self._added.items() if n not in frame.columns}
        if self._nothing or not len(frame):
            return frame, []
        plain, differences = frame.reset_index(drop=True), []
        if gone:
            plain = pa.DataFrameSchema(gone, add_missing_columns=True).validate(plain)
        try:
            converted = self._relaxed.validate(plain, lazy=True)
        except SchemaErrors as errors:
            differences = failures(errors.failure_cases, len(plain), self._table)
            # What was not converted fails by its dtype as well.
            differences = [
                d for d in differences if "coerce_dtype" in d.expected
            ] or differences
            # One column that cannot be converted shall not hide the others.
            converted = plain.copy(deep=False)
            for name in plain.columns:
                converted[name] = self._converted_alone(plain[[name]])
        if len(converted) != len(frame):
            return frame, []
        return converted.set_axis(frame.index), differences

    def _converted_alone(self, row: pd.DataFrame) -> Any:
        relaxed = shallow_copy(self._relaxed)
        relaxed.parsers = []
        try:
            return relaxed.validate(row, lazy=True).iloc[:, 0]
        except SchemaErrors:
            return row.iloc[:, 0]


def _coerces(column: Any, schema: Any) -> bool:
    """Tell whether a schema converts the values of a column."""
    return bool(column.dtype is not None and (column.coerce or schema.coerce))


def without_parsers(schema: Any) -> pa.DataFrameSchema:
    """Return a schema for tables whose values have been parsed.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user; not changed.
    """
    return _changed(schema, {"parsers": []}, lambda _: {"parsers": []})


def _relaxed(schema: Any) -> pa.DataFrameSchema:
    """Return a schema that converts and asks for nothing."""
    return _changed(
        schema,
        {
            **{"checks": [], "unique": None, "index": None, "strict": False},
            **{"ordered": False, "add_missing_columns": False},
            "dtype": schema.dtype if schema.coerce else None,
        },
        lambda column: {
            **{"checks": [], "unique": False, "nullable": True, "required": False},
            "dtype": column.dtype if _coerces(column, schema) else None,
        },
    )


def _changed(
    schema: Any, changes: dict[str, Any], of_column: Callable[[Any], dict[str, Any]]
) -> pa.DataFrameSchema:
    """Return a copy of a schema with other attributes, in all columns as well."""
    copied: Any = shallow_copy(schema)
    copied.columns = {n: shallow_copy(column) for n, column in schema.columns.items()}
    for part, new in [
        (copied, changes),
        *((c, of_column(c)) for c in copied.columns.values()),
    ]:
        for key, value in new.items():
            setattr(part, key, value)
    return copied
