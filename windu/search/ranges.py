"""Ranges of single parameters, in every form that a space can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from windu.estimator.parts import name_of
from windu.exceptions import SearchError, did_you_mean

__all__ = ["Choice", "Range", "read_range"]

_FORMS = (
    "a list of values, {'int': [low, high]}, {'float': [low, high]} (with 'log' or "
    "'step'), or a distribution of scipy or optuna"
)
_PLAIN = (type(None), bool, int, float, str)


class Range(Protocol):
    """What a parameter can be."""

    def suggest(self, trial: Any, key: str) -> Any:
        """Return a value, asked of a trial of optuna under a key."""


@dataclass(frozen=True)
class Choice:
    """One of several values, of any type.

    A storage of optuna holds numbers and texts alone; other values go by a label.

    Attributes
    ----------
    values : tuple
        What can be chosen.
    """

    values: tuple[Any, ...]

    @property
    def labels(self) -> list[Any]:
        """What the storage holds in the place of each value."""
        # optuna takes 1, 1.0 and True for the same.
        plain = all(isinstance(value, _PLAIN) for value in self.values)
        if plain and len({*self.values}) == len(self.values):
            return list(self.values)
        return [f"{i}: {_label(value)}" for i, value in enumerate(self.values)]

    def suggest(self, trial: Any, key: str) -> Any:
        """Return one of the values; of a single one nothing is asked."""
        if len(self.values) == 1:
            return self.values[0]
        labels = self.labels
        return self.values[labels.index(trial.suggest_categorical(key, labels))]


@dataclass(frozen=True)
class _Number:
    whole: bool
    low: Any
    high: Any
    log: bool = False
    step: Any = None

    def suggest(self, trial: Any, key: str) -> Any:
        if self.whole:
            step = 1 if self.step is None else self.step
            return trial.suggest_int(key, self.low, self.high, step=step, log=self.log)
        return trial.suggest_float(
            key, self.low, self.high, step=self.step, log=self.log
        )


@dataclass(frozen=True)
class _Quantile:
    """A distribution of scipy, by the quantile that a trial chooses."""

    distribution: Any

    def suggest(self, trial: Any, key: str) -> Any:
        # Zero and one may be infinite.
        share = trial.suggest_float(key, 1e-6, 1 - 1e-6)
        value = self.distribution.ppf(share)
        return (
            int(value)
            if float(value).is_integer() and self._is_integer
            else float(value)
        )

    @property
    def _is_integer(self) -> bool:
        return hasattr(self.distribution, "pmf")


def read_range(name: str, value: Any) -> Range:
    """Return a range from one of its forms.

    Parameters
    ----------
    name : str
        Of the parameter, for messages.
    value : list, mapping, distribution or object
        A list of values; ``{"int": [2, 12]}`` or ``{"float": [0.01, 1], "log": True}``;
        a frozen distribution of scipy; a distribution of optuna.

    Returns
    -------
    Range
        What asks a trial.

    Raises
    ------
    SearchError
        If it is none of these.

    Examples
    --------
    >>> from windu.search.ranges import read_range
    >>> read_range("max_depth", [2, 4, None]).labels
    [2, 4, None]
    >>> read_range("C", {"float": [1, 0.1]})
    Traceback (most recent call last):
    ...
    windu.exceptions.SearchError: The range of 'C' must go from a lower to a higher ...
    """
    if isinstance(value, (FloatDistribution, IntDistribution)):
        is_integer = isinstance(value, IntDistribution)
        return _number(name, is_integer, [value.low, value.high], value.log, value.step)
    if isinstance(value, CategoricalDistribution):
        return Choice(tuple(value.choices))
    if hasattr(value, "ppf") and hasattr(value, "rvs"):
        return _Quantile(value)
    if isinstance(value, Mapping):
        return _mapping(name, value)
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        values = value.tolist() if isinstance(value, np.ndarray) else list(value)
        if not values:
            raise SearchError(
                f"The range of {name!r} must hold at least one value. Got an empty one."
            )
        return Choice(tuple(values))
    raise SearchError(f"The range of {name!r} must be {_FORMS}. Got {value!r}.")


def _mapping(name: str, mapping: Mapping[str, Any]) -> Range:
    kinds = [kind for kind in ("int", "float", "choice") if kind in mapping]
    options = {"choice"} if kinds == ["choice"] else {*kinds, "log", "step"}
    unknown = [key for key in mapping if key not in options]
    if len(kinds) != 1 or unknown:
        keys = ["int", "float", "choice", "log", "step"]
        hint = did_you_mean(unknown[0], keys) if unknown else ""
        raise SearchError(
            f"The range of {name!r} must be {_FORMS}. Got {dict(mapping)!r}.{hint}"
        )
    bounds = mapping[kinds[0]]
    if kinds == ["choice"]:
        return read_range(name, bounds)
    if isinstance(bounds, (str, bytes)) or not hasattr(bounds, "__len__"):
        bounds = [bounds]
    log, step = mapping.get("log", False), mapping.get("step")
    return _number(name, kinds == ["int"], list(bounds), log, step)


def _number(
    name: str, is_integer: bool, bounds: list[Any], log: bool, step: Any
) -> _Number:
    kind: Any = Integral if is_integer else Real
    if len(bounds) != 2 or not all(
        isinstance(b, kind) and not isinstance(b, bool) for b in bounds
    ):
        raise SearchError(
            f"The range of {name!r} must have two "
            f"{'whole ' if is_integer else ''}numbers, "
            f"the lowest and the highest. Got {bounds!r}."
        )
    low, high = bounds
    if not low <= high:
        raise SearchError(
            f"The range of {name!r} must go from a lower to a higher number. Got "
            f"{low!r} to {high!r}."
        )
    if log and low <= 0:
        raise SearchError(
            f"A logarithmic range must start above zero. Got {name!r} from {low!r}."
        )
    # optuna's own range of whole numbers says step=1 where nothing is asked.
    step = None if step == 1 and is_integer else step
    if step is not None and (log or not isinstance(step, kind) or step <= 0):
        raise SearchError(
            f"step must be a {'whole ' if is_integer else ''}number above zero, and "
            "not "
            f"stand beside log. Got {step!r} for {name!r}."
        )
    return _Number(is_integer, low, high, bool(log), step)


def _label(value: Any) -> str:
    if isinstance(value, _PLAIN):
        return repr(value)
    return name_of(value)
