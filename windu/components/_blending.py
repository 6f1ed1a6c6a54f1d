"""Base class of the boosted blends: members, hold-out, choice of hyperparameters."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from windu._compat.bases import BaseEstimator
from windu._compat.row_order import match_rows
from windu._compat.sklearn import Interval, StrOptions, check_sample_weight
from windu.components._linear_design import (
    LinearDesign,
    categorical_indices,
    linear_scores,
)

__all__ = ["BaseBoostedBlend", "MatchedScore"]


class MatchedScore:
    """A mixin, left of scikit-learn's, that compares the rows before it scores."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of a classifier, or R2 of a regressor.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The larger, the better.

        Raises
        ------
        TargetError, PartError
            If y or the weights are of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y, "sample_weight": sample_weight})
        return super().score(X, y, sample_weight)  # type: ignore[misc]


_WEIGHT_GRID = np.linspace(0, 1, 21)
#: Below this number of rows every fold is a validation set.
_SMALL_DATA = 1000


class BaseBoostedBlend(BaseEstimator, metaclass=ABCMeta):
    """Fit and mix the two members; subclasses define them and the loss."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "l2_regularization": [Interval(Real, 0, None, closed="left")],
        "alphas": ["array-like"],
        "categorical_features": ["array-like", None],
        "validation_fraction": [Interval(Real, 0, 0.5, closed="right")],
        "n_validations": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    _booster_class: ClassVar[Any]
    _discrete: ClassVar[bool]

    def __init__(
        self,
        *,
        learning_rate: float = 0.1,
        max_iter: int = 200,
        max_leaf_nodes: int | None = 31,
        min_samples_leaf: int = 10,
        l2_regularization: float = 1.0,
        alphas: Any = (100.0, 10.0, 1.0, 0.1),
        categorical_features: Any = None,
        validation_fraction: float = 0.2,
        n_validations: int | str = "auto",
        n_iter_no_change: int = 5,
        random_state: Any = None,
    ):
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.alphas = alphas
        self.categorical_features = categorical_features
        self.validation_fraction = validation_fraction
        self.n_validations = n_validations
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    @abstractmethod
    def _make_linear(self) -> Any:
        """Return an unfitted linear member."""

    @abstractmethod
    def _penalty(self, alpha: float) -> dict[str, float]:
        """Return the parameter of the linear member that sets its penalty."""

    @abstractmethod
    def _booster_scores(self, booster: Any, X: np.ndarray) -> np.ndarray:
        """Return the raw scores of boosting."""

    @abstractmethod
    def _output(self, scores: np.ndarray) -> np.ndarray:
        """Return the outputs to average, probabilities or values, from scores."""

    @abstractmethod
    def _judged(self, y: np.ndarray, output: np.ndarray) -> np.ndarray:
        """Return the input of the loss, one number per row; linear in the output."""

    @abstractmethod
    def _losses(self, judged: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""

    def _fit_booster(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: Any,
        params: Any,
        **held_out: Any,
    ) -> Any:
        booster = self._booster_class(
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            **params,
        )
        return booster.fit(_fill_empty_columns(X), y, sample_weight, **held_out)

    def _fit_blend(self, X: np.ndarray, y: np.ndarray, sample_weight: Any) -> Any:
        """Choose rounds, penalty and weight on held-out rows, then fit all rows."""
        plan = self._plan(y)
        self._search(X, y, sample_weight, plan)
        return self._refit(X, y, sample_weight, plan)

    def _plan(self, y: np.ndarray) -> tuple[dict[str, Any], list[np.ndarray]]:
        """Return the parameters of boosting, and the rows of each validation set."""
        rng = check_random_state(self.random_state)
        params = {
            "n_iter_no_change": self.n_iter_no_change,
            "random_state": rng.randint(np.iinfo(np.int32).max),
        }
        return params, self._validation_sets(y, rng)

    def _search(
        self, X: np.ndarray, y: np.ndarray, sample_weight: Any, plan: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose the hyperparameters; return the held-out rows and their outputs."""
        params, sets = plan
        columns = categorical_indices(self.categorical_features, X.shape[1])
        held_out = []
        for test in sets:
            train = np.setdiff1d(np.arange(len(y)), test)
            held_out.append(
                (
                    test,
                    *self._held_out(X, y, sample_weight, columns, params, train, test),
                )
            )
        return self._choose(y, sample_weight, held_out)

    def _refit(
        self, X: np.ndarray, y: np.ndarray, sample_weight: Any, plan: Any
    ) -> Any:
        """Fit the members on all rows, with the chosen hyperparameters."""
        self.booster_ = self.linear_ = None
        if self.weight_ < 1:
            params = plan[0] | {"max_iter": self.n_iter_, "early_stopping": False}
            self.booster_ = self._fit_booster(X, y, sample_weight, params)
        if self.weight_ > 0:
            columns = categorical_indices(self.categorical_features, X.shape[1])
            self._design = LinearDesign(columns).fit(X, sample_weight)
            design = self._design.transform(X)
            self.linear_ = self._make_linear().set_params(**self._penalty(self.alpha_))
            self.linear_.fit(design, y, sample_weight)
        return self

    def _validation_sets(self, y: np.ndarray, rng: Any) -> list[np.ndarray]:
        n_folds = round(1 / self.validation_fraction)
        n_sets = self.n_validations
        if n_sets == "auto":
            n_sets = n_folds if len(y) < _SMALL_DATA else 1
        folds = _stratified_folds(y, n_folds, self._discrete, rng)
        sets = [np.flatnonzero(folds == i) for i in range(min(int(n_sets), n_folds))]
        return [rows for rows in sets if 0 < len(rows) < len(y)]

    def _held_out(
        self,
        X: np.ndarray,
        y: np.ndarray,
        sample_weight: Any,
        columns: np.ndarray,
        params: dict[str, Any],
        train: np.ndarray,
        test: np.ndarray,
    ) -> tuple[int, np.ndarray, list[np.ndarray]]:
        """Return rounds and outputs of boosting, and of each linear member."""
        weight = None if sample_weight is None else sample_weight[train]
        booster = self._fit_booster(
            X[train],
            y[train],
            weight,
            {**params, "max_iter": self.max_iter, "early_stopping": True},
            X_val=X[test],
            y_val=y[test],
            sample_weight_val=None if sample_weight is None else sample_weight[test],
        )
        design = LinearDesign(columns).fit(X[train], weight)
        X_train, X_test = design.transform(X[train]), design.transform(X[test])
        linear, member = [], self._make_linear()
        for alpha in self.alphas:
            member.set_params(**self._penalty(alpha)).fit(X_train, y[train], weight)
            linear.append(self._output(linear_scores(member, X_test)))
        rounds = int(np.argmax(booster.validation_score_))
        return rounds, self._output(self._booster_scores(booster, X[test])), linear

    def _choose(
        self, y: np.ndarray, sample_weight: Any, held_out: list[Any]
    ) -> tuple[np.ndarray, np.ndarray]:
        self.n_iter_, self.alpha_, self.weight_ = 10, max(self.alphas), 0.5
        if not held_out:
            return np.array([], dtype=int), np.array([])
        tests, rounds, outputs, linear = zip(*held_out, strict=True)
        rows = np.concatenate(tests)
        weights = None if sample_weight is None else sample_weight[rows]
        boosted = self._judged(y[rows], np.concatenate(outputs))
        losses, steps = [], []
        for output in map(np.concatenate, zip(*linear, strict=True)):
            steps.append(self._judged(y[rows], output) - boosted)
            mixtures = boosted + _WEIGHT_GRID[:, np.newaxis] * steps[-1]
            losses.append(np.average(self._losses(mixtures), axis=1, weights=weights))
        best, weight = np.unravel_index(np.argmin(losses), np.shape(losses))
        self.n_iter_ = max(1, round(float(np.mean(rounds))))
        self.alpha_ = float(self.alphas[best])
        self.weight_ = float(_WEIGHT_GRID[weight])
        return rows, boosted + self.weight_ * steps[best]

    def _blend(self, X: Any) -> np.ndarray:
        """Return the weighted mean of the members' outputs."""
        check_is_fitted(self)
        X = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        return self._mix(X)

    def _mix(self, X: np.ndarray) -> np.ndarray:
        """Return the weighted mean for a validated matrix."""
        outputs = []
        if self.booster_ is not None:
            boosted = self._output(self._booster_scores(self.booster_, X))
            outputs.append((1 - self.weight_) * boosted)
        if self.linear_ is not None:
            scores = linear_scores(self.linear_, self._design.transform(X))
            outputs.append(self.weight_ * self._output(scores))
        return outputs[0] if len(outputs) == 1 else outputs[0] + outputs[1]

    def _validate(
        self, X: Any, y: Any, sample_weight: Any, **params: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Check the data; rows of weight zero are removed."""
        match_rows({"X": X, "y": y, "sample_weight": sample_weight})
        X, y = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2,
            **params,
        )
        # Boosting bins much faster without weights.
        if sample_weight is None:
            return X, y, None
        sample_weight = check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        used = sample_weight > 0
        if not used.any():
            raise ValueError(
                "At least one sample weight must be positive. Got a weight of zero for "
                "every row."
            )
        return X[used], y[used], sample_weight[used]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _stratified_folds(
    y: np.ndarray, n_folds: int, discrete: bool, random_state: Any
) -> np.ndarray:
    """Return the fold of each row, balanced over the classes or the range of y.

    A row that is alone in its class gets fold -1: it is always trained on.
    """
    order = random_state.permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), dtype=int)
    folds[order] = np.arange(len(y)) % n_folds
    if discrete:
        folds[np.bincount(y)[y] == 1] = -1
    return folds


def _fill_empty_columns(X: np.ndarray) -> np.ndarray:
    """Return X with zeros in the columns without any value: boosting needs one."""
    empty = np.isnan(X).all(axis=0)
    return np.where(empty, 0.0, X) if empty.any() else X
