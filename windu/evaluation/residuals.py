"""How far predicted numbers are from true ones; counts, no single rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score

from windu.evaluation.held_out import HeldOut, plain

__all__ = ["residuals"]

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
#: What lies outside of these quantiles is not drawn: one outlier would hide the rest.
_SHOWN = (0.005, 0.995)
#: Bins, at most; fewer where there are few rows.
_N_CELLS = 30
_N_BINS = 40


def residuals(held_out: HeldOut) -> dict[str, Any]:
    """Return what is known of the residuals of each output, true minus predicted.

    Parameters
    ----------
    held_out : HeldOut
        Of regression.

    Returns
    -------
    dict
        By output: ``r2``, ``mean_absolute_error``, ``mean``, ``std`` and ``quantiles``
        of the residuals; ``histogram`` of them, and ``joint``: the number of rows by
        predicted (one row a bin) and true value, with ``edges`` for both.
    """
    return {
        name: _of_output(held_out.truth[:, i], held_out.predicted[:, i])
        for i, name in enumerate(held_out.names)
    }


def _of_output(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    rest = truth - predicted
    values = np.concatenate([truth, predicted])
    root = int(len(truth) ** 0.5)
    edges = _edges(values, min(_N_CELLS, 5 + root))
    joint = np.histogram2d(predicted, truth, bins=(edges, edges))[0]
    around = _edges(rest, min(_N_BINS, 5 + root))
    return {
        "r2": plain([r2_score(truth, predicted) if len(truth) > 1 else np.nan])[0],
        "mean_absolute_error": float(mean_absolute_error(truth, predicted)),
        "mean": float(rest.mean()),
        "std": float(rest.std()),
        "quantiles": {
            f"{q:g}": float(value)
            for q, value in zip(_QUANTILES, np.quantile(rest, _QUANTILES), strict=True)
        },
        "histogram": {
            "edges": plain(around),
            "rows": np.histogram(rest, around)[0].tolist(),
        },
        "joint": {"edges": plain(edges), "rows": joint.astype(int).tolist()},
    }


def _edges(values: np.ndarray, n_bins: int) -> np.ndarray:
    low, high = np.quantile(values, _SHOWN)
    if not low < high:
        # A column of one value still has a width.
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    return np.linspace(low, high, n_bins + 1)
