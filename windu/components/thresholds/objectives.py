"""Objectives of thresholds: scores of decisions, for one or many cuts at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from windu.components.thresholds.counts import (
    CLASS_SCORES,
    TABLE_SCORES,
    Counts,
    averaged,
    of_yes,
)

__all__ = [
    "CallObjective",
    "ClassObjective",
    "Constrained",
    "LabelObjective",
    "Line",
    "Relaxed",
    "RowObjective",
    "Truth",
]

#: Cuts at which a score is computed that counts alone do not give, and again around
#: the best of them.
GRID = 100
#: Largest number of counts in memory.
_CELLS = 4_000_000
#: Below all scores of decisions that meet the constraints.
_BROKEN = 1e15
#: Tolerance of bounds.
_SLACK = 1e-12
#: What a score with a bound is worth, in sizes of the wanted score, to find starts.
_PRICES = (0.2, 0.8, 3.0, 12.0)


@dataclass(frozen=True)
class Truth:
    """The true classes of rows, with weights and costs.

    Attributes
    ----------
    codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Codes of classes, or 0 and 1 a label.
    weight : ndarray of shape (n_samples,)
        Weights of the rows.
    n_classes : int
        Number of classes, or of labels.
    costs : ndarray of shape (n_samples, n_classes), default=None
        Cost of each decision, for labels of a wrong one.
    """

    codes: np.ndarray
    weight: np.ndarray
    n_classes: int
    costs: np.ndarray | None = None

    def take(self, rows: Any) -> Truth:
        """Return some of the rows."""
        costs = None if self.costs is None else self.costs[rows]
        return Truth(self.codes[rows], self.weight[rows], self.n_classes, costs)


@dataclass(frozen=True)
class Line:
    """Decisions that change one row at a time.

    Attributes
    ----------
    start : ndarray
        Decisions before any change, as `Truth.codes`.
    rows : ndarray of shape (n_changes,)
        Rows in the order in which they change.
    before, after : ndarray of shape (n_changes,)
        What was and is decided for these rows.
    ends : ndarray of shape (n_cuts,)
        Number of changes at each cut.
    label : int, default=None
        The label that changes, where there are several.
    """

    start: np.ndarray
    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    ends: np.ndarray
    label: int | None = None

    def decided(self, cut: int) -> np.ndarray:
        """Return the decisions at a cut."""
        changed = slice(0, int(self.ends[cut]))
        decisions = self.start.copy()
        column = decisions if self.label is None else decisions[:, self.label]
        column[self.rows[changed]] = self.after[changed]
        return decisions


class ClassObjective:
    """A score of one target with two classes or more, by counts.

    Parameters
    ----------
    name : str
        One of `CLASS_SCORES` and `TABLE_SCORES`.
    average : str
        For `CLASS_SCORES`.
    positive : int, default=1
        Code of the positive class.
    sign : {-1, 1}, default=1
        -1 for losses.
    **options : dict
        Of the score.
    """

    n_cuts: int | None = None
    weighted = True

    def __init__(
        self,
        name: str,
        average: str = "macro",
        positive: int = 1,
        sign: int = 1,
        **options: Any,
    ):
        self.name, self.average, self.positive = name, average, positive
        self.sign, self.options = sign, options

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the score of decisions."""
        return float(self._value(self._counts(decided, truth)))

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the score at each cut of a line."""
        return np.concatenate(
            [np.atleast_1d(self._value(c)) for c in self._counts_along(line, truth)]
        )

    def _value(self, counts: Counts) -> Any:
        if self.name in TABLE_SCORES:
            return self.sign * TABLE_SCORES[self.name](counts, **self.options)
        value = averaged(counts, self.name, self.average, self.positive, **self.options)
        return self.sign * value

    def _price(self, rows: Any, decided: np.ndarray, truth: Truth) -> Any:
        distance = self.options.get("distance")
        if distance is not None:
            return distance[truth.codes[rows], decided]
        if self.name == "cost" and truth.costs is not None:
            return truth.costs[rows, decided]
        return np.zeros(len(decided))

    def _counts(self, decided: np.ndarray, truth: Truth) -> Counts:
        n, weight = truth.n_classes, truth.weight
        price = self._price(np.arange(len(decided)), decided, truth)
        return Counts(
            np.bincount(truth.codes, weight * (decided == truth.codes), n),
            np.bincount(decided, weight, n),
            np.bincount(truth.codes, weight, n),
            float(weight @ price),
        )

    def _counts_along(self, line: Line, truth: Truth) -> Iterator[Counts]:
        """Yield counts at all cuts in chunks of bounded memory."""
        n, last = truth.n_classes, self._counts(line.start, truth)
        step, first = max(1, _CELLS // n), 0
        for low in range(0, len(line.ends), step):
            ends = line.ends[low : low + step]
            changed = slice(first, int(ends[-1]))
            rows, m = line.rows[changed], len(ends)
            before, after = line.before[changed], line.after[changed]
            weight, true = truth.weight[rows], truth.codes[rows]
            cut = np.repeat(np.arange(m), np.diff(ends, prepend=first))

            def summed(codes: Any, values: Any, cut: Any = cut, m: int = m) -> Any:
                cells = np.bincount(cut * n + codes, values, m * n)
                return cells.reshape(m, n).cumsum(0)

            price = self._price(rows, after, truth) - self._price(rows, before, truth)
            hits = summed(after, weight * (true == after)) - summed(
                before, weight * (true == before)
            )
            chosen = summed(after, weight) - summed(before, weight)
            loss = np.bincount(cut, weight * price, m).cumsum()
            counts = Counts(
                last.hit + hits, last.chosen + chosen, last.true, last.loss + loss
            )
            yield counts
            last = Counts(counts.hit[-1], counts.chosen[-1], last.true, counts.loss[-1])
            first = int(ends[-1])


class LabelObjective:
    """A score of several labels, by the counts of each.

    Parameters
    ----------
    name : str
        One of `CLASS_SCORES` and `TABLE_SCORES`.
    average : {"macro", "micro", "weighted"}, default="macro"
        Over the labels.
    sign : {-1, 1}, default=1
        -1 for losses.
    **options : dict
        Of the score.
    """

    n_cuts: int | None = None
    weighted = True

    def __init__(
        self, name: str, average: str = "macro", sign: int = 1, **options: Any
    ):
        self.average, self.sign, self.name = average, sign, name
        self._score = ClassObjective(name, "binary", 1, sign, **options)

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the score of decisions."""
        if self.name == "cost":
            costs = _costs(truth) * (decided != truth.codes)
            return float(-self.sign * truth.weight @ costs.sum(1) / truth.weight.sum())
        hit, chosen, true = _label_counts(decided, truth)
        return float(self._joined(hit, chosen, true, truth.weight.sum()))

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the score at each cut of a line."""
        label = int(line.label or 0)
        is_yes = truth.codes[line.rows, label]
        weight = truth.weight[line.rows]
        total = truth.weight.sum()
        if self.name == "cost":
            worse = weight * np.where(is_yes == 1, -1, 1)
            change = _at(worse * _costs(truth)[line.rows, label], line.ends) / total
            return self.of(line.start, truth) - self.sign * change
        hit, chosen, true = _label_counts(line.start, truth)
        hit_here = hit[label] + _at(weight * is_yes, line.ends)
        chosen_here = chosen[label] + _at(weight, line.ends)
        if self.average == "micro":
            hit_here += hit.sum() - hit[label]
            chosen_here += chosen.sum() - chosen[label]
            counts = of_yes(hit_here, chosen_here, true.sum(), total * len(true))
            return np.asarray(self._score._value(counts))
        share = self._shares(true)
        score = self._score._value(of_yes(hit_here, chosen_here, true[label], total))
        start = self._score._value(
            of_yes(hit[label], chosen[label], true[label], total)
        )
        return self.of(line.start, truth) + share[label] * (score - start)

    def _joined(self, hit: Any, chosen: Any, true: Any, total: float) -> Any:
        if self.average == "micro":
            counts = of_yes(hit.sum(), chosen.sum(), true.sum(), total * len(true))
            return self._score._value(counts)
        values = [
            self._score._value(of_yes(*label, total))
            for label in zip(hit, chosen, true, strict=True)
        ]
        return np.asarray(values) @ self._shares(true)

    def _shares(self, true: np.ndarray) -> np.ndarray:
        if self.average == "weighted" and true.sum():
            return true / true.sum()
        return np.full(len(true), 1 / len(true))


class RowObjective:
    """A score of several labels that is the mean of one value a row.

    Parameters
    ----------
    name : str
        ``"accuracy"`` or ``"zero_one_loss"`` for rows with all labels right, or one of
        `CLASS_SCORES`.
    sign : {-1, 1}, default=1
        -1 for losses.
    **options : dict
        Of the score.
    """

    n_cuts: int | None = None
    weighted = True

    def __init__(self, name: str, sign: int = 1, **options: Any):
        self.name, self.sign, self.options = name, sign, options

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the score of decisions."""
        hit = (decided * truth.codes).sum(1)
        values = self._values(hit, decided.sum(1), truth.codes.sum(1))
        return float(truth.weight @ values / truth.weight.sum())

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the score at each cut of a line."""
        rows, label = line.rows, line.label
        codes, start = truth.codes[rows], line.start[rows]
        hit, chosen, true = (codes * start).sum(1), start.sum(1), codes.sum(1)
        gain = self._values(hit + codes[:, label], chosen + 1, true) - self._values(
            hit, chosen, true
        )
        change = _at(truth.weight[rows] * gain, line.ends) / truth.weight.sum()
        return self.of(line.start, truth) + change

    def _values(self, hit: Any, chosen: Any, true: Any) -> Any:
        if self.name in ("accuracy", "zero_one_loss"):
            right = (hit == true) & (chosen == true)
            return self.sign * (right if self.name == "accuracy" else ~right)
        # Each row is one cut of a target with one class.
        counts = Counts(hit, chosen, true)
        return self.sign * CLASS_SCORES[self.name](counts, **self.options)


class CallObjective:
    """Any function of true and decided labels; one call per cut.

    Parameters
    ----------
    function : callable
        ``function(y_true, y_pred, sample_weight) -> float``, greater is better.
    classes : ndarray of shape (n_classes,)
        Labels of the codes; ignored for several labels.
    weighted : bool, default=True
        Whether the function heeds the weights.
    """

    n_cuts: int | None = GRID

    def __init__(
        self,
        function: Callable[..., float],
        classes: np.ndarray,
        weighted: bool = True,
    ):
        self.function, self.classes, self.weighted = function, classes, weighted

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the score of decisions."""
        labels = decided if decided.ndim == 2 else self.classes[decided]
        true = truth.codes if decided.ndim == 2 else self.classes[truth.codes]
        quiet = np.errstate(divide="ignore", invalid="ignore")
        with warnings.catch_warnings(), quiet:
            # The score of cuts that choose one class only may be undefined.
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            warnings.filterwarnings("ignore", "A single label was found", UserWarning)
            try:
                return float(self.function(true, labels, truth.weight))
            except ValueError:
                if decided.ndim == 2 or len({*truth.codes.tolist()}) == truth.n_classes:
                    raise
                # Some metrics are undefined in a fold without some class.
                return float("nan")

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the score at each cut of a line."""
        cuts = range(len(line.ends))
        return np.array([self.of(line.decided(cut), truth) for cut in cuts])


class Constrained:
    """An objective that counts only where other scores reach their bounds.

    Parameters
    ----------
    objective : objective
        What is wanted.
    bounds : list of (objective, float)
        What must hold, each at least so much.
    """

    def __init__(self, objective: Any, bounds: list[tuple[Any, float]]):
        self.objective, self.bounds = objective, bounds
        every = [objective, *(o for o, _ in bounds)]
        cuts = [o.n_cuts for o in every if o.n_cuts]
        self.n_cuts: int | None = min(cuts, default=None)
        self.weighted = all(o.weighted for o in every)

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the score of decisions, or a very low score if a bound is missed."""
        short = sum(max(0.0, b - o.of(decided, truth) - _SLACK) for o, b in self.bounds)
        return -_BROKEN * (1 + short) if short else self.objective.of(decided, truth)

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the score at each cut of a line."""
        short: Any = sum(
            np.maximum(0.0, b - o.along(line, truth) - _SLACK) for o, b in self.bounds
        )
        value = self.objective.along(line, truth)
        return np.where(short > 0, -_BROKEN * (1 + short), value)

    def relaxed(self, scale: float) -> list[Relaxed]:
        """Return objectives without bounds, whose best cuts are near the bounds.

        One cut at a time seldom finds a way along a bound, which takes two cuts that
        move against each other.

        Parameters
        ----------
        scale : float
            A usual size of the score.
        """
        return [Relaxed(self, price * scale) for price in _PRICES]


class Relaxed:
    """A score plus weighted scores with bounds.

    Parameters
    ----------
    constrained : Constrained
        What is wanted, and the bounds.
    price : float
        Of the scores that have bounds.
    """

    def __init__(self, constrained: Constrained, price: float):
        self.constrained, self.price = constrained, price
        self.n_cuts = constrained.n_cuts

    def of(self, decided: np.ndarray, truth: Truth) -> float:
        """Return the sum for decisions."""
        bounded = sum(o.of(decided, truth) for o, _ in self.constrained.bounds)
        return self.constrained.objective.of(decided, truth) + self.price * bounded

    def along(self, line: Line, truth: Truth) -> np.ndarray:
        """Return the sum at each cut of a line."""
        bounded: Any = sum(o.along(line, truth) for o, _ in self.constrained.bounds)
        value: np.ndarray = self.constrained.objective.along(line, truth)
        return value + self.price * bounded


def _label_counts(decided: np.ndarray, truth: Truth) -> tuple[Any, Any, Any]:
    weight, codes = truth.weight, truth.codes
    return weight @ (decided * codes), weight @ decided, weight @ codes


def _costs(truth: Truth) -> np.ndarray:
    return np.ones(truth.codes.shape) if truth.costs is None else truth.costs


def _at(changes: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return cumulative sums at some positions."""
    return np.concatenate([[0.0], np.cumsum(changes)])[ends]
