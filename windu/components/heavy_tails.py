"""Whether amounts with a heavy tail are better learned on a logarithmic scale."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from windu.components.blend import BoostedBlendRegressor
from windu.components.log_encoder import LogEncoder

__all__ = ["Gain", "fit_on_better_scale", "has_heavy_tail", "is_candidate"]

#: Of the normal distribution, (Q.975 - Q.5) / (Q.75 - Q.25).
_NORMAL_TAIL = 1.453
#: A right tail so many times heavier is heavy; that of an exponential is 1.9.
_HEAVY = 1.5
#: The gain must be so many standard errors above zero.
_CLEAR = 1.0
#: The quantile of y that is a small amount.
_SMALL = 0.05
#: On more rows boosting finds the curve by itself, and asking takes too long.
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
    >>> from windu.components.heavy_tails import has_heavy_tail
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
    """Tell whether it is worth asking how y is better learned.

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
    """What the logarithmic scale brings on held-out rows.

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
    """Fit the default model on y, or on its logarithms where that clearly pays.

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
    >>> from windu.components.heavy_tails import fit_on_better_scale
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
    """Return one of the smallest amounts: above it is nearly all of the logarithm.

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
