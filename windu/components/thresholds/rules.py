"""Rules that turn scores to decisions, and the search for their cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from windu.components.thresholds.objectives import Constrained, Line, Truth

__all__ = [
    "RULES",
    "LabelCuts",
    "OneCut",
    "OrderedCuts",
    "Weights",
    "ascend",
    "between",
    "line_at",
    "line_of",
    "search",
    "some_of",
]


def line_of(
    rule: Any, scores: np.ndarray, cuts: np.ndarray, index: int
) -> tuple[Line, np.ndarray]:
    """Return the line of one cut, the others kept, with an end at every change.

    Parameters
    ----------
    rule : rule
        One of `RULES`.
    scores : ndarray
        Of all rows.
    cuts : ndarray of shape (n_cuts,)
        Where they stand.
    index : int
        The one that moves.

    Returns
    -------
    line : Line
        With an end between any two distinct scores, before the first and after the
        last.
    falling : ndarray of shape (n_changes,)
        Scores of its rows.
    """
    position, line = rule.position(scores, cuts, index)
    # Rows of equal scores change together.
    order = np.argsort(-position)
    falling = position[order]
    ends = np.flatnonzero(-np.diff(falling) > rule.dust) + 1
    ends = np.concatenate([[0], ends, [len(falling)]]) if len(falling) else ends
    rows, before, after = line.rows[order], line.before[order], line.after[order]
    reduced = replace(line, rows=rows, before=before, after=after, ends=ends)
    return reduced, falling


def line_at(line: Line, falling: np.ndarray, at: np.ndarray) -> Line:
    """Return the same line with its ends at given values of the cut.

    Parameters
    ----------
    line, falling
        As `line_of` gives them.
    at : ndarray of shape (n_values,)
        From the highest to the lowest.

    Returns
    -------
    Line
        With one end a value.
    """
    return replace(line, ends=np.searchsorted(-falling, -at, side="right"))


def some_of(ends: np.ndarray, falling: np.ndarray, most: int | None) -> np.ndarray:
    """Return no more than so many ends: half evenly by rows, half evenly by scores.

    Parameters
    ----------
    ends, falling : ndarray
        As `line_of` gives them.
    most : int or None
        None returns all.

    Returns
    -------
    ndarray of shape (n_values,)
        The first and the last among them.
    """
    if most is None or len(ends) <= most:
        return ends
    by_rows = np.linspace(0, len(ends) - 1, most - most // 2).round()
    rising = -falling[np.minimum(ends, len(falling) - 1)]
    levels = np.linspace(rising[0], rising[-1], most // 2)
    by_scores = np.searchsorted(rising, levels)
    return ends[np.union1d(by_rows, np.minimum(by_scores, len(ends) - 1)).astype(int)]


def between(falling: np.ndarray, ends: np.ndarray, dust: float) -> np.ndarray:
    """Return cuts that the first so many scores reach, halfway to the next score.

    Parameters
    ----------
    falling : ndarray of shape (n_changes,)
        As `line_of` gives it.
    ends : ndarray of shape (n_values,)
        Numbers of scores.
    dust : float
        Scores that differ by no more are one.

    Returns
    -------
    ndarray of shape (n_values,)
        Values of the cut.
    """
    if not len(ends):
        return np.empty(0)
    above = falling[np.maximum(ends - 1, 0)]
    below = falling[np.minimum(ends, len(falling) - 1)]
    middle = below + (above - below) / 2
    middle = np.where(middle > below, middle, above)
    middle = np.where(ends == 0, np.nextafter(falling[0] + dust, np.inf), middle)
    return np.where(ends == len(falling), falling[-1] - dust, middle)


#: Largest number of rounds; a round without gain is the last.
_ROUNDS = 20
#: Smallest gain that is not rounding.
_GAIN = 1e-12
#: Weights tried a class and round, times the classes: each costs as many counts.
_WEIGHTS = 10_000
#: Logarithms closer than this differ by rounding alone.
_DUST = 1e-12


@dataclass(frozen=True)
class _Cuts:
    """Base class of rules with plain cuts.

    Attributes
    ----------
    margin : bool, default=False
        Whether scores are distances from a border at 0, not probabilities.
    """

    margin: bool = False
    #: Tolerance of equal scores.
    dust: ClassVar[float] = 0.0

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
    """Two classes: yes if the score reaches the cut."""

    def plain(self, n_classes: int) -> np.ndarray:
        """Return the cut of the larger probability; a tie is a no."""
        return _plain_cuts(1, self.margin)

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return start values besides the plain cuts."""
        return []

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples,)."""
        return (scores >= cuts[0]).astype(np.int64)

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, index: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to yes, and the line before any has."""
        n = len(scores)
        line = Line(np.zeros(n, np.int64), np.arange(n), *_from_to(n, 0, 1))
        return scores, line


@dataclass(frozen=True)
class LabelCuts(_Cuts):
    """Several labels: each is chosen if its score reaches its cut."""

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
        self, scores: np.ndarray, cuts: np.ndarray, index: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to yes, and the line before any has."""
        start = self.decide(scores, cuts)
        start[:, index] = 0
        n = len(scores)
        line = Line(start, np.arange(n), *_from_to(n, 0, 1), label=index)
        return scores[:, index], line


@dataclass(frozen=True)
class Weights(_Cuts):
    """Several classes: the largest weighted score, of scores that are logarithms.

    Cuts are minus the logarithm of the weights, so that a lower cut gives a class to
    more rows, as it does for labels.
    """

    dust: ClassVar[float] = _DUST

    def most(self, n_classes: int) -> int:
        """Return how many weights of a class are tried, and around the best again."""
        return max(200, _WEIGHTS // n_classes)

    def plain(self, n_classes: int) -> np.ndarray:
        """Return equal weights."""
        return np.zeros(n_classes)

    def starts(self, scores: np.ndarray, truth: Truth) -> list[np.ndarray]:
        """Return weights against the shares of the classes, whole and half."""
        counts = np.bincount(truth.codes, truth.weight, truth.n_classes)
        # A class that no row has counts as one row.
        logs = np.log(np.maximum(counts, truth.weight.mean()))
        logs = logs - logs.mean()
        return [logs, logs / 2]

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the decisions for scores of shape (n_samples, n_classes)."""
        return (scores - cuts).argmax(1)

    def position(
        self, scores: np.ndarray, cuts: np.ndarray, index: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row turns to a class, and the line before any has."""
        weighted = scores - cuts
        own = scores[:, index]
        weighted[:, index] = -np.inf
        start = weighted.argmax(1)
        n = len(start)
        line = Line(start, np.arange(n), start, np.full(n, index), np.empty(0, int))
        lead = own - weighted[np.arange(n), start]
        # At equal scores the first class is decided.
        return np.where(start < index, np.nextafter(lead, -np.inf), lead), line

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
        self, scores: np.ndarray, cuts: np.ndarray, index: int
    ) -> tuple[np.ndarray, Line]:
        """Return how early each row goes one class up, and the line before any has."""
        low = cuts[index - 1] if index else -np.inf
        high = cuts[index + 1] if index + 1 < len(cuts) else np.inf
        rows = np.flatnonzero((scores >= low) & (scores < high))
        start = self.decide(scores, cuts)
        start[rows] = index
        line = Line(start, rows, *_from_to(len(rows), index, index + 1))
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


def _tried(
    line: Line, falling: np.ndarray, truth: Truth, objective: Any, most: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return ends and their scores; where not all are tried, more around the best."""

    def values(ends: np.ndarray) -> np.ndarray:
        values_along = objective.along(replace(line, ends=ends), truth)
        # An undefined score is never the best.
        return np.where(np.isnan(values_along), -np.inf, values_along)

    ends = some_of(line.ends, falling, most)
    reached = values(ends)
    if len(ends) == len(line.ends):
        return ends, reached
    best = int(reached.argmax())
    low, high = ends[max(best - 1, 0)], ends[min(best + 1, len(ends) - 1)]
    near = line.ends[(line.ends > low) & (line.ends < high) & (line.ends != ends[best])]
    near = some_of(near, falling, most)
    if not len(near):
        return ends, reached
    return np.append(ends, near), np.append(reached, values(near))


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
    best = -np.inf if np.isnan(best) else best
    limits = (rule.most(truth.n_classes), objective.n_cuts)
    most = min([limit for limit in limits if limit is not None], default=None)
    for _ in range(1 if len(cuts) == 1 else _ROUNDS):
        before = best
        for index in range(len(cuts)):
            line, falling = line_of(rule, scores, cuts, index)
            if not len(falling):
                continue
            ends, values = _tried(line, falling, truth, objective, most)
            if values.max() > best + _GAIN:
                at = between(falling, ends[values == values.max()], rule.dust)
                cuts[index] = at[np.abs(at - cuts[index]).argmin()]
                best = float(values.max())
        if best <= before + _GAIN:
            break
    return cuts, best


def search(
    rule: Any, scores: np.ndarray, truth: Truth, objective: Any, start: np.ndarray
) -> np.ndarray:
    """Return the best cuts that are found from several starts.

    Parameters
    ----------
    rule, scores, truth, objective, start
        As in `ascend`.

    Returns
    -------
    ndarray of shape (n_cuts,)
        Never worse than the start.
    """
    starts = [start, *rule.starts(scores, truth)]
    if isinstance(objective, Constrained) and len(start) > 1:
        plain = objective.objective.of(rule.decide(scores, start), truth)
        starts += [
            ascend(rule, scores, truth, relaxed, start)[0]
            for relaxed in objective.relaxed(abs(plain) or 1.0)
        ]
    candidates = [
        ascend(rule, scores, truth, objective, candidate) for candidate in starts
    ]
    return max(candidates, key=lambda candidate: candidate[1])[0]
