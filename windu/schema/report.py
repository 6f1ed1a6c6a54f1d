"""`ValidationReport`: all differences of a table from its schema, in one table."""

from __future__ import annotations

import html
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from windu.exceptions import DataWarning, SchemaError

__all__ = ["Difference", "ValidationReport"]

#: How many messages an error or warning lists before it says how many more there are.
MAX_LISTED = 20

_TODO = {
    "missing": "Add it, with missing values if nothing is known.",
    "extra": "Drop it, or choose another tolerance for 'extra'.",
    "order": "Put the columns in the order of training.",
    "duplicate": "Rename or drop one of them.",
    "width": "Columns without names go by position: pass as many as in fit, or frames "
    "with names to both.",
    "check": "Correct the values, or change the check in the schema.",
}
#: Nothing has to be done.
_ACTION_TEXTS = {"ignore": "It is accepted.", "cast": "It is cast."}
_CLEAN = (
    "Clean it in a function that you call on the table before fit and predict, in "
    "preprocess of a pipeline, or choose another tolerance: schema={{{!r}: 'ignore'}}."
)


@dataclass(frozen=True)
class Difference:
    """One difference.

    Attributes
    ----------
    column : str, int or None
        The column; None for the table.
    difference : str
        Its kind, as in `windu.schema.tolerance.DIFFERENCES`.
    action : str
        What is done about it.
    expected, got : str
        What must hold, and what was there.
    n_rows : int
        Number of rows at fault.
    first_row : int or None
        Position of the first of them.
    hint : str
        A near miss, as a sentence.
    """

    column: Any
    difference: str
    action: str
    expected: str
    got: str
    n_rows: int = 0
    first_row: int | None = None
    hint: str = ""

    @property
    def message(self) -> str:
        """One sentence form: what must hold, what was got, what to do."""
        subject = "The table" if self.column is None else f"The column {self.column!r}"
        todo = _ACTION_TEXTS.get(self.action) or _TODO.get(
            self.difference, _CLEAN.format(self.difference)
        )
        if self.action == "warn" and self.difference in ("unknown", "zone"):
            todo = f"schema={{{self.difference!r}: 'ignore'}} accepts it silently."
        return f"{subject} must {self.expected}. Got {self.got}.{self.hint} {todo}"


@dataclass(frozen=True)
class ValidationReport:
    """All differences of a table from its schema, and how far its columns drifted.

    Parameters
    ----------
    differences : sequence of Difference
        In the order of the columns.
    n_rows : int
        Number of rows of the table.
    drift : dict of column name to float
        Jensen-Shannon distance to the training distribution, from 0 (the same) to 1
        (nothing in common); only columns with a stored distribution.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu import WinduEstimator
    >>> X = pd.DataFrame({"age": [30, 40, 50, 60], "city": ["Rome", "Oslo"] * 2})
    >>> est = WinduEstimator("linear").fit(X, [0, 1, 0, 1])
    >>> report = est.validate(X.assign(age="old"))
    >>> report.to_frame()[["column", "difference", "action", "n_rows"]]
      column difference action  n_rows
    0    age    meaning  raise       4
    """

    differences: Sequence[Difference]
    n_rows: int
    drift: dict[Any, float] = field(default_factory=dict)

    @property
    def errors(self) -> list[Difference]:
        """The differences that are errors."""
        return [d for d in self.differences if d.action == "raise"]

    @property
    def ok(self) -> bool:
        """Whether `predict` accepts the table."""
        return not self.errors

    def to_frame(self) -> pd.DataFrame:
        """Return one row a difference.

        Returns
        -------
        pandas.DataFrame
            Columns: column, difference, action, expected, got, n_rows, first_row,
            drift, hint.
        """
        rows = [
            {
                "column": d.column,
                "difference": d.difference,
                "action": d.action,
                "expected": d.expected,
                "got": d.got,
                "n_rows": d.n_rows,
                "first_row": d.first_row,
                "drift": self.drift.get(d.column),
                "hint": d.hint.strip(),
            }
            for d in self.differences
        ]
        names = ["column", "difference", "action", "expected", "got", "n_rows"]
        frame = pd.DataFrame(rows, columns=[*names, "first_row", "drift", "hint"])
        # Names of columns may be texts and numbers; None is the table.
        frame["column"] = pd.Series([d.column for d in self.differences], dtype=object)
        return frame.astype({"first_row": "Int64", "drift": "float64"})

    def drift_frame(self) -> pd.DataFrame:
        """Return one row a column with its drift score, largest first.

        Returns
        -------
        pandas.DataFrame
            Columns: column, drift.
        """
        frame = pd.DataFrame({"column": list(self.drift), "drift": self.drift.values()})
        frame = frame.astype({"drift": "float64"})
        return frame.sort_values("drift", ascending=False, ignore_index=True)

    def raise_for_errors(self) -> None:
        """Raise a `SchemaError` with this report, if there are errors.

        Raises
        ------
        SchemaError
            Naming every error; missing columns first.
        """
        if self.errors:
            raise SchemaError(_text(self.errors), report=self)

    def warn(self) -> None:
        """Give one warning for the differences whose action is to warn."""
        chosen = [d for d in self.differences if d.action == "warn"]
        if chosen:
            warnings.warn(_text(chosen), DataWarning, stacklevel=2)

    def __str__(self) -> str:
        head = (
            f"{self.n_rows} rows, {len(self.differences)} differences, "
            f"{len(self.errors)} errors"
        )
        lines = [f"[{d.action}] {d.difference}: {d.message}" for d in self.differences]
        drifted = self.drift_frame().head(5)
        scores = [f"{r.column}: {r.drift:.2f}" for r in drifted.itertuples()]
        drift = [f"largest drift: {', '.join(scores)}"] if scores else []
        return "\n".join([head, *_shortened(lines), *drift])

    def _repr_html_(self) -> str:
        head = html.escape(str(self).splitlines()[0])
        table = self.to_frame().to_html(max_rows=200, na_rep="", index=False)
        drift = self.drift_frame().head(20).to_html(index=False)
        return f"<p>{head}</p>{table}<p>drift</p>{drift}"


def _text(differences: list[Difference]) -> str:
    gone = [d for d in differences if d.difference == "missing"]
    lines = []
    if gone:
        names = ", ".join(repr(d.column) for d in gone[:MAX_LISTED])
        more = f" and {len(gone) - MAX_LISTED} more" if len(gone) > MAX_LISTED else ""
        hints = "".join(dict.fromkeys(d.hint for d in gone[:MAX_LISTED]))
        lines.append(
            f"The table must have the columns of training. Missing: {names}{more}."
            f"{hints} Add them, with missing values if nothing is known."
        )
    lines += [d.message for d in differences if d.difference != "missing"]
    return "\n".join(_shortened(lines))


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - MAX_LISTED
    return lines if more <= 0 else [*lines[:MAX_LISTED], f"... and {more} more"]
