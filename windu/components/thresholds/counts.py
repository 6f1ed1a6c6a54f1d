"""Scores of decisions as functions of counts, over many cuts at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["CLASS_SCORES", "TABLE_SCORES", "Counts", "averaged", "of_yes"]


@dataclass(frozen=True)
class Counts:
    """Weighted counts of correct, chosen and true rows of each class.

    Attributes
    ----------
    hit, chosen : ndarray of shape (..., n_classes)
        Rows where the class was decided and true, and where it was decided; leading
        axes are cuts.
    true : ndarray of shape (n_classes,)
        Rows of the class.
    loss : ndarray of shape (...)
        Sum of what each row's decision costs, where decisions have costs.
    """

    hit: np.ndarray
    chosen: np.ndarray
    true: np.ndarray
    loss: Any = 0.0

    @property
    def total(self) -> float:
        """All rows."""
        return float(self.true.sum())


def _ratio(above: Any, below: Any) -> Any:
    """Divide; 0 / 0 is 0, as in scikit-learn."""
    above, below = np.broadcast_arrays(np.asarray(above, float), below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below != 0)


def _f_score(c: Counts, beta: float = 1.0) -> Any:
    return _ratio((1 + beta**2) * c.hit, beta**2 * c.true + c.chosen)


def _specificity(c: Counts) -> Any:
    return _ratio(c.total - c.true - c.chosen + c.hit, c.total - c.true)


def _negative_predictive_value(c: Counts) -> Any:
    return _ratio(c.total - c.true - c.chosen + c.hit, c.total - c.chosen)


#: One value per class, against all others.
CLASS_SCORES: dict[str, Callable[..., Any]] = {
    "f": _f_score,
    "jaccard": lambda c: _ratio(c.hit, c.true + c.chosen - c.hit),
    "negative_predictive_value": _negative_predictive_value,
    "precision": lambda c: _ratio(c.hit, c.chosen),
    "recall": lambda c: _ratio(c.hit, c.true),
    "specificity": _specificity,
}


def averaged(c: Counts, name: str, average: str, positive: int, **options: Any) -> Any:
    """Return the average of a score over the classes, as scikit-learn does.

    Parameters
    ----------
    c : Counts
        All classes of one target.
    name : str
        One of `CLASS_SCORES`.
    average : {"binary", "macro", "micro", "weighted"}
        ``"binary"`` is the score of the positive class.
    positive : int
        Code of the positive class.
    **options : dict
        Of the score.

    Returns
    -------
    ndarray of shape (...)
        One value a cut.
    """
    score = CLASS_SCORES[name]
    if average == "micro":
        total = Counts(
            c.hit.sum(-1), c.chosen.sum(-1), np.asarray(c.true.sum()), c.loss
        )
        return score(total, **options)
    values = score(c, **options)
    if average == "binary":
        return values[..., positive]
    if average == "weighted":
        return values @ c.true / c.total
    # A class without true and predicted rows does not count.
    defined = (c.true > 0) | (c.chosen > 0)
    return _ratio((values * defined).sum(-1), defined.sum(-1))


def _accuracy(c: Counts) -> Any:
    return c.hit.sum(-1) / c.total


def _balanced_accuracy(c: Counts, adjusted: bool = False) -> Any:
    defined = c.true > 0
    value = (c.hit[..., defined] / c.true[defined]).mean(-1)
    chance = 1 / defined.sum()
    return (value - chance) / (1 - chance) if adjusted else value


def _matthews(c: Counts) -> Any:
    n = c.total
    covariance = n * c.hit.sum(-1) - c.chosen @ c.true
    spread = (n**2 - (c.chosen**2).sum(-1)) * (n**2 - (c.true**2).sum())
    return _ratio(covariance, np.sqrt(np.maximum(spread, 0)))


def _kappa(c: Counts, distance: np.ndarray | None = None) -> Any:
    """Cohen's kappa; with distances between classes ``loss`` is their sum."""
    if distance is None:
        wrong = c.total - c.hit.sum(-1)
        by_chance = c.total - c.chosen @ c.true / c.total
    else:
        wrong = c.loss
        by_chance = c.chosen @ (c.true @ distance) / c.total
    # scikit-learn returns nan if chance alone is always right.
    return np.where(by_chance == 0, 0.0, 1 - _ratio(wrong, by_chance))


#: One value for all classes.
TABLE_SCORES: dict[str, Callable[..., Any]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "cost": lambda c: -c.loss / c.total,
    "kappa": _kappa,
    "matthews_corrcoef": _matthews,
    "zero_one_loss": lambda c: 1 - _accuracy(c),
}


def of_yes(hit: Any, chosen: Any, true: Any, total: float) -> Counts:
    """Return counts of no and yes for the yes of one label, or of several.

    Parameters
    ----------
    hit, chosen, true : array-like of shape (...)
        Counts of yes.
    total : float
        All rows.

    Returns
    -------
    Counts
        Of the classes no and yes.
    """
    hit, chosen = np.asarray(hit, float), np.asarray(chosen, float)
    true = np.asarray(float(true))
    no_hit = total - true - chosen + hit
    return Counts(
        np.stack([no_hit, hit], -1),
        np.stack([total - chosen, chosen], -1),
        np.array([total - true, true]),
    )
