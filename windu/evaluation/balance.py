"""How often each class, or which numbers, the target has in each part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from windu.components import IndicatorEncoder
from windu.tasks import read_target

__all__ = ["balance"]

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
#: Only so many classes are told, the most frequent ones.
_MAX_CLASSES = 200


def balance(parts: Mapping[str, tuple[Any, Any]], task: str) -> dict[str, Any]:
    """Return the target of each part.

    Parameters
    ----------
    parts : mapping of str to (X, y)
        By name.
    task : str
        What y is.

    Returns
    -------
    dict
        ``classes``: one object a part, rows by class or label; for regression
        ``quantiles``: one object a part, by output and quantile.

    Examples
    --------
    >>> from windu.evaluation.balance import balance
    >>> balance({"train": (None, ["no", "yes", "no"])}, "binary")
    {'classes': {'train': {'no': 2, 'yes': 1}}}
    """
    if task == "regression":
        return {"quantiles": {name: _quantiles(y) for name, (_, y) in parts.items()}}
    first = next(iter(parts.values()))[1]
    several = read_target(first).form == "table"
    # What is yes and what is no was seen in training.
    encoder = IndicatorEncoder().fit(first) if several else None
    return {"classes": {name: _counts(y, encoder) for name, (_, y) in parts.items()}}


def _counts(y: Any, encoder: IndicatorEncoder | None) -> dict[str, int]:
    target = read_target(y)
    if encoder is not None:
        yes = encoder.transform(y).sum(axis=0)
        counts = pd.Series(yes, index=encoder.classes_)
    elif target.form == "labels":
        counts = pd.Series(
            [label for row in target.values for label in row]
        ).value_counts()
    else:
        counts = pd.Series(np.asarray(target.values)).value_counts()
    shown = counts[:_MAX_CLASSES]
    return {str(name): int(rows) for name, rows in shown.items()}


def _quantiles(y: Any) -> dict[str, dict[str, float]]:
    values = np.asarray(read_target(y).values, dtype=float)
    columns = values.reshape(len(values), -1).T
    names = getattr(y, "columns", [getattr(y, "name", None) or "target"])
    return {
        str(name): {
            f"{q:g}": float(value)
            for q, value in zip(
                _QUANTILES, np.quantile(column, _QUANTILES), strict=True
            )
        }
        for name, column in zip(names, columns, strict=True)
    }
