"""The kind of decision: columns of scores, rule, costs and order."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as short
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from scipy.special import softmax
from sklearn.utils.multiclass import type_of_target

from windu.components.thresholds.objectives import Truth
from windu.components.thresholds.rules import RULES
from windu.exceptions import PartError, TargetError

__all__ = ["Family", "as_numbers", "ranks_of", "read_scores", "read_truth"]

#: Smallest probability, so that weights have an effect.
_LEAST = 1e-12
#: Bits of the sum of all weights.
_BITS = 44


def read_truth(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and classes of a target; for labels 0 and 1 and their names."""
    if pd.api.types.is_list_like(y) and np.ndim(y) == 1:
        _check_no_missing(np.asarray(y))
    kind = type_of_target(y, input_name="y")
    values = y.toarray() if issparse(y) else np.asarray(y)
    if kind == "multilabel-indicator":
        names = getattr(y, "columns", range(values.shape[1]))
        return values.astype(np.int64), np.array(list(names))
    if kind not in ("binary", "multiclass"):
        raise TargetError(
            "y must hold classes of one type, or 0 and 1 in one column a label. Got "
            f"{'mixed' if kind == 'unknown' else kind} values."
        )
    _check_no_missing(values.ravel())
    classes, codes = np.unique(values.ravel(), return_inverse=True)
    if len(classes) < 2:
        raise TargetError(
            f"y must hold two classes at least. Got one class, {classes[0]!r}, in all "
            f"{len(codes)} rows."
        )
    return codes, classes


def _check_no_missing(values: np.ndarray) -> None:
    if len(missing := np.flatnonzero(pd.isna(values))):
        raise TargetError(
            f"Input y contains NaN. Every row needs a label; rows {missing[:10]} have "
            "none.",
            missing.tolist(),
        )


def ranks_of(y: Any) -> list[Any] | None:
    """Return the categories that occur in an ordered target, lowest first."""
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered:
        return None
    labels = set(y)
    return [label for label in dtype.categories.tolist() if label in labels]


def as_numbers(values: Any, name: str) -> np.ndarray:
    """Return an array of numbers; raise if there are others."""
    try:
        return np.asarray(values, dtype="float64")
    except (TypeError, ValueError) as error:
        raise PartError(
            f"{name} must be numbers in rows of one length. Got {short(values)}: "
            f"{error}"
        ) from error


def _exact(weight: np.ndarray) -> np.ndarray:
    """Round weights so that sums and differences of them are exact.

    Otherwise what is left of a sum, when all of it is taken away, is not 0, and the
    share of one such rest in another is any number.
    """
    step = 2.0 ** (np.ceil(np.log2(weight.sum())) - _BITS)
    return np.round(weight / step) * step


def read_scores(scores: Any, n_rows: int | None = None) -> np.ndarray:
    """Return scores as a table of finite numbers, one column for a flat list."""
    try:
        table = np.asarray(scores, dtype="float64")
    except (TypeError, ValueError) as error:
        raise TargetError(
            f"Scores must be numbers. Got {type(scores).__name__}: {error}. Pass what "
            "predict_proba or decision_function gave."
        ) from error
    table = table.reshape(-1, 1) if table.ndim == 1 else table
    if table.ndim != 2 or not table.shape[1]:
        raise TargetError(
            "Scores must have one value a row, or one column a class or label. Got an "
            f"array of shape {table.shape}."
        )
    if not np.isfinite(table).all():
        row = int((~np.isfinite(table)).any(axis=1).argmax())
        raise TargetError(
            "Scores must be finite. Got NaN or infinity, first at row "
            f"{row}. Drop these rows from scores and y.",
            [row],
        )
    if n_rows is not None and len(table) != n_rows:
        raise TargetError(
            "Scores and y must have the same number of rows. Found input variables "
            f"with inconsistent numbers of samples: [{len(table)}, {n_rows}]."
        )
    return table


@dataclass(frozen=True)
class Family:
    """The properties of a decision, without its cuts.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel", "ordered"}
        Which rule decides.
    n_classes : int
        Number of classes or labels.
    n_columns : int
        Number of columns of the scores.
    margin : bool
        Whether scores are distances from a border, not probabilities.
    matrix : ndarray of shape (n_classes, n_classes), default=None
        Costs of decisions, of shape (2, 2) for labels.
    order : ndarray of shape (n_classes,), default=None
        Codes of ordered classes, lowest first.
    values : ndarray of shape (n_classes,), default=None
        What ordered classes stand for on a single score.
    """

    kind: str
    n_classes: int
    n_columns: int
    margin: bool
    matrix: np.ndarray | None = None
    order: np.ndarray | None = None
    values: np.ndarray | None = None

    @property
    def rule(self) -> Any:
        """The rule that decides."""
        return RULES[self.kind](margin=self.margin)

    def truth(self, codes: np.ndarray, weight: np.ndarray, costs: Any) -> Truth:
        """Return the true classes in the form of the rule."""
        table = self._costs(codes, costs)
        if self.order is not None:
            codes = np.argsort(self.order)[codes]
            table = None if table is None else table[:, self.order]
        return Truth(codes, _exact(weight), self.n_classes, table)

    def _costs(self, codes: np.ndarray, costs: Any) -> np.ndarray | None:
        if costs is None:
            if self.matrix is None:
                return None
            labels = self.kind == "multilabel"
            return self.matrix[codes, 1 - codes] if labels else self.matrix[codes]
        table, n = as_numbers(costs, "costs"), len(codes)
        fits = table.shape in ((n,), (n, self.n_classes))
        if not fits or not np.isfinite(table).all():
            raise PartError(
                "costs must be finite numbers of shape (n_samples,), the cost of a "
                f"wrong decision, or (n_samples, {self.n_classes}). Got "
                f"{'NaN or infinity in ' * fits}shape {table.shape} for {n} rows."
            )
        if table.ndim == 2:
            return table
        if self.kind == "multilabel":
            return np.repeat(table[:, None], self.n_classes, axis=1)
        return table[:, None] * (codes[:, None] != np.arange(self.n_classes))

    def evidence(self, scores: np.ndarray) -> np.ndarray:
        """Return scores in the form that the rule decides on."""
        if scores.shape[1] != self.n_columns and not (
            self.kind == "binary" and scores.shape[1] in (1, 2)
        ):
            raise TargetError(
                f"Scores must have {self.n_columns} columns, as in fit. Got "
                f"{scores.shape[1]}."
            )
        if self.kind == "binary":
            two_margins = self.margin and scores.shape[1] == 2
            return scores[:, 1] - scores[:, 0] if two_margins else scores[:, -1]
        if self.kind == "multilabel":
            return scores
        if self.kind == "ordered":
            if self.n_columns == 1:
                return scores[:, 0]
            shares = self._shares(scores)[:, self.order]
            return shares @ np.arange(self.n_classes)
        if self.matrix is None and self.margin:
            return scores
        if self.matrix is not None:
            # The saving against the worst decision; for equal costs the probability.
            saved = self.matrix.max(axis=1, keepdims=True) - self.matrix
            scores = self._shares(scores) @ (saved / (saved.max() or 1.0))
        return np.log(np.maximum(scores, _LEAST))

    def _shares(self, scores: np.ndarray) -> np.ndarray:
        if self.margin:
            return softmax(scores, axis=1)
        total = scores.sum(axis=1, keepdims=True)
        return scores / np.where(total > 0, total, 1)

    def plain_cuts(self) -> np.ndarray:
        """Return the cuts of the decision without a threshold."""
        if self.values is not None:
            return (self.values[1:] + self.values[:-1]) / 2
        return self.rule.plain(self.n_classes)

    def start(self) -> np.ndarray:
        """Return the cuts of the Bayes decision under the costs, else the plain ones.

        For several classes the costs are in the evidence; for two see C. Elkan, "The
        foundations of cost-sensitive learning", IJCAI 2001, equation 2.
        """
        cuts = self.plain_cuts()
        if self.matrix is None or self.margin or len(self.matrix) != 2:
            return cuts
        (right_no, false_yes), (false_no, right_yes) = self.matrix
        of_yes, of_no = false_yes - right_no, false_no - right_yes
        if self.kind in ("binary", "multilabel") and min(of_yes, of_no) >= 0 < (
            of_yes + of_no
        ):
            return np.full(len(cuts), of_yes / (of_yes + of_no))
        return cuts

    def plain_decision(self, scores: np.ndarray) -> np.ndarray:
        """Return the plain decisions of the scores, in the codes of `truth`."""
        if self.kind in ("multiclass", "ordered") and self.n_columns > 1:
            largest = scores.argmax(1)
            return largest if self.order is None else np.argsort(self.order)[largest]
        return self.rule.decide(self.evidence(scores), self.plain_cuts())

    def decide(self, scores: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Return the codes of classes, or 0 and 1 a label."""
        decided = self.rule.decide(self.evidence(scores), cuts)
        return decided if self.order is None else self.order[decided]

    def fixed(self, thresholds: Any) -> np.ndarray:
        """Return the cuts of a user in the form of the rule."""
        n = len(self.plain_cuts())
        fixed_cuts = as_numbers(thresholds, "thresholds")
        if fixed_cuts.ndim == 0 and self.kind in ("binary", "multilabel"):
            fixed_cuts = np.full(n, fixed_cuts)
        rule_text = "one weight a class" if self.kind == "multiclass" else "one cut"
        if self.kind == "multilabel":
            rule_text = "one cut, or one a label"
        if fixed_cuts.shape != (n,) or not np.isfinite(fixed_cuts).all():
            cuts = self.kind == "multiclass" and fixed_cuts.shape == (n - 1,)
            raise PartError(
                f"thresholds must be {rule_text}, {n} finite numbers for this target "
                "of "
                f"{self.n_classes} classes or labels. Got {thresholds!r}."
                + " Cuts between classes need their order: ordered=[...]."
                * cuts
            )
        if self.kind == "multiclass" and (fixed_cuts <= 0).any():
            raise PartError(
                f"Weights of classes must be above 0. Got {thresholds!r}. The largest "
                "weighted score decides."
            )
        if self.kind == "ordered" and (np.diff(fixed_cuts) < 0).any():
            raise PartError(
                f"Cuts between ordered classes must not fall. Got {thresholds!r}."
            )
        return self.rule.cuts(fixed_cuts)
