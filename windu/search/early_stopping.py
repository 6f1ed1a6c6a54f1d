"""Boosting that stops by the rows of a fold, and the rounds that it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["found_rounds", "held_out", "with_rounds", "without_stopping"]


@dataclass(frozen=True)
class _Stopping:
    """How a library's boosting is told to stop, and what it says afterwards."""

    rounds: str
    asked: tuple[str, ...]
    off: Any
    held_out: Callable[[Any, Any, Any], dict[str, Any]]
    found: Callable[[Any], int]


def _lightgbm(X: Any, y: Any, weight: Any) -> dict[str, Any]:
    options = {"eval_X": X, "eval_y": y}
    return options if weight is None else options | {"eval_sample_weight": [weight]}


def _xgboost(X: Any, y: Any, weight: Any) -> dict[str, Any]:
    options = {"eval_set": [(X, y)], "verbose": False}
    return options if weight is None else options | {"sample_weight_eval_set": [weight]}


def _catboost(X: Any, y: Any, weight: Any) -> dict[str, Any]:
    if weight is None:
        return {"eval_set": (X, y)}
    return {"eval_set": import_module("catboost").Pool(X, y, weight=weight)}


def _histogram(X: Any, y: Any, weight: Any) -> dict[str, Any]:
    return {"X_val": X, "y_val": y, "sample_weight_val": weight}


_LIGHTGBM = _Stopping(
    "n_estimators",
    ("early_stopping_round", "early_stopping_rounds", "n_iter_no_change"),
    0,
    _lightgbm,
    lambda model: int(model.best_iteration_),
)
_XGBOOST = _Stopping(
    "n_estimators",
    ("early_stopping_rounds",),
    None,
    _xgboost,
    lambda model: int(model.best_iteration) + 1,
)
_CATBOOST = _Stopping(
    "iterations",
    ("early_stopping_rounds", "od_wait"),
    # Without held-out rows it does not stop, and a clone cannot take None.
    ...,
    _catboost,
    lambda model: int(model.best_iteration_) + 1,
)
_HISTOGRAM = _Stopping(
    "max_iter",
    ("early_stopping",),
    False,
    _histogram,
    # Unlike the others it keeps the rounds after the best one, and is scored with them.
    lambda model: int(model.n_iter_),
)

_STOPPING = {
    **dict.fromkeys(("LGBMClassifier", "LGBMRegressor"), _LIGHTGBM),
    **dict.fromkeys(("XGBClassifier", "XGBRegressor"), _XGBOOST),
    **dict.fromkeys(("CatBoostClassifier", "CatBoostRegressor"), _CATBOOST),
    "HistGradientBoostingClassifier": _HISTOGRAM,
    "HistGradientBoostingRegressor": _HISTOGRAM,
}


def _stopping_of(model: Any) -> tuple[_Stopping, str] | None:
    """Return how a model stops and by which parameter, None where it does not."""
    stopping = _STOPPING.get(type(model).__name__)
    if stopping is None:
        return None
    params = model.get_params(deep=False)
    for name in stopping.asked:
        value = params.get(name)
        # scikit-learn's "auto" holds out rows of its own.
        if value is True or (value and not isinstance(value, (bool, str))):
            return stopping, name
    return None


def held_out(
    model: Any, make_rows: Callable[[], tuple[Any, Any, Any]]
) -> dict[str, Any]:
    """Return what the `fit` of a model that stops early is given.

    Parameters
    ----------
    model : estimator
        Not fitted. Only one with early stopping switched on in its own parameters is
        given anything.
    make_rows : callable
        Returns matrix, encoded target and weights (or None) of held-out rows.

    Returns
    -------
    dict of str to object
        Keyword arguments, in the form of the model's library.
    """
    stopping = _stopping_of(model)
    return {} if stopping is None else stopping[0].held_out(*make_rows())


def without_stopping(model: Any) -> dict[str, Any]:
    """Return the parameters that switch early stopping off inside of a model.

    Calibration, stacking and the like fit boosting without held-out rows, which
    LightGBM and XGBoost refuse. The others go without.

    Parameters
    ----------
    model : estimator
        Not fitted.

    Returns
    -------
    dict of str to object
        Nested parameters, for `set_params`.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from windu.search.early_stopping import without_stopping
    >>> without_stopping(HistGradientBoostingClassifier(early_stopping=True))
    {}
    """
    off = {}
    for name, part in model.get_params(deep=True).items():
        stopping = _stopping_of(part)
        if stopping is not None and stopping[0] in (_LIGHTGBM, _XGBOOST):
            off[f"{name}__{stopping[1]}"] = stopping[0].off
    return off


def found_rounds(model: Any) -> int | None:
    """Return after how many rounds a fitted model was best on held-out rows.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    int or None
        None for a model that did not stop by held-out rows.
    """
    stopping = _stopping_of(model)
    return None if stopping is None else max(1, stopping[0].found(model))


def with_rounds(model: Any, rounds: int) -> dict[str, Any]:
    """Return the parameters that fit a model for so many rounds, on all rows.

    Parameters
    ----------
    model : estimator
        With early stopping switched on.
    rounds : int
        As found on held-out rows.

    Returns
    -------
    dict of str to object
        For `set_params`.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from windu.search.early_stopping import with_rounds
    >>> with_rounds(HistGradientBoostingClassifier(early_stopping=True), 40)
    {'max_iter': 40, 'early_stopping': False}
    """
    stopping_found = _stopping_of(model)
    if stopping_found is None:
        return {}
    stopping, name = stopping_found
    off = {} if stopping.off is ... else {name: stopping.off}
    return {stopping.rounds: rounds, **off}
