"""What pandera finds wrong, as windu's differences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from windu.schema.columns import TableSchema
from windu.schema.names import listed
from windu.schema.report import Difference

__all__ = ["failures"]


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
