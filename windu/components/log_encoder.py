"""Logarithms of heavy-tailed targets: the encoder, and when to use it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from windu._compat.bases import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from windu._compat.sklearn import Interval, fit_context
from windu.components.blend import BoostedBlendRegressor
from windu.exceptions import TargetError

__all__ = [
    "Gain",
    "LogEncoder",
    "fit_on_better_scale",
    "has_heavy_tail",
    "is_candidate",
]


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


#: Of the normal distribution, (Q.975 - Q.5) / (Q.75 - Q.25).
_NORMAL_TAIL = 1.453
#: A right tail so many times heavier is heavy; that of an exponential is 1.9.
_HEAVY = 1.5
#: Least gain, in standard errors.
_CLEAR = 1.0
#: The quantile of y that is a small amount.
_SMALL = 0.05
#: With more rows boosting learns the curve itself, and the test takes too long.
_MAX_ROWS = 5_000


def has_heavy_tail(y: np.ndarray) -> bool:
    """Tell whether y holds amounts with a heavy right tail.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Finite numbers.

    Returns
    -------
    bool
        Nothing below zero, a median above, and the right half of the measure of tail
        weight of Crow and Siddiqui [1]_ at 1.5 times that of a normal distribution.

    References
    ----------
    .. [1] Crow, E. L. and Siddiqui, M. M. (1967). Robust estimation of location.
       Journal of the American Statistical Association 62(318), 353-389.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.components.log_encoder import has_heavy_tail
    >>> amounts = np.exp(np.linspace(-2, 2, 100))
    >>> has_heavy_tail(amounts), has_heavy_tail(np.log(amounts))
    (True, False)
    """
    low, quarter, median, three, high = np.quantile(y, [0, 0.25, 0.5, 0.75, 0.975])
    return bool(
        low >= 0
        and median > 0
        and high - median > _HEAVY * _NORMAL_TAIL * (three - quarter)
    )


def is_candidate(model: Any, y: Any) -> bool:
    """Tell whether the scale of y should be chosen on held-out rows.

    Parameters
    ----------
    model : estimator
        Only the default model holds out rows anyway.
    y : ndarray
        The target.

    Returns
    -------
    bool
        For one column of at most 5,000 amounts with a heavy tail.
    """
    is_default = isinstance(model, BoostedBlendRegressor) and np.ndim(y) == 1
    return is_default and len(y) <= _MAX_ROWS and has_heavy_tail(np.asarray(y))


@dataclass(frozen=True)
class Gain:
    """The gain of the logarithmic scale on held-out rows.

    Attributes
    ----------
    mean : float
        By how much logarithms lower the mean squared error, as a share of it.
    error : float
        Standard error of the mean over the rows.
    """

    mean: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether it is more than one standard error above zero."""
        return self.mean > _CLEAR * self.error

    def __str__(self) -> str:
        return (
            f"target: {'its logarithm' if self.clear else 'as it is'}. The tail is "
            "heavy, and logarithms change the squared error of held-out rows by "
            f"{-self.mean:+.1%} (standard error {self.error:.1%})"
        )


def fit_on_better_scale(
    model: Any, X: Any, y: Any, sample_weight: Any = None
) -> tuple[Any, LogEncoder | None, Gain]:
    """Fit the default model on y, or on its logarithm if that is clearly better.

    Both are compared on the rows that the model holds out anyway, by squared errors in
    the units of y; logarithms are brought back with Duan's smearing factor.

    Parameters
    ----------
    model : BoostedBlendRegressor
        Not fitted.
    X : array-like of shape (n_samples, n_features)
        The matrix.
    y : array-like of shape (n_samples,)
        Amounts, for which `has_heavy_tail` holds.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    model : BoostedBlendRegressor
        Fitted on y, or on what the encoder makes of it.
    encoder : LogEncoder or None
        Fitted; None if y itself is as good.
    gain : Gain
        What decided.

    Examples
    --------
    >>> import numpy as np
    >>> from windu import BoostedBlendRegressor
    >>> from windu.components.log_encoder import fit_on_better_scale
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 2))
    >>> y = np.exp(X.sum(axis=1) + 0.1 * rng.normal(size=300))
    >>> model, encoder, gain = fit_on_better_scale(
    ...     BoostedBlendRegressor(random_state=0), X, y
    ... )
    >>> gain.clear
    True
    """
    model._validate_params()
    X, y, weight = model._validate(X, y, sample_weight, y_numeric=True)
    y = y.astype(np.float64)
    encoder = LogEncoder(scale=_scale_of(y), clip=True).fit(y.reshape(-1, 1))
    logarithms = encoder.transform(y.reshape(-1, 1)).ravel()
    by_log, plan = copy(model), model._plan(y)
    rows, residuals = model._search(X, y, weight, plan)
    _, log_residuals = by_log._search(X, logarithms, weight, plan)
    held_weight = None if weight is None else weight[rows]
    smearing = np.average(np.exp(log_residuals), weights=held_weight)
    encoder.set_params(smearing=float(smearing))
    decoded = encoder.inverse_transform((logarithms[rows] - log_residuals)[:, None])
    gain = _gain(residuals**2, (y[rows] - decoded.ravel()) ** 2, held_weight)
    if gain.clear:
        return by_log._refit(X, logarithms, weight, plan), encoder, gain
    return model._refit(X, y, weight, plan), None, gain


def _scale_of(y: np.ndarray) -> float:
    """Return the scale: one of the smallest amounts.

    Where many are zero, the median: a logarithm that tells small amounts from none
    spends itself on that.
    """
    small = float(np.quantile(y, _SMALL))
    return small if small > 0 else float(np.median(y))


def _gain(plain: np.ndarray, by_log: np.ndarray, weight: Any) -> Gain:
    saved = (plain - by_log) / np.average(plain, weights=weight)
    mean = np.average(saved, weights=weight)
    share = np.full(len(saved), 1 / len(saved)) if weight is None else weight
    share = share / share.sum()
    return Gain(float(mean), float(np.sqrt(((share * (saved - mean)) ** 2).sum())))
