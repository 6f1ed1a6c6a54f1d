"""Whether probabilities are what they say: a reliability curve and its error."""

from __future__ import annotations

from typing import Any

import numpy as np

from windu.evaluation.held_out import HeldOut, plain

__all__ = ["calibration", "reliability"]

N_BINS = 10
#: More labels than this are shown together only.
MAX_LABELS = 50


def reliability(scores: np.ndarray, happened: np.ndarray) -> dict[str, Any]:
    """Return how often something happened that was given a probability.

    The expected calibration error is the mean distance of the two over bins of equal
    width, weighted by their rows [1]_.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Probabilities.
    happened : ndarray of bool of shape (n_samples,)
        Whether it did.

    Returns
    -------
    dict
        ``error``, from 0 to 1, and of each bin that has rows ``predicted`` and
        ``observed`` (means) and ``rows``.

    References
    ----------
    .. [1] M. Pakdaman Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", AAAI 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.evaluation.calibration import reliability
    >>> found = reliability(np.array([0.2, 0.2, 0.9]), np.array([False, True, True]))
    >>> found["observed"], round(found["error"], 3)
    ([0.5, 1.0], 0.233)
    """
    at = np.minimum((scores * N_BINS).astype(int), N_BINS - 1)
    rows = np.bincount(at, minlength=N_BINS)
    filled = rows > 0
    predicted, observed = (
        np.bincount(at, weights=values, minlength=N_BINS)[filled] / rows[filled]
        for values in (scores, happened)
    )
    rows = rows[filled]
    error = float(np.average(np.abs(predicted - observed), weights=rows))
    return {
        "error": error,
        "predicted": plain(predicted),
        "observed": plain(observed),
        "rows": rows.tolist(),
    }


def calibration(held_out: HeldOut) -> dict[str, Any] | None:
    """Return the reliability of what was predicted.

    Parameters
    ----------
    held_out : HeldOut
        Of a task with classes or labels.

    Returns
    -------
    dict or None
        As `reliability`, with ``of``: the positive class of two, the class that got
        the highest probability of several, or all labels together, whose single
        errors are ``labels``. None without probabilities.
    """
    if held_out.scores is None or not len(held_out.truth):
        return None
    if held_out.task == "binary":
        curve = reliability(held_out.scores[:, 1], held_out.truth == 1)
        return {"of": f"the probability of {held_out.names[1]}", **curve}
    if held_out.task == "multiclass":
        best = held_out.scores.argmax(axis=1)
        curve = reliability(held_out.scores.max(axis=1), best == held_out.truth)
        return {"of": "the highest probability of each row", **curve}
    curve = reliability(held_out.scores.ravel(), held_out.truth.ravel() == 1)
    labels = {
        name: reliability(held_out.scores[:, i], held_out.truth[:, i] == 1)["error"]
        for i, name in enumerate(held_out.names[:MAX_LABELS])
    }
    return {"of": "the probability of each label", **curve, "labels": labels}
