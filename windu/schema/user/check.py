"""A user's schema at predict: pandera converts and checks, windu explains."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import is_
from typing import Any

import pandas as pd

from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.report import Difference, ValidationReport
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
