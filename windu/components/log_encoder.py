"""Targets with a heavy right tail on a logarithmic scale, and back."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from windu._compat.bases import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from windu._compat.sklearn import Interval, fit_context
from windu.exceptions import TargetError

__all__ = ["LogEncoder"]


class LogEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Encode amounts as ``log(1 + y / scale)``, and decode to their own units.

    Below `scale` the encoding is nearly a straight line, above it a logarithm: zeros
    are allowed, and small values do not become outliers.

    A model that learns logarithms predicts about the median of an amount. `smearing`
    corrects for this: the mean of ``exp(residual)`` over residuals on the logarithmic
    scale [1]_ makes predictions means again, which squared errors are about.

    Parameters
    ----------
    scale : float, default=1.0
        Where the line turns into a logarithm, in the units of y; 1 is ``log1p``.
    smearing : float, default=1.0
        Factor on ``1 + y / scale`` when decoding.
    clip : bool, default=False
        Whether decoded values are kept within the range of the training values. A
        model that extrapolates a little on a logarithmic scale does so wildly in the
        units of y.

    Attributes
    ----------
    range_ : ndarray of shape (2, n_outputs)
        Smallest and largest training value.
    n_features_in_ : int
        Number of columns.

    References
    ----------
    .. [1] Duan, N. (1983). Smearing estimate: a nonparametric retransformation
       method. Journal of the American Statistical Association 78(383), 605-610.

    Examples
    --------
    >>> from windu import LogEncoder
    >>> encoder = LogEncoder().fit([[0.0], [9.0], [99.0]])
    >>> encoder.transform([[9.0], [99.0]]).round(2)
    array([[2.3 ],
           [4.61]])
    >>> encoder.inverse_transform(encoder.transform([[9.0], [99.0]]))
    array([[ 9.],
           [99.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "scale": [Interval(Real, 0, None, closed="neither")],
        "smearing": [Interval(Real, 0, None, closed="neither")],
        "clip": ["boolean"],
    }

    def __init__(
        self,
        *,
        scale: float = 1.0,
        smearing: float = 1.0,
        clip: bool = False,
    ):
        self.scale = scale
        self.smearing = smearing
        self.clip = clip

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> LogEncoder:
        """Learn the range.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_outputs)
            Amounts above ``-scale``, a column an output.
        y : ignored
            For scikit-learn's sake.

        Returns
        -------
        LogEncoder
            The fitted encoder.

        Raises
        ------
        TargetError
            If a value has no logarithm.
        """
        amounts = self._values(X, reset=True)
        self._check_logarithms(amounts)
        self.range_ = np.array([amounts.min(axis=0), amounts.max(axis=0)])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return logarithms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_outputs)
            Amounts above ``-scale``.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            ``log(1 + X / scale)``.

        Raises
        ------
        TargetError
            If a value has no logarithm.
        """
        check_is_fitted(self)
        amounts = self._values(X, reset=False)
        self._check_logarithms(amounts)
        return np.log1p(amounts / self.scale)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return amounts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_outputs)
            On the scale of `transform`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            ``scale * (smearing * exp(X) - 1)``.
        """
        check_is_fitted(self)
        # The same as exp(X) * smearing - 1, without cancellation near zero.
        units = np.expm1(np.asarray(X)) * self.smearing + (self.smearing - 1)
        decoded = units * self.scale
        return np.clip(decoded, *self.range_) if self.clip else decoded

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _values(self, X: Any, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=reset)

    def _check_logarithms(self, amounts: np.ndarray) -> None:
        bad = np.atleast_1d((amounts <= -self.scale).any(axis=1))
        if not bad.any():
            return
        row = int(bad.argmax())
        raise TargetError(
            f"A logarithmic target needs values above {-self.scale:g}. Negative values "
            f"in data: got {amounts[row].min():g} at row {row}, and {int(bad.sum())} "
            f"such rows of {len(bad)}. Pass label_encoder=None, or PowerTransformer(), "
            "which takes negative values.",
            np.flatnonzero(bad).tolist(),
        )
