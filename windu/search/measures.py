"""What a candidate costs where it is used: time of a row, bytes of the model."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from windu._compat.sklearn import count_rows, take_rows
from windu.exceptions import PersistenceError
from windu.persistence.objects import dump

__all__ = ["latency_of", "size_of"]

#: Single rows that are timed; the median counts. Of slow ones, three are enough.
_TIMED_ROWS = 7
_FEW_ROWS, _LONG = 3, 0.02
#: Saving takes more time for the last few percent.
_QUICK = 1


def latency_of(estimator: Any, X: Any) -> float | None:
    """Return the median time of a prediction for one row.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : table of shape (n_samples, n_columns)
        Whose rows are predicted.

    Returns
    -------
    float or None
        Milliseconds. None where one row cannot be predicted, since something looks
        across rows.
    """
    method = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
    predict = getattr(estimator, method)
    n_rows, times = count_rows(X), []
    # The first row may compile something.
    for i in range(_TIMED_ROWS + 1):
        row = take_rows(X, [i % n_rows])
        start = time.perf_counter()
        try:
            predict(row)
        except Exception:
            # A user's model may refuse one row in any way.
            return None
        times.append(time.perf_counter() - start)
        if i >= _FEW_ROWS and sum(times[1:]) > _LONG:
            break
    return float(np.median(times[1:])) * 1000


def size_of(model: Any) -> int | None:
    """Return about how many bytes a fitted model has where it is stored.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    int or None
        Bytes, compressed quickly: for trees up to a sixth more than `save` writes.
        None for a model that cannot be stored.
    """
    sizes: list[int] = []

    def store(suffix: str, data: bytes) -> str:
        sizes.append(len(data))
        return suffix

    try:
        return len(dump(model, store, compresslevel=_QUICK)) + sum(sizes)
    except PersistenceError:
        return None
