"""`WinduEstimator.replace`: another part in a fitted estimator, without training."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from windu.components.thresholds import ThresholdSelector
from windu.estimator.parts import fresh_part
from windu.exceptions import PartError

__all__ = ["Replacing"]


class Replacing:
    """The part of `WinduEstimator` that swaps fitted parts."""

    task_: str | None
    classes_: np.ndarray
    threshold: Any
    threshold_: Any

    def replace(self, *, threshold: Any) -> Self:
        """Return the fitted estimator with another threshold, not trained again.

        `predict_proba` and `classes_` stay as they are; `predict` follows.

        Parameters
        ----------
        threshold : float, list of float, ThresholdSelector or None
            Fixed cuts (or weights of several classes), a selector fitted on scores of
            this estimator, or None for the model's own decision.

        Returns
        -------
        WinduEstimator
            A new one; this one does not change.

        Raises
        ------
        PartError
            If a selector is not fitted, or was fitted on other classes.

        Examples
        --------
        >>> from windu import ThresholdSelector, WinduEstimator
        >>> from windu.datasets import load_nhefs
        >>> X, y = load_nhefs(return_X_y=True)
        >>> est = WinduEstimator("linear").fit(X[300:], y[300:])
        >>> float(est.replace(threshold=0.2).threshold_.thresholds_[0])
        0.2
        >>> X_dev, y_dev = X[:300], y[:300]
        >>> chosen = ThresholdSelector("f1").fit(est.predict_proba(X_dev), y_dev)
        >>> est.replace(threshold=chosen).threshold_.score_name_
        'f1'
        """
        check_is_fitted(self)
        made = copy.copy(self)
        made.threshold_ = self._fitted_threshold(threshold)
        selector = isinstance(threshold, ThresholdSelector)
        made.threshold = clone(threshold) if selector else threshold
        return made

    def _fitted_threshold(self, threshold: Any) -> ThresholdSelector | None:
        if threshold is None:
            return None
        if self.task_ not in ("binary", "multiclass", "multilabel"):
            raise PartError(
                f"A threshold decides between classes. Got task={self.task_!r}."
            )
        part = fresh_part("threshold", threshold, classifier=True)
        n, labels = len(self.classes_), self.task_ == "multilabel"
        margin = not hasattr(self, "predict_proba")
        if part.thresholds is not None:
            codes = np.empty((0, n) if labels else 0, dtype=np.int64)
            scores = np.empty((0, n if labels or n > 2 else 1))
            options: Any = {"margin": margin, "ranks": self._known_ranks(part)}
            return part.choose(scores, codes, self.classes_, **options)
        if not hasattr(threshold, "thresholds_"):
            raise PartError(
                f"A new threshold must be fixed, or fitted. Got {threshold!r}. Choose "
                "it on rows that the model has not seen: ThresholdSelector('f1').fit("
                "est.predict_proba(X_dev), y_dev)."
            )
        known = threshold.classes_.tolist()
        if len(known) != n or (not labels and known != self.classes_.tolist()):
            raise PartError(
                "The threshold must be fitted on the classes "
                f"{self.classes_.tolist()}. Got {known}. The rows it is chosen on must "
                "show every class."
            )
        columns = 1 if n == 2 and not labels else n
        if threshold.n_features_in_ not in (columns, n) or (
            threshold.margin_ and not margin
        ):
            raise PartError(
                "The threshold must be fitted on what "
                f"{'decision_function' if margin else 'predict_proba'} gives. Got one "
                f"fitted on {threshold.n_features_in_} columns of "
                f"{'distances' if threshold.margin_ else 'probabilities'}."
            )
        fitted = copy.deepcopy(threshold)
        fitted.classes_ = self.classes_
        return fitted

    def _known_ranks(self, part: ThresholdSelector) -> Any:
        ranks = getattr(self.threshold_, "ranks_", None)
        numbers = np.asarray(self.classes_).dtype.kind in "iuf"
        if part.ordered is True and ranks is None and not numbers:
            raise PartError(
                "The order of the classes must be known. Only an ordered threshold "
                "keeps it. Instead of ordered=True pass ordered=[...] with all of "
                f"{self.classes_.tolist()}, lowest first."
            )
        return ranks
