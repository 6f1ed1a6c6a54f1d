"""Spread of cuts and scores over folds, and curves of the score."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, check_cv

from windu.components.thresholds.objectives import Truth
from windu.components.thresholds.rules import ascend, between, line_at, line_of, some_of

__all__ = ["curve_of", "folds_of", "no_gain_elsewhere", "spread_of"]

#: Number of points of a curve.
_POINTS = 200


def folds_of(cv: Any, codes: np.ndarray) -> np.ndarray | None:
    """Return the number of the fold of each row, -1 for none; None without folds.

    Parameters
    ----------
    cv : int, float, splitter, iterable or "prefit"
        As in `ThresholdSelector`.
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        The target.

    Returns
    -------
    ndarray of shape (n_samples,) or None
        None too where there are too few rows.
    """
    n = len(codes)
    if isinstance(cv, (str, float)) or cv is None:
        return None
    if isinstance(cv, Integral):
        most = n if codes.ndim == 2 else np.bincount(codes).max()
        if most < int(cv):
            return None
        cv = (KFold if codes.ndim == 2 else StratifiedKFold)(int(cv))
    folds = np.full(n, -1)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is absent from some; that is harmless.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for number, (_, rows) in enumerate(check_cv(cv).split(np.zeros(n), codes)):
            folds[rows] = number
    return folds


def _parts(folds: np.ndarray | None) -> list[np.ndarray]:
    if folds is None:
        return []
    return [np.flatnonzero(folds == number) for number in np.unique(folds[folds >= 0])]


def no_gain_elsewhere(
    rule: Any,
    evidence: np.ndarray,
    truth: Truth,
    objective: Any,
    start: np.ndarray,
    folds: np.ndarray | None,
) -> str:
    """Return why plain cuts should be kept: out of fold, others gain nothing.

    Parameters
    ----------
    rule, evidence, truth, objective, folds
        As in `spread_of`.
    start : ndarray of shape (n_cuts,)
        The cuts that would stay.

    Returns
    -------
    str
        Empty where they do, or where there are no folds.
    """
    parts = _parts(folds)
    if len(parts) < 2:
        return ""
    everything = np.concatenate(parts)
    decided = [
        rule.decide(
            evidence[rows],
            ascend(rule, evidence[rest], truth.take(rest), objective, start)[0],
        )
        for rows in parts
        for rest in [np.setdiff1d(everything, rows)]
    ]
    present = truth.take(everything)
    reached = objective.of(np.concatenate(decided), present)
    before = objective.of(rule.decide(evidence[everything], start), present)
    if reached > before:
        return ""
    return (
        f"chosen on the other folds, weights give a score of {reached:.4g}, without "
        f"them it is {before:.4g}."
    )


def spread_of(
    rule: Any,
    evidence: np.ndarray,
    truth: Truth,
    objectives: tuple[Any, Any],
    cuts: np.ndarray,
    folds: np.ndarray | None,
    *,
    fixed: bool,
) -> tuple[float, np.ndarray]:
    """Return the standard deviation of the score, and of the cuts, over folds.

    Parameters
    ----------
    rule : rule
        What decides.
    evidence : ndarray
        Scores of all rows.
    truth : Truth
        Of all rows.
    objectives : tuple of (objective, objective)
        What the score is, and what the cuts are chosen for.
    cuts : ndarray of shape (n_cuts,)
        The chosen ones.
    folds : ndarray of shape (n_samples,) or None
        Number of the fold of each row.
    fixed : bool
        Whether nothing was chosen.

    Returns
    -------
    score_std : float
        NaN with less than two folds.
    cuts_std : ndarray of shape (n_cuts,)
        In the form of ``thresholds_``.
    """
    parts = _parts(folds)
    nothing = np.full(len(cuts), np.nan)
    if len(parts) < 2:
        return float("nan"), nothing
    decided = rule.decide(evidence, cuts)
    scores = [objectives[0].of(decided[rows], truth.take(rows)) for rows in parts]
    if fixed:
        return float(np.std(scores)), nothing * 0
    chosen = [
        rule.stored(
            ascend(rule, evidence[rows], truth.take(rows), objectives[1], cuts)[0]
        )
        for rows in parts
    ]
    return float(np.std(scores)), np.std(chosen, axis=0)


def curve_of(
    rule: Any,
    evidence: np.ndarray,
    truth: Truth,
    objective: Any,
    thresholds: np.ndarray,
    folds: np.ndarray | None,
    names: list[Any],
) -> dict[str, list[Any]]:
    """Return the score along each cut as columns of a table.

    Parameters
    ----------
    rule, evidence, truth, objective, folds
        As in `spread_of`.
    thresholds : ndarray of shape (n_cuts,)
        The chosen cuts, as ``thresholds_`` shows them.
    names : list
        What each cut belongs to; None for the only one.

    Returns
    -------
    dict of str to list
        ``label`` (where there are several), ``threshold``, ``score``, ``std``.
    """
    parts = _parts(folds)
    cuts = rule.cuts(thresholds)
    most = min(_POINTS, objective.n_cuts or _POINTS)
    curve: dict[str, list[Any]] = {"label": [], "threshold": [], "score": [], "std": []}
    for index, name in enumerate(names):
        line, falling = line_of(rule, evidence, cuts, index)
        at = between(falling, some_of(line.ends, falling, most), rule.dust)
        at = at[np.abs(at - cuts[index]) > rule.dust]
        at = np.unique(np.append(at, cuts[index]))[::-1]
        std = np.full(len(at), np.nan)
        if len(parts) > 1:
            of_folds = [
                objective.along(
                    line_at(*line_of(rule, evidence[rows], cuts, index), at),
                    truth.take(rows),
                )
                for rows in parts
            ]
            std = np.std(of_folds, axis=0)
        moved = np.tile(cuts, (len(at), 1))
        moved[:, index] = at
        shown = np.array([rule.stored(row)[index] for row in moved])
        shown[at == cuts[index]] = thresholds[index]
        curve["label"] += [name] * len(at)
        curve["threshold"] += shown.tolist()
        curve["score"] += objective.along(line_at(line, falling, at), truth).tolist()
        curve["std"] += std.tolist()
    if len(names) == 1:
        del curve["label"]
    return curve
