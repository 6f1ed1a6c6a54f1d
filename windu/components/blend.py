"""The default model: gradient boosting blended with a regularised linear model."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from windu._compat.sklearn import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from windu.components._linear_design import LinearDesign, categorical_indices

__all__ = ["BoostedBlendClassifier", "BoostedBlendRegressor"]

_WEIGHT_GRID = np.linspace(0, 1, 21)
#: Below this number of rows every fold is a validation set.
_SMALL_DATA = 1000


def _take(sample_weight, rows):
    """Return the weights of the rows, None where there are no weights."""
    return None if sample_weight is None else sample_weight[rows]


def _stratified_folds(y, n_folds, discrete, random_state):
    """Number each row with its fold, balanced over the classes or the range of y.

    A row that is alone in its class gets fold -1: it is always trained on.
    """
    order = random_state.permutation(len(y))
    order = order[np.argsort(y[order], kind="stable")]
    folds = np.empty(len(y), dtype=int)
    folds[order] = np.arange(len(y)) % n_folds
    if discrete:
        folds[np.bincount(y)[y] == 1] = -1
    return folds


def _fill_empty_columns(X):
    """Return X with zeros in the columns without any value: boosting needs one."""
    empty = np.isnan(X).all(axis=0)
    return np.where(empty, 0.0, X) if empty.any() else X


class _BaseBoostedBlend(BaseEstimator):
    """Fit and mix the two members; the subclasses name them and the loss."""

    _parameter_constraints: dict = {
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
        "l2_regularization": [Interval(Real, 0, None, closed="left")],
        "max_features": [Interval(Real, 0, 1, closed="right")],
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

    def __init__(
        self,
        *,
        learning_rate=0.1,
        max_iter=200,
        max_leaf_nodes=31,
        min_samples_leaf=20,
        l2_regularization=1.0,
        max_features=1.0,
        alphas=(1.0, 10.0, 100.0),
        categorical_features=None,
        validation_fraction=0.2,
        n_validations="auto",
        n_iter_no_change=5,
        random_state=None,
    ):
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.alphas = alphas
        self.categorical_features = categorical_features
        self.validation_fraction = validation_fraction
        self.n_validations = n_validations
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    def _fit_booster(self, X, y, sample_weight, params, **fit_params):
        booster = self._booster_class(
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            max_features=self.max_features,
            **params,
        )
        return booster.fit(_fill_empty_columns(X), y, sample_weight, **fit_params)

    def _fit_blend(self, X, y, sample_weight):
        """Choose rounds, penalty and weight on held-out rows, then fit all rows."""
        rng = check_random_state(self.random_state)
        columns = categorical_indices(self.categorical_features, X.shape[1])
        params = {
            "categorical_features": columns if len(columns) else None,
            "n_iter_no_change": self.n_iter_no_change,
            "random_state": rng.randint(np.iinfo(np.int32).max),
        }
        n_folds = int(round(1 / self.validation_fraction))
        n_validations = self.n_validations
        if n_validations == "auto":
            n_validations = n_folds if len(y) < _SMALL_DATA else 1
        folds = _stratified_folds(y, n_folds, self._discrete, rng)

        rows, boosted, linear, n_iters = [], [], [[] for _ in self.alphas], []
        for fold in range(min(n_validations, n_folds)):
            test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            if not len(test):
                continue
            rows.append(test)
            w_train, w_test = _take(sample_weight, train), _take(sample_weight, test)
            booster = self._fit_booster(
                X[train],
                y[train],
                w_train,
                {**params, "max_iter": self.max_iter, "early_stopping": True},
                X_val=X[test],
                y_val=y[test],
                sample_weight_val=w_test,
            )
            n_iters.append(np.argmax(booster.validation_score_))
            boosted.append(self._member_output(booster, X[test]))
            design = LinearDesign(columns).fit(X[train], w_train)
            X_train, X_test = design.transform(X[train]), design.transform(X[test])
            for outputs, alpha in zip(linear, self.alphas):
                member = self._make_linear(alpha)
                member.fit(X_train, y[train], w_train)
                outputs.append(self._member_output(member, X_test))

        self.n_iter_, self.alpha_, self.weight_ = 10, max(self.alphas), 0.5
        if rows:
            rows, boosted = np.concatenate(rows), np.concatenate(boosted)
            losses = [
                [
                    self._mean_loss(
                        y[rows],
                        (1 - w) * boosted + w * output,
                        _take(sample_weight, rows),
                    )
                    for w in _WEIGHT_GRID
                ]
                for output in map(np.concatenate, linear)
            ]
            best, weight = np.unravel_index(np.argmin(losses), np.shape(losses))
            self.n_iter_ = max(1, int(round(np.mean(n_iters))))
            self.alpha_, self.weight_ = self.alphas[best], _WEIGHT_GRID[weight]

        self.booster_ = self.linear_ = None
        if self.weight_ < 1:
            params |= {"max_iter": self.n_iter_, "early_stopping": False}
            self.booster_ = self._fit_booster(X, y, sample_weight, params)
        if self.weight_ > 0:
            self._design = LinearDesign(columns).fit(X, sample_weight)
            self.linear_ = self._make_linear(self.alpha_)
            self.linear_.fit(self._design.transform(X), y, sample_weight)
        return self

    def _blend(self, X):
        """Return the weighted mean of the members' outputs."""
        check_is_fitted(self)
        X = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        output = 0.0
        if self.booster_ is not None:
            output = (1 - self.weight_) * self._member_output(self.booster_, X)
        if self.linear_ is not None:
            X = self._design.transform(X)
            output = output + self.weight_ * self._member_output(self.linear_, X)
        return output

    def _validate(self, X, y, sample_weight, **params):
        """Check the data; rows of weight zero are removed."""
        X, y = validate_data(
            self,
            X,
            y,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2,
            **params,
        )
        if sample_weight is None:  # boosting bins much faster without weights
            return X, y, None
        sample_weight = check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
        used = sample_weight > 0
        return X[used], y[used], sample_weight[used]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class BoostedBlendClassifier(ClassifierMixin, _BaseBoostedBlend):
    """Blend of gradient boosting and logistic regression.

    Histogram gradient boosting and an L2-penalised logistic regression are
    fitted on the same matrix, and their probabilities are averaged. Held-out
    rows, stratified by class, choose three numbers: after how many rounds
    boosting stops, the penalty of the logistic regression, and the weight of
    the average. Both members are then fitted again on all rows. A member whose
    weight is zero is left out.

    Parameters
    ----------
    learning_rate : float, default=0.1
        Shrinkage of each boosting round.
    max_iter : int, default=200
        Largest number of boosting rounds.
    max_leaf_nodes : int or None, default=31
        Largest number of leaves of a tree.
    min_samples_leaf : int, default=20
        Smallest number of rows in a leaf.
    l2_regularization : float, default=1.0
        Penalty on the values of the leaves. Zero lets boosting diverge on rare
        classes.
    alphas : array-like of float, default=(1.0, 10.0, 100.0)
        Penalties of the logistic regression (``C = 1 / alpha``) to choose from.
    categorical_features : array-like of int or bool, default=None
        Indices or boolean mask of the columns that hold ordinal codes, at most
        255 levels each. A code unknown to `fit` counts as missing.
    validation_fraction : float, default=0.2
        Share of the rows held out in one validation set.
    n_validations : int or "auto", default="auto"
        Number of disjoint validation sets. "auto" is one, and on fewer than
        1000 rows as many as there are (a full cross-validation).
    n_iter_no_change : int, default=5
        Number of rounds without a better validation loss that stop boosting.
    random_state : int, RandomState instance or None, default=None
        Determines the validation rows and the bins of boosting.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    weight_ : float
        Weight of the logistic regression in the average.
    n_iter_ : int
        Number of boosting rounds.
    alpha_ : float
        Penalty of the logistic regression.
    booster_ : HistGradientBoostingClassifier or None
        Boosting member, None where `weight_` is 1.
    linear_ : LogisticRegression or None
        Linear member, None where `weight_` is 0.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` has string names.
    """

    _booster_class = HistGradientBoostingClassifier
    _discrete = True

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, all equal by default.

        Returns
        -------
        self : BoostedBlendClassifier
            Fitted estimator.
        """
        X, y, sample_weight = self._validate(X, y, sample_weight)
        check_classification_targets(y)
        self.classes_, y = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "The target needs at least 2 classes, got 1 class: "
                f"{self.classes_.tolist()!r}"
            )
        return self._fit_blend(X, y, sample_weight)

    def predict_proba(self, X):
        """Predict the class probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        return self._blend(X)

    def predict(self, X):
        """Predict the class labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Most probable class of each row.
        """
        proba = self._blend(X)
        return self.classes_[proba.argmax(axis=1)]

    def _make_linear(self, alpha):
        return LogisticRegression(C=1 / alpha, max_iter=200, tol=1e-3)

    @staticmethod
    def _member_output(member, X):
        return member.predict_proba(X)

    @staticmethod
    def _mean_loss(y, output, sample_weight):
        proba = np.clip(output[np.arange(len(y)), y], 1e-12, 1)
        return np.average(-np.log(proba), weights=sample_weight)


class BoostedBlendRegressor(RegressorMixin, _BaseBoostedBlend):
    """Blend of gradient boosting and ridge regression.

    Histogram gradient boosting and a ridge regression are fitted on the same
    matrix, and their predictions are averaged. Held-out rows, spread evenly
    over the range of the target, choose three numbers: after how many rounds
    boosting stops, the penalty of the ridge regression, and the weight of the
    average. Both members are then fitted again on all rows. A member whose
    weight is zero is left out.

    Parameters
    ----------
    learning_rate : float, default=0.1
        Shrinkage of each boosting round.
    max_iter : int, default=200
        Largest number of boosting rounds.
    max_leaf_nodes : int or None, default=31
        Largest number of leaves of a tree.
    min_samples_leaf : int, default=20
        Smallest number of rows in a leaf.
    l2_regularization : float, default=1.0
        Penalty on the values of the leaves.
    alphas : array-like of float, default=(1.0, 10.0, 100.0)
        Penalties of the ridge regression to choose from.
    categorical_features : array-like of int or bool, default=None
        Indices or boolean mask of the columns that hold ordinal codes, at most
        255 levels each. A code unknown to `fit` counts as missing.
    validation_fraction : float, default=0.2
        Share of the rows held out in one validation set.
    n_validations : int or "auto", default="auto"
        Number of disjoint validation sets. "auto" is one, and on fewer than
        1000 rows as many as there are (a full cross-validation).
    n_iter_no_change : int, default=5
        Number of rounds without a better validation loss that stop boosting.
    random_state : int, RandomState instance or None, default=None
        Determines the validation rows and the bins of boosting.

    Attributes
    ----------
    weight_ : float
        Weight of the ridge regression in the average.
    n_iter_ : int
        Number of boosting rounds.
    alpha_ : float
        Penalty of the ridge regression.
    booster_ : HistGradientBoostingRegressor or None
        Boosting member, None where `weight_` is 1.
    linear_ : Ridge or None
        Linear member, None where `weight_` is 0.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where `X` has string names.
    """

    _booster_class = HistGradientBoostingRegressor
    _discrete = False

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.
        y : array-like of shape (n_samples,)
            Target values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, all equal by default.

        Returns
        -------
        self : BoostedBlendRegressor
            Fitted estimator.
        """
        X, y, sample_weight = self._validate(X, y, sample_weight, y_numeric=True)
        return self._fit_blend(X, y.astype(np.float64), sample_weight)

    def predict(self, X):
        """Predict the target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; NaN is a missing value.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predicted values.
        """
        return self._blend(X)

    def _make_linear(self, alpha):
        return Ridge(alpha=alpha)

    @staticmethod
    def _member_output(member, X):
        return member.predict(X)

    @staticmethod
    def _mean_loss(y, output, sample_weight):
        return np.average((y - output) ** 2, weights=sample_weight)
