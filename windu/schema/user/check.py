"""A user's schema at predict: converts, checks quickly, or lets pandera explain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from operator import is_
from typing import Any

import pandas as pd

from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.report import Difference, ValidationReport
from windu.schema.user.compiled import UserTests
from windu.schema.user.conversion import Conversion, without_parsers
from windu.schema.user.given import (
    check_with_pandera,
    has_own_checks,
    pandera_schema_of,
)

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
        self._parsed = without_parsers(schema)
        self._optional = [
            name
            for name, column in schema.columns.items()
            if not column.required and not column.regex and name in table.by_name
        ]
        self._tests: UserTests | None = None
        # What cannot be compiled, for whatever reason, is pandera's.
        with suppress(Exception):
            self._tests = UserTests(self._parsed, table.names)
        self._converted = Conversion(schema, table, self._tests)

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
