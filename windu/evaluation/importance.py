"""What each column of the table is worth to a fitted estimator."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.inspection import permutation_importance

from windu._compat.row_order import match_rows
from windu._compat.sklearn import take_rows
from windu.evaluation.held_out import plain, sampled

__all__ = ["DEFAULT_ROWS", "MAX_COLUMNS", "importance_of"]

#: Rows that are shuffled, where nothing else is asked for.
DEFAULT_ROWS = 1000
#: More columns than this are shuffled only if it is asked for.
MAX_COLUMNS = 200
#: All columns together are shuffled about so often, each at least once.
_SHUFFLES = 100
_MAX_REPEATS = 5


def importance_of(
    estimator: Any, X: pd.DataFrame, y: Any, *, scorer: Any, rows: int | None = None
) -> dict[str, Any] | None:
    """Return how much a score falls where a raw column is shuffled [1]_.

    Columns that say the same share what they are worth, and may both look idle.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : DataFrame of shape (n_samples, n_columns)
        Held-back rows.
    y : array-like
        Their target, as the scorer takes it.
    scorer : callable
        Of estimator, X and y; more is better.
    rows : int, default=None
        How many rows are shuffled at most; None takes 1000, and leaves tables of more
        than 200 columns alone.

    Returns
    -------
    dict or None
        ``rows``, ``repeats``, and by column ``mean`` and ``std`` of the fall, largest
        first; one shuffle has no std. None where the rows have no score, or there are
        too many columns.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.metrics import get_scorer
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> from windu.evaluation import importance_of
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator("linear").fit(X[::2], y[::2])
    >>> found = importance_of(est, X[1::2], y[1::2], scorer=get_scorer("accuracy"))
    >>> next(iter(found["columns"]))
    'bill_length_mm'
    """
    match_rows({"X": X, "y": y})
    n_columns = X.shape[1]
    if rows is None and n_columns > MAX_COLUMNS:
        return None
    at = sampled(len(X), rows or DEFAULT_ROWS)
    repeats = min(_MAX_REPEATS, max(1, _SHUFFLES // n_columns))
    # Shuffled rows count by their place.
    frame = X.iloc[at].reset_index(drop=True)
    truth = take_rows(y, at)
    if isinstance(truth, (pd.Series, pd.DataFrame)):
        truth = truth.reset_index(drop=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            importances = permutation_importance(
                *(estimator, frame, truth),
                **{"scoring": scorer, "n_repeats": repeats, "random_state": 0},
            )
    except ValueError:
        # A sample may lack a class.
        return None
    table = sorted(
        zip(
            map(str, X.columns),
            plain(importances.importances_mean),
            plain(importances.importances_std),
            strict=True,
        ),
        key=lambda row: -(row[1] or 0.0),
    )
    return {
        "rows": len(at),
        "repeats": repeats,
        "columns": {
            name: {"mean": mean, "std": std if repeats > 1 else None}
            for name, mean, std in table
        },
    }
