"""`ValidationReport`: differences of a table from its schema, drift, and warnings."""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

from windu.exceptions import DataWarning, SchemaError
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema

__all__ = [
    "MIN_ROWS",
    "Difference",
    "ValidationReport",
    "bins_of",
    "drift_of",
    "is_silenced",
    "warn_of_columns",
    "warn_of_dropped",
]

#: Fewer rows say nothing about a distribution.
MIN_ROWS = 30
#: Deciles are read off so many rows at most.
_SAMPLE = 5_000
_N_BINS = 10


def bins_of(numbers: np.ndarray) -> dict[str, list[float]]:
    """Return the different deciles of numbers, and the share of numbers in each bin.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,)
        With NaN for missing values, at least one number.

    Returns
    -------
    dict
        ``bin_edges``, which rise, and ``bin_shares``: one below the first edge, one
        from each edge on.
    """
    step = -(-len(numbers) // _SAMPLE)
    sample = numbers[::step]
    if np.isnan(sample).all():
        sample = numbers
    edges = np.unique(np.nanquantile(sample, np.linspace(0, 1, _N_BINS + 1)))
    return {"bin_edges": edges.tolist(), "bin_shares": _shares(sample, edges).tolist()}


def _shares(numbers: np.ndarray, edges: np.ndarray) -> np.ndarray:
    real = numbers[~np.isnan(numbers)]
    bins = np.searchsorted(edges, real, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return counts / max(1, len(real))


def drift_of(values: pd.Series, column: ColumnSchema) -> float | None:
    """Return the Jensen-Shannon distance of a column to its training distribution.

    Base 2, so that 0 is the same distribution and 1 has nothing in common [1]_.
    Numbers and dates are binned at the deciles of training; a missing value is a bin
    of its own.

    Parameters
    ----------
    values : pandas.Series
        The column, conformed to the schema.
    column : ColumnSchema
        What was seen in training.

    Returns
    -------
    float or None
        None without a stored distribution or with fewer than 30 rows.

    References
    ----------
    .. [1] Lin (1991). Divergence measures based on the Shannon entropy. IEEE
       Transactions on Information Theory 37(1).
    """
    if len(values) < MIN_ROWS:
        return None
    if column.bin_edges is not None and column.bin_shares is not None:
        numbers = kinds.numbers_of(values, column)
        trained = np.array(column.bin_shares)
        shares = _shares(numbers, np.array(column.bin_edges))
        # Also texts that stand for no value.
        missing = float(np.isnan(numbers).mean())
    elif column.level_shares is not None and column.levels is not None:
        trained, shares = _of_levels(values, column.levels, column.level_shares)
        missing = float(values.isna().mean())
    else:
        return None
    trained = np.append(trained * (1 - column.null_share), column.null_share)
    shares = np.append(shares * (1 - missing), missing)
    # Rounding can leave a number just below zero under the root of equal shares.
    with np.errstate(invalid="ignore"):
        distance = float(jensenshannon(trained, shares, base=2))
    return 0.0 if np.isnan(distance) else distance


def _of_levels(
    values: pd.Series, levels: list[bool | int | float | str], shares: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    present = values.dropna()
    trained = np.append(shares, 0.0)
    if not len(present):
        return trained, np.zeros(len(trained))
    position_of = {str(level): i for i, level in enumerate(levels)}
    counts = kinds.as_texts(present).map(str).value_counts()
    found = np.zeros(len(trained))
    for level, count in counts.items():
        found[position_of.get(str(level), len(levels))] += count / len(present)
    return trained, found


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
        Its kind, as in `windu.schema.columns.DIFFERENCES`.
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


#: How many columns a warning lists before it says how many more there are.
_MAX_LISTED = 20
_SILENCE = "warnings.simplefilter('ignore', windu.DataWarning) silences this."


def is_silenced(category: type[Warning]) -> bool:
    """Tell whether the first filter that names a category ignores it everywhere.

    Parameters
    ----------
    category : type of Warning
        Such as `DataWarning`.
    """
    for action, message, filtered, module, line in warnings.filters:
        everywhere = message is None and module is None and not line
        if everywhere and issubclass(category, filtered):
            return action == "ignore"
    return False


def warn_of_columns(table: TableSchema) -> None:
    """Warn of columns that may not mean what they were taken for.

    Parameters
    ----------
    table : TableSchema
        Inferred from the training table.

    Warns
    -----
    DataWarning
        Once for all columns.
    """
    lines = [
        f"The column {column.name!r} {column.note}."
        for column in table.columns
        if column.note is not None
    ]
    _warn(lines)


def warn_of_dropped(columns: Iterable[ColumnSchema]) -> None:
    """Warn of columns that hold values, and that no feature is made of.

    Parameters
    ----------
    columns : iterable of ColumnSchema
        The columns that are dropped.

    Warns
    -----
    DataWarning
        Once for all columns.
    """
    _warn([line for column in columns if (line := _of_dropped(column)) is not None])


def _of_dropped(column: ColumnSchema) -> str | None:
    if column.kind == "identifier":
        return (
            f"The column {column.name!r} is dropped as an identifier ({column.why}). "
            "If its values mean something, make features of them before fit, or pass "
            "featurizer=None or one of your own; else drop the column."
        )
    if column.kind == "unsupported":
        return (
            f"The column {column.name!r} is dropped: {column.why}. Make columns of "
            "numbers, texts or dates of it before fit, or drop it."
        )
    return None


def _warn(lines: list[str]) -> None:
    if not lines:
        return
    more = len(lines) - _MAX_LISTED
    shown = lines[:_MAX_LISTED] + ([f"... and {more} more."] if more > 0 else [])
    warnings.warn("\n".join([*shown, _SILENCE]), DataWarning, stacklevel=2)
