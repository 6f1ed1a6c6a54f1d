"""Rules that turn scores to decisions, and the search for their cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from windu.components.thresholds.objectives import Line, Truth

__all__ = ["RULES", "LabelCuts", "OneCut", "OrderedCuts", "Weights", "ascend", "lines"]

#: Rounds over all cuts; a round without gain is the last.
_ROUNDS = 20
#: Gains below this are rounding.
_GAIN = 1e-12
#: Weights tried a class and round, times the classes: each costs as many counts.
_WEIGHTS = 20_000


@dataclass(frozen=True)
class _Cuts:
    """What rules of plain cuts share.

    Attributes
    ----------
    margin : bool, default=False
        Whether scores are distances from a border at 0, not probabilities.
    """

    margin: bool = False

    def most(self, n_classes: int) -> int | None:
        """Return how many values of a cut are tried; None for every distinct score."""
        return None

    def stored(self, cuts: np.ndarray) -> np.ndarray:
        """Return the cuts as `thresholds_` shows them."""
        return cuts

    def cuts(self, stored: np.ndarray) -> np.ndarray:
        """Return the cuts that `thresholds_` stands for."""
        return stored


@dataclass(frozen=True)
class OneCut(_Cuts):
    """Two classes: yes from a score on."""

    def plain(self, n_classes: int) -> np.ndarray:
        """Return the cut of the larger probability; a tie is a no."""
        return _plain_cuts(1, self.margin)

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return where the search begins besides the plain cuts."""
        return []

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples,)."""
        return (scores >= cuts[0]).astype(np.int64)

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, which: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to yes, and the line before any has."""
        n = len(scores)
        line = Line(np.zeros(n, np.int64), np.arange(n), *_from_to(n, 0, 1))
        return scores, line


@dataclass(frozen=True)
class LabelCuts(_Cuts):
    """Several labels: each is a yes from its own score on."""

    def plain(self, n_classes: int) -> np.ndarray:
        """Return the cut of the larger probability for each label."""
        return _plain_cuts(n_classes, self.margin)

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return cuts that give each label as often as it is true."""
        shares = truth.codes.mean(0)
        cuts = [
            np.quantile(scores[:, label], 1 - share)
            for label, share in enumerate(shares)
        ]
        return [np.array(cuts)]

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples, n_labels)."""
        return (scores >= cuts).astype(np.int64)

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, which: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to yes, and the line before any has."""
        start = self.decide(scores, cuts)
        start[:, which] = 0
        n = len(scores)
        line = Line(start, np.arange(n), *_from_to(n, 0, 1), label=which)
        return scores[:, which], line


@dataclass(frozen=True)
class Weights(_Cuts):
    """Several classes: the largest weighted score, of scores that are logarithms.

    Cuts are minus the logarithm of the weights, so that a lower cut gives a class to
    more rows, as it does for labels.
    """

    def most(self, n_classes: int) -> int:
        """Return how many weights of a class are tried."""
        return max(200, _WEIGHTS // n_classes)

    def plain(self, n_classes: int) -> np.ndarray:
        """Return equal weights."""
        return np.zeros(n_classes)

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return weights against the shares of the classes, whole and half."""
        counts = np.bincount(truth.codes, truth.weight, truth.n_classes)
        logs = np.log(np.maximum(counts, 1.0) / counts.sum())
        logs = logs - logs.mean()
        return [logs, logs / 2]

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples, n_classes)."""
        return (scores - cuts).argmax(1)

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, which: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to a class, and the line before any has."""
        weighted = scores - cuts
        own = scores[:, which]
        weighted[:, which] = -np.inf
        start = weighted.argmax(1)
        n = len(start)
        line = Line(start, np.arange(n), start, np.full(n, which), np.empty(0, int))
        return own - weighted[np.arange(n), start], line

    def stored(self, cuts: np.ndarray) -> np.ndarray:
        """Return weights with a geometric mean of 1."""
        return np.exp(cuts.mean() - cuts)

    def cuts(self, stored: np.ndarray) -> np.ndarray:
        """Return minus the logarithms of weights."""
        return -np.log(stored)


@dataclass(frozen=True)
class OrderedCuts(_Cuts):
    """Ordered classes on one score: one more for each cut that is reached."""

    def plain(self, n_classes: int) -> np.ndarray:
        """Return the cuts halfway between the ranks."""
        return np.arange(n_classes - 1) + 0.5

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return cuts that give each class as often as it is true."""
        counts = np.bincount(truth.codes, truth.weight, truth.n_classes)
        below = np.cumsum(counts)[:-1] / counts.sum()
        return [np.quantile(scores, below)]

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples,)."""
        return np.searchsorted(cuts, scores, side="right")

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, which: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row goes one class up, and the line before any has."""
        low = cuts[which - 1] if which else -np.inf
        high = cuts[which + 1] if which + 1 < len(cuts) else np.inf
        rows = np.flatnonzero((scores >= low) & (scores < high))
        start = self.decide(scores, cuts)
        start[rows] = which
        line = Line(start, rows, *_from_to(len(rows), which, which + 1))
        return scores[rows], line


RULES: dict[str, Any] = {
    "binary": OneCut,
    "multiclass": Weights,
    "multilabel": LabelCuts,
    "ordered": OrderedCuts,
}


def _plain_cuts(n: int, margin: bool) -> np.ndarray:
    return np.full(n, np.nextafter(0.0 if margin else 0.5, 1.0))


def _from_to(n: int, before: int, after: int) -> tuple[Any, Any, Any]:
    return np.full(n, before), np.full(n, after), np.empty(0, int)


def lines(
    rule: Any,
    scores: np.ndarray,
    cuts: np.ndarray,
    which: int,
    *,
    at: np.ndarray | None = None,
    most: int | None = None,
) -> tuple[Line, np.ndarray]:
    """Return the line of one cut, the others kept, and the values it takes there.

    Parameters
    ----------
    rule : rule
        One of `RULES`.
    scores : ndarray
        Of all rows.
    cuts : ndarray of shape (n_cuts,)
        Where they stand.
    which : int
        The one that moves.
    at : ndarray, default=None
        Values to take; by default halfway between any two distinct scores.
    most : int, default=None
        So many values at most, evenly among the rows.

    Returns
    -------
    line : Line
        With one end a value.
    values : ndarray of shape (n_values,)
        Of the cut.
    """
    position, line = rule.position(scores, cuts, which)
    # Rows of one score change at one cut: their order does not matter.
    order = np.argsort(-position)
    falling = position[order]
    if at is None:
        ends = np.flatnonzero(np.diff(falling)) + 1
        ends = np.concatenate([[0], ends, [len(falling)]]) if len(falling) else ends[:0]
        if most is not None and len(ends) > most:
            ends = ends[np.linspace(0, len(ends) - 1, most).round().astype(int)]
        at = _between(falling, ends)
    else:
        ends = np.searchsorted(-falling, -at, side="right")
    made = Line(
        line.start,
        line.rows[order],
        line.before[order],
        line.after[order],
        ends,
        line.label,
    )
    return made, at


def _between(falling: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return cuts that the first so many scores reach, halfway to the next score."""
    if not len(ends):
        return np.empty(0)
    above = falling[np.maximum(ends - 1, 0)]
    below = falling[np.minimum(ends, len(falling) - 1)]
    middle = below + (above - below) / 2
    middle = np.where(middle > below, middle, above)
    middle = np.where(ends == 0, np.nextafter(falling[0], np.inf), middle)
    return np.where(ends == len(falling), falling[-1], middle)


def ascend(
    rule: Any, scores: np.ndarray, truth: Truth, objective: Any, start: np.ndarray
) -> tuple[np.ndarray, float]:
    """Move one cut at a time to its best value until none gains.

    For one cut, and for labels with a score that is a mean over them, this is the
    optimum over all distinct scores. It also is for a ratio of sums over labels, as
    micro averages are: where no label alone can raise the ratio, no set of labels can
    (Dinkelbach, "On nonlinear fractional programming", Management Science 13, 1967).
    Otherwise it is a local optimum.

    Parameters
    ----------
    rule : rule
        One of `RULES`.
    scores : ndarray
        Of all rows.
    truth : Truth
        Of all rows.
    objective : objective
        What is raised.
    start : ndarray of shape (n_cuts,)
        Where to begin; kept where nothing is better.

    Returns
    -------
    cuts : ndarray of shape (n_cuts,)
        Never worse than the start.
    score : float
        Of the objective.
    """
    cuts = np.array(start, dtype=float)
    best = objective.of(rule.decide(scores, cuts), truth)
    limits = (rule.most(truth.n_classes), objective.n_cuts)
    most = min([limit for limit in limits if limit is not None], default=None)
    for _ in range(1 if len(cuts) == 1 else _ROUNDS):
        before = best
        for which in range(len(cuts)):
            line, at = lines(rule, scores, cuts, which, most=most)
            if not len(at):
                continue
            values = objective.along(line, truth)
            if values.max() > best + _GAIN:
                equal = np.flatnonzero(values == values.max())
                nearest = equal[np.abs(at[equal] - cuts[which]).argmin()]
                cuts[which], best = at[nearest], float(values[nearest])
        if best <= before + _GAIN:
            break
    return cuts, best
