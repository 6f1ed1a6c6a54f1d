"""The default model: gradient boosting blended with a regularised linear model."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.extmath import softmax
from sklearn.utils.multiclass import check_classification_targets

from windu._compat.bases import ClassifierMixin, RegressorMixin
from windu._compat.sklearn import fit_context
from windu.components._blending import BaseBoostedBlend, MatchedScore

__all__ = ["BoostedBlendClassifier", "BoostedBlendRegressor"]


class BoostedBlendClassifier(MatchedScore, ClassifierMixin, BaseBoostedBlend):
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
    min_samples_leaf : int, default=10
        Smallest number of rows in a leaf.
    l2_regularization : float, default=1.0
        Penalty on the values of the leaves. Zero lets boosting diverge on rare
        classes.
    alphas : array-like of float, default=(100.0, 10.0, 1.0, 0.1)
        Penalties of the logistic regression (``C = 1 / alpha``) to choose from,
        strongest first: each starts from the coefficients of the one before.
    categorical_features : array-like of int or bool, default=None
        Indices or boolean mask of the columns that hold ordinal codes. The
        linear member encodes them one-hot, where an unknown code is all zeros;
        boosting takes them as numbers.
    validation_fraction : float, default=0.2
        Share of the rows held out in one validation set.
    n_validations : int or "auto", default="auto"
        Number of disjoint validation sets. "auto" is one, and on fewer than
        1000 rows as many as there are (a full cross-validation).
    n_iter_no_change : int, default=5
        Number of rounds without a better validation loss that stop boosting.
    random_state : int, RandomState instance or None, default=None
        Determines the validation rows and the seed of boosting.

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
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has string names.

    See Also
    --------
    BoostedBlendRegressor : The same for numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from windu import BoostedBlendClassifier
    >>> X = np.arange(40.0).reshape(-1, 1)
    >>> model = BoostedBlendClassifier(random_state=0).fit(X, X[:, 0] > 19)
    >>> model.predict([[3.0], [35.0]])
    array([False,  True])
    """

    _booster_class = HistGradientBoostingClassifier
    _discrete = True

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BoostedBlendClassifier:
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

    def predict_proba(self, X: Any) -> np.ndarray:
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

    def predict(self, X: Any) -> np.ndarray:
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

    def _make_linear(self) -> Any:
        # The coefficients hardly change from one penalty to the next.
        return LogisticRegression(max_iter=200, tol=1e-3, warm_start=True)

    def _penalty(self, alpha: float) -> dict[str, float]:
        return {"C": 1 / alpha}

    def _booster_scores(self, booster: Any, X: np.ndarray) -> np.ndarray:
        return booster.decision_function(X)

    def _output(self, scores: np.ndarray) -> np.ndarray:
        if scores.ndim == 2:
            # A contiguous row is summed in the same order as a single row.
            return softmax(np.ascontiguousarray(scores))
        positive = expit(scores)
        return np.stack([1 - positive, positive], axis=1)

    def _judged(self, y: np.ndarray, output: np.ndarray) -> np.ndarray:
        return output[np.arange(len(y)), y]

    def _losses(self, judged: np.ndarray) -> np.ndarray:
        return -np.log(np.clip(judged, 1e-12, 1))


class BoostedBlendRegressor(MatchedScore, RegressorMixin, BaseBoostedBlend):
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
    min_samples_leaf : int, default=10
        Smallest number of rows in a leaf.
    l2_regularization : float, default=1.0
        Penalty on the values of the leaves.
    alphas : array-like of float, default=(100.0, 10.0, 1.0, 0.1)
        Penalties of the ridge regression to choose from.
    categorical_features : array-like of int or bool, default=None
        Indices or boolean mask of the columns that hold ordinal codes. The
        linear member encodes them one-hot, where an unknown code is all zeros;
        boosting takes them as numbers.
    validation_fraction : float, default=0.2
        Share of the rows held out in one validation set.
    n_validations : int or "auto", default="auto"
        Number of disjoint validation sets. "auto" is one, and on fewer than
        1000 rows as many as there are (a full cross-validation).
    n_iter_no_change : int, default=5
        Number of rounds without a better validation loss that stop boosting.
    random_state : int, RandomState instance or None, default=None
        Determines the validation rows and the seed of boosting.

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
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` has string names.

    See Also
    --------
    BoostedBlendClassifier : The same for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from windu import BoostedBlendRegressor
    >>> X = np.arange(40.0).reshape(-1, 1)
    >>> model = BoostedBlendRegressor(random_state=0).fit(X, 3 * X[:, 0])
    >>> model.predict([[3.0], [35.0]]).round()
    array([  9., 105.])
    """

    _booster_class = HistGradientBoostingRegressor
    _discrete = False

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BoostedBlendRegressor:
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

    def predict(self, X: Any) -> np.ndarray:
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

    def _make_linear(self) -> Any:
        return Ridge()

    def _penalty(self, alpha: float) -> dict[str, float]:
        return {"alpha": alpha}

    def _booster_scores(self, booster: Any, X: np.ndarray) -> np.ndarray:
        return booster.predict(X)

    def _output(self, scores: np.ndarray) -> np.ndarray:
        return scores

    def _judged(self, y: np.ndarray, output: np.ndarray) -> np.ndarray:
        return y - output

    def _losses(self, judged: np.ndarray) -> np.ndarray:
        return judged**2
