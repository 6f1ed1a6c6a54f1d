"""A user's schema at predict: converts, checks quickly, or lets pandera explain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import is_
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.pandera_schema import shallow_copy
from windu.schema.report import Difference, ValidationReport
from windu.schema.user.compiled import ColumnTest, UserTests
from windu.schema.user.conversion import (
    converts,
    relaxed_schema,
    settled_tests,
    without_parsers,
)
from windu.schema.user.given import (
    check_with_pandera,
    failures,
    has_own_checks,
    pandera_schema_of,
)
from windu.schema.user.rows import row_tests

__all__ = ["UserCheck", "stamp_of", "user_check"]


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
        self._relaxed = relaxed_schema(schema)
        self._parsed = without_parsers(schema)
        self._optional = [
            name
            for name, column in schema.columns.items()
            if not column.required and not column.regex and name in table.by_name
        ]
        required = {n: c for n, c in schema.columns.items() if c.required}
        self._added = required if schema.add_missing_columns else {}
        self._converts = bool(
            self._added
            or schema.parsers
            or (schema.dtype is not None and schema.coerce)
            or any(converts(column, schema) for column in schema.columns.values())
        )
        self._tests = _compiled(lambda: UserTests(self._parsed, table.names))
        self._unchanged = _compiled(lambda: settled_tests(schema))

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
        frame, found = self._converted(frame)
        conformed, report = compare(frame, self._table, everything=everything)
        if found:
            told = {difference.column for difference in found}
            found += [
                difference
                for difference in report.differences
                if difference.difference != "meaning" or difference.column not in told
            ]
            report = ValidationReport(found, report.n_rows, report.drift)
        if report.ok and len(frame):
            conformed, failed = self._checked(conformed, absent)
            if failed:
                all_found = [*report.differences, *failed]
                report = ValidationReport(all_found, report.n_rows, report.drift)
        return conformed, report

    def row_tests(self) -> list[tuple[int, Any]] | None:
        """Return the checks of single values, None where they are not simple."""
        return None if self._converts else row_tests(self._tests, self._table)

    def _converted(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Difference]]:
        """Return what coercion, parsers and defaults make, and what they cannot."""
        if not self._converts or not len(frame) or self._is_settled(frame):
            return frame, []
        plain, found = frame.reset_index(drop=True), []
        if self._added and not set(self._added) <= set(frame.columns):
            gone = {n: c for n, c in self._added.items() if n not in frame.columns}
            plain = pa.DataFrameSchema(gone, add_missing_columns=True).validate(plain)
        try:
            made = self._relaxed.validate(plain, lazy=True)
        except SchemaErrors as errors:
            found = failures(errors.failure_cases, self._table)
            # What was not converted fails by its dtype as well.
            found = [d for d in found if "coerce_dtype" in d.expected] or found
            # One column that cannot be converted shall not hide the others.
            made = plain.copy(deep=False)
            for name in plain.columns:
                made[name] = self._converted_alone(plain[[name]])
        if len(made) != len(frame):
            return frame, []
        return made.set_axis(frame.index), found

    def _is_settled(self, frame: pd.DataFrame) -> bool:
        tests: dict[Any, ColumnTest] | None = self._unchanged
        return tests is not None and all(
            name in frame.columns and test.is_unchanged(frame[name])
            for name, test in tests.items()
        )

    def _converted_alone(self, one: pd.DataFrame) -> Any:
        relaxed = shallow_copy(self._relaxed)
        relaxed.parsers = []
        try:
            return relaxed.validate(one, lazy=True).iloc[:, 0]
        except SchemaErrors:
            return one.iloc[:, 0]

    def _checked(
        self, frame: pd.DataFrame, absent: Collection[Any]
    ) -> tuple[pd.DataFrame, list[Difference]]:
        """Ask the user's checks; columns that only stand for absent ones are not."""
        if self._tests is not None and self._tests.passes(frame, absent):
            return frame, []
        given = frame.drop(columns=list(absent)) if absent else frame
        made, failed = check_with_pandera(given, self._parsed, self._table)
        if absent:
            whole = frame.copy(deep=False)
            for name in made.columns:
                whole[name] = made[name]
            made = whole
        return made, failed


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
    given = pandera_schema_of(option)
    if given is None:
        return None
    stamp = stamp_of(given)
    known = table.user_check
    if known is None or not _same(known[0], stamp):
        # Threads that come at the same time make the same.
        known = table.user_check = (stamp, UserCheck(given, table))
    check: UserCheck = known[1]
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


def _same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


def _compiled(make: Any) -> Any:
    try:
        return make()
    except Exception:
        # What cannot be compiled, for whatever reason, is pandera's.
        return None
