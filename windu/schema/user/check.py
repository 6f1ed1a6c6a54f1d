"""A user's schema at predict: pandera converts and checks, windu explains."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import is_
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.pandera_schema import shallow_copy
from windu.schema.report import Difference, ValidationReport
from windu.schema.user.given import (
    check_with_pandera,
    failures,
    has_own_checks,
    pandera_schema_of,
)

__all__ = ["Conversion", "UserCheck", "stamp_of", "user_check", "without_parsers"]


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


class UserCheck:
    """What a user's schema asks of the tables of one fitted estimator.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user.
    table : TableSchema
        What was seen in training.
    """

    def __init__(self, schema: Any, table: TableSchema):
        self.asks = has_own_checks(schema)
        self._table = table
        self._parsed = without_parsers(schema)
        self._optional = [
            name
            for name, column in schema.columns.items()
            if not column.required and not column.regex and name in table.by_name
        ]
        self._converted = Conversion(schema, table)

    def compare(
        self, frame: pd.DataFrame, *, everything: bool = True
    ) -> tuple[pd.DataFrame, ValidationReport]:
        """Return the frame as `predict` would take it, and how it differs.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            A new table.
        everything : bool, default=True
            As in `windu.schema.check.compare`.

        Returns
        -------
        frame : pandas.DataFrame
            Converted as the user's schema says, then conformed.
        report : ValidationReport
            The user's checks are asked where windu's own finds no error.
        """
        absent = [name for name in self._optional if name not in frame.columns]
        frame, differences = self._converted(frame)
        conformed, report = compare(frame, self._table, everything=everything)
        if differences:
            reported = {difference.column for difference in differences}
            differences += [
                difference
                for difference in report.differences
                if difference.difference != "meaning"
                or difference.column not in reported
            ]
            report = ValidationReport(differences, report.n_rows, report.drift)
        if report.ok and len(frame):
            conformed, failed = self._checked(conformed, absent)
            if failed:
                all_found = [*report.differences, *failed]
                report = ValidationReport(all_found, report.n_rows, report.drift)
        return conformed, report

    def _checked(
        self, frame: pd.DataFrame, absent: Collection[Any]
    ) -> tuple[pd.DataFrame, list[Difference]]:
        """Ask the user's checks; columns that only stand for absent ones are not."""
        present = frame.drop(columns=list(absent)) if absent else frame
        validated, failed = check_with_pandera(present, self._parsed, self._table)
        if absent:
            completed = frame.copy(deep=False)
            for name in validated.columns:
                completed[name] = validated[name]
            validated = completed
        return validated, failed


def user_check(option: Any, table: TableSchema) -> UserCheck | None:
    """Return what a user's schema asks for, made once.

    Parameters
    ----------
    option : "infer", None, mapping, DataFrameSchema or DataFrameModel class
        The estimator's parameter ``schema``.
    table : TableSchema
        What was seen in training; keeps what is made.

    Returns
    -------
    UserCheck or None
        None where windu's own check is all.
    """
    pandera_schema = pandera_schema_of(option)
    if pandera_schema is None:
        return None
    stamp = stamp_of(pandera_schema)
    cached = table.user_check
    if cached is None or not _same(cached[0], stamp):
        # Threads that come at the same time make the same.
        cached = table.user_check = (stamp, UserCheck(pandera_schema, table))
    check: UserCheck = cached[1]
    return check if check.asks else None


def stamp_of(schema: Any) -> list[Any]:
    """Return what a pandera schema is made of, to be compared by identity.

    Schemas can be edited; what was made of one is then made again.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user.
    """
    stamp = [schema, *vars(schema).values(), *schema.checks]
    for column in schema.columns.values():
        stamp += [column, *vars(column).values(), *column.checks]
    return stamp


def _same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    return len(first) == len(second) and all(map(is_, first, second))
