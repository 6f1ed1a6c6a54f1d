"""The design matrix of a linear model, from a matrix of numbers and codes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LinearDesign", "categorical_indices", "linear_scores"]


def categorical_indices(categorical_features: Any, n_features: int) -> np.ndarray:
    """Return the sorted column indices given as indices or as a boolean mask.

    Parameters
    ----------
    categorical_features : array-like of int or bool, or None
        Which columns hold codes.
    n_features : int
        Number of columns.

    Returns
    -------
    ndarray of int
        Sorted and different.

    Raises
    ------
    ValueError
        For a mask of another length or an index outside the matrix.
    """
    if categorical_features is None:
        return np.empty(0, dtype=int)
    columns = np.asarray(categorical_features)
    if columns.dtype == bool:
        if columns.shape != (n_features,):
            raise ValueError(
                f"categorical_features as a mask must have shape ({n_features},). Got "
                f"{columns.shape}. Pass one value a column of X."
            )
        return np.flatnonzero(columns)
    columns = columns.astype(int).ravel()
    if columns.size and (columns.min() < 0 or columns.max() >= n_features):
        raise ValueError(
            f"categorical_features must be in [0, {n_features - 1}]. Got {columns}. "
            "Pass indices of columns of X."
        )
    return np.unique(columns)


class LinearDesign:
    """Indicators for codes; numbers filled with the median, standardised, clipped.

    A ColumnTransformer of scikit-learn does the same at fifty times the cost of a
    single row, and its scaler does not see the weights.

    Parameters
    ----------
    categorical : ndarray of int
        Indices of the columns that hold codes.
    clip : float, default=5.0
        Standardised numbers are cut off here, so that no outlier decides alone.
    """

    def __init__(self, categorical: np.ndarray, clip: float = 5.0):
        self.categorical = categorical
        self.clip = clip

    def fit(self, X: np.ndarray, sample_weight: np.ndarray | None) -> LinearDesign:
        """Learn medians, levels, means and scales.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Numbers, NaN where missing.
        sample_weight : ndarray of shape (n_samples,) or None
            Weights of means and scales.

        Returns
        -------
        LinearDesign
            Itself.
        """
        self.numeric = np.setdiff1d(np.arange(X.shape[1]), self.categorical)
        numeric = X[:, self.numeric]
        missing = np.isnan(numeric)
        seen = ~missing.all(axis=0)
        self.median = np.zeros(numeric.shape[1])
        self.median[seen] = np.nanmedian(numeric[:, seen], axis=0)
        self.indicated = missing.any(axis=0) & seen
        self.levels = [
            np.unique(column[~np.isnan(column)]) for column in X.T[self.categorical]
        ]
        dense = self._dense(X)
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        self.mean = np.average(dense, axis=0, weights=weights)
        variance = np.average((dense - self.mean) ** 2, axis=0, weights=weights)
        scale = np.sqrt(variance)
        # A column that is constant up to rounding keeps its own unit.
        self.scale = np.where(scale > 1e-12 * (1 + np.abs(self.mean)), scale, 1.0)
        return self

    def _dense(self, X: np.ndarray) -> np.ndarray:
        numeric = X[:, self.numeric]
        missing = np.isnan(numeric)
        filled = np.where(missing, self.median, numeric)
        return np.hstack([filled, missing[:, self.indicated]])

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Return the design matrix.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
            Without NaN; a code unknown to `fit` has no indicator.
        """
        dense = (self._dense(X) - self.mean) / self.scale
        blocks = [np.clip(dense, -self.clip, self.clip)]
        for column, levels in zip(self.categorical, self.levels, strict=True):
            blocks.append(X[:, [column]] == levels)
        return np.hstack(blocks)


def linear_scores(member: Any, design: np.ndarray) -> np.ndarray:
    """Return the scores of a linear model, each row rounded as it is alone.

    A matrix product of BLAS adds up one row in another order than many, and so one
    prediction would depend on the rows that come with it.

    Parameters
    ----------
    member : estimator
        Fitted, with `coef_` and `intercept_`.
    design : ndarray of shape (n_samples, n_columns)
        Design matrix.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_scores)
        One column a row of `coef_`, if it has several.
    """
    design = np.ascontiguousarray(design)
    scores = [(design * row).sum(axis=1) for row in np.atleast_2d(member.coef_)]
    if len(scores) == 1:
        return scores[0] + member.intercept_
    return np.stack(scores, axis=1) + member.intercept_
