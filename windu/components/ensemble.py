"""Weighted averages of whole estimators, as a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    RegressorMixin,
)
from windu._compat.row_order import match_rows
from windu._compat.sklearn import check_sample_weight, fit_context
from windu.components._blending import MatchedScore
from windu.components.labelwise import yes_probabilities
from windu.exceptions import PartError

__all__ = ["WeightedEnsembleClassifier", "WeightedEnsembleRegressor"]


class _BaseEnsemble(MetaEstimatorMixin, BaseEstimator):
    """What both ensembles have in common."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimators": [list, tuple],
        "weights": ["array-like", None],
    }

    def __init__(self, estimators: Sequence[Any], *, weights: Any = None):
        self.estimators = estimators
        self.weights = weights

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit every estimator on the same rows.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As the estimators take it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, for each estimator.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        PartError
            If there is no estimator, or the weights do not fit them, or
            `sample_weight` is of other rows.
        TargetError
            If `y` is of other rows than `X`, or of the same in another order.
        """
        self.weights_ = _checked(self.weights, len(self.estimators))
        weight_params = {}
        y = match_rows({"X": X, "y": y, "sample_weight": sample_weight})["y"]
        if sample_weight is not None:
            weight_params["sample_weight"] = check_sample_weight(sample_weight, X)
        self.estimators_ = [
            clone(e).fit(X, y, **weight_params) for e in self.estimators
        ]
        self._store_target(y)
        return self

    def _store_target(self, y: Any) -> None:
        first = self.estimators_[0]
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))

    def _average(self, outputs: Sequence[np.ndarray]) -> np.ndarray:
        # Some return a 1-D array for one column.
        shape = np.shape(outputs[0])
        average = np.zeros(shape)
        for weight, output in zip(self.weights_, outputs, strict=True):
            average += weight * np.reshape(output, shape)
        return average

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = [e.__sklearn_tags__() for e in self.estimators]
        if inner:
            tags.input_tags = inner[0].input_tags
            tags.input_tags.sparse = all(
                tags_of_member.input_tags.sparse for tags_of_member in inner
            )
            tags.input_tags.allow_nan = all(
                tags_of_member.input_tags.allow_nan for tags_of_member in inner
            )
            tags.target_tags.multi_output = all(
                tags_of_member.target_tags.multi_output for tags_of_member in inner
            )
        return tags


class WeightedEnsembleClassifier(MatchedScore, ClassifierMixin, _BaseEnsemble):
    """Weighted average of the probabilities of classifiers.

    Unlike scikit-learn's `VotingClassifier` it also takes indicator matrices, and
    leaves labels to its estimators.

    Parameters
    ----------
    estimators : list of classifier
        With `predict_proba`; whole chains, such as `WinduEstimator`, as well.
    weights : array-like of shape (n_estimators,), default=None
        Not negative; only their ratios count. Equal by default.

    Attributes
    ----------
    estimators_ : list of classifier
        Fitted.
    weights_ : ndarray of shape (n_estimators,)
        With sum one.
    classes_ : ndarray of shape (n_classes,)
        Classes, or the labels of an indicator matrix.
    n_features_in_ : int
        Number of columns, where the first estimator knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where the first estimator knows them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from windu import WeightedEnsembleClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> members = [LogisticRegression(max_iter=500), GaussianNB()]
    >>> WeightedEnsembleClassifier(members, weights=[3, 1]).fit(X, y).predict(X[:2])
    array([0, 0])
    """

    def _store_target(self, y: Any) -> None:
        super()._store_target(y)
        self.classes_ = np.asarray(self.estimators_[0].classes_)
        # Of an indicator matrix these are its columns.
        y = np.asarray(y)
        self._multilabel = y.ndim == 2 and y.shape[1] > 1

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the averaged probabilities.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            One column a class; of an indicator matrix the probability of *yes*.
        """
        check_is_fitted(self)
        probabilities = self._average(
            [
                yes_probabilities(e.predict_proba(X), getattr(e, "classes_", None))
                for e in self.estimators_
            ]
        )
        # In single precision the sum of a row is not exactly one.
        return (
            probabilities
            if self._multilabel
            else probabilities / probabilities.sum(axis=1, keepdims=True)
        )

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class, or the labels that are likelier than not.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels.
        """
        probabilities = self.predict_proba(X)
        if self._multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = [e.__sklearn_tags__().classifier_tags for e in self.estimators]
        tags.classifier_tags.multi_class = all(
            t is None or t.multi_class for t in inner
        )
        tags.classifier_tags.multi_label = all(t and t.multi_label for t in inner)
        return tags


class WeightedEnsembleRegressor(MatchedScore, RegressorMixin, _BaseEnsemble):
    """Weighted average of the predictions of regressors.

    Unlike scikit-learn's `VotingRegressor` it also takes several outputs.

    Parameters
    ----------
    estimators : list of regressor
        Whole chains, such as `WinduEstimator`, as well.
    weights : array-like of shape (n_estimators,), default=None
        Not negative; only their ratios count. Equal by default.

    Attributes
    ----------
    estimators_ : list of regressor
        Fitted.
    weights_ : ndarray of shape (n_estimators,)
        With sum one.
    n_features_in_ : int
        Number of columns, where the first estimator knows it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where the first estimator knows them.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from windu import WeightedEnsembleRegressor
    >>> members = [DummyRegressor(), DummyRegressor(strategy="median")]
    >>> model = WeightedEnsembleRegressor(members).fit([[1], [2], [3]], [0, 0, 3])
    >>> model.predict([[1]])
    array([0.5])
    """

    def predict(self, X: Any) -> np.ndarray:
        """Return the averaged predictions.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Values.
        """
        check_is_fitted(self)
        return self._average([np.asarray(e.predict(X)) for e in self.estimators_])


def _checked(weights: Any, n: int) -> np.ndarray:
    """Return weights with sum one, one an estimator."""
    if not n:
        raise PartError("An ensemble needs at least one estimator. Got none.")
    weight_array = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if (
        weight_array.shape != (n,)
        or not (weight_array >= 0).all()
        or not weight_array.sum() > 0
    ):
        raise PartError(
            "weights must have one number for each of the "
            f"{n} estimators, none below zero, not all zero. Got {weights!r}."
        )
    return weight_array / weight_array.sum()
