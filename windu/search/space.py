"""What a search looks for: ranges and choices, and parameters of a trial."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from sklearn.base import clone

from windu.estimator.parts import name_of
from windu.exceptions import PartError, SearchError, did_you_mean

__all__ = [
    "BLOCK",
    "Choice",
    "Range",
    "Space",
    "grid_of",
    "key_of",
    "named_blocks",
    "points_of",
    "read_range",
    "read_space",
]

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
    >>> from windu.search.space import read_range
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


#: The parameter of a trial that says which of several spaces it is in.
BLOCK = "space"


class Space:
    """Ranges of parameters of an estimator, alone or as alternatives.

    A nested parameter is asked for only where the part that was chosen has it:
    ``model__max_depth`` for a forest, and not for a linear model.

    Parameters
    ----------
    estimator : estimator
        Whose parameters they are; not changed.
    blocks : mapping of str to mapping
        One or more spaces by name, each from parameter to range.

    Raises
    ------
    SearchError
        For a parameter that does not exist.
    """

    def __init__(self, estimator: Any, blocks: Mapping[str, Mapping[str, Any]]):
        self.estimator = estimator
        self.blocks: dict[str, dict[str, Range]] = {
            label: {name: read_range(name, values) for name, values in block.items()}
            for label, block in blocks.items()
        }
        self._known: dict[tuple[int, str], bool] = {}
        for block in self.blocks.values():
            self._check(block)

    def __call__(self, trial: Any) -> dict[str, Any]:
        """Return the parameters of a trial."""
        labels = list(self.blocks)
        label = labels[0]
        if len(labels) > 1:
            label = trial.suggest_categorical(BLOCK, labels)
        params: dict[str, Any] = {}
        # Parts first: what they are decides what parameters there are.
        for name, value_range in sorted(
            self.blocks[label].items(), key=lambda item: "__" in item[0]
        ):
            if "__" not in name or self._takes(name, params):
                params[name] = value_range.suggest(
                    trial, key_of(self.blocks, label, name)
                )
        return params

    def _takes(self, name: str, params: Mapping[str, Any]) -> bool:
        """Tell whether the part that was chosen has a nested parameter."""
        part = name.partition("__")[0]
        if part not in params:
            return True
        # The values of a range live as long as the range, and so do their ids.
        key = id(params[part]), name
        if key not in self._known:
            chosen = _with(self.estimator, {part: params[part]})
            self._known[key] = not _refusal(chosen, name)
        return self._known[key]

    def _check(self, block: Mapping[str, Range]) -> None:
        deep = self.estimator.get_params(deep=True)
        for name in block:
            first = name.partition("__")[0]
            if first not in deep:
                raise SearchError(
                    f"A space must name parameters of {type(self.estimator).__name__}. "
                    f"Got {name!r}.{did_you_mean(first, deep)}"
                )
        parts = {
            name: value_range
            for name, value_range in block.items()
            if isinstance(value_range, Choice)
        }
        for name in block:
            first = name.partition("__")[0]
            if first == name or name in deep:
                continue
            values = parts[first].values if first in parts else (deep[first],)
            refusals = [
                _refusal(_with(self.estimator, {first: part}), name) for part in values
            ]
            if all(refusals):
                raise SearchError(
                    f"No {first} of this space has the parameter {name!r}. "
                    f"{refusals[0]}"
                )


def _with(estimator: Any, params: Mapping[str, Any]) -> Any:
    return clone(estimator).set_params(**params)


def _refusal(estimator: Any, name: str) -> str:
    """Return why an estimator has no such parameter, empty if it has."""
    try:
        clone(estimator).set_params(**{name: None})
    except (PartError, ValueError) as error:
        return str(error)
    return ""


def read_space(estimator: Any, space: Any) -> Callable[[Any], dict[str, Any]]:
    """Return a space from one of its forms.

    Parameters
    ----------
    estimator : estimator
        Whose parameters are looked for.
    space : mapping, list of mappings or callable
        From parameter to range; several such spaces, of which a trial takes one; or a
        function from a trial of optuna to parameters.

    Returns
    -------
    callable
        From a trial to parameters.

    Raises
    ------
    SearchError
        If it is none of these.
    """
    if isinstance(space, Mapping):
        return Space(estimator, {"": space})
    if isinstance(space, Sequence) and not isinstance(space, str) and space:
        if all(isinstance(block, Mapping) for block in space):
            return Space(estimator, named_blocks(space))
    elif callable(space):
        return _Function(space)
    raise SearchError(
        "A space must be 'auto', a mapping from parameter to range, a list of such "
        f"mappings, or a function of a trial. Got {space!r}."
    )


class _Function:
    """A function of a user's own."""

    def __init__(self, function: Callable[[Any], Mapping[str, Any]]):
        self.function = function

    def __call__(self, trial: Any) -> dict[str, Any]:
        params = self.function(trial)
        if not isinstance(params, Mapping):
            raise SearchError(
                "The function of a space must return a mapping from parameter to value."
                f" Got {type(params).__name__}. Return the parameters of the trial."
            )
        return dict(params)


def named_blocks(blocks: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return spaces by the name that a trial says: number and, if alone, model."""
    named = {}
    for number, block in enumerate(blocks):
        model = block.get("model")
        alone = isinstance(model, (list, tuple)) and len(model) == 1
        is_alone = alone and isinstance(model[0], str)  # type: ignore[index]
        named[f"{number}-{model[0]}" if is_alone else str(number)] = block  # type: ignore[index]
    return named


def key_of(blocks: Mapping[str, Any], label: str, name: str) -> str:
    """Return the name under which a trial is asked for a parameter of a space."""
    return f"{label}.{name}" if len(blocks) > 1 else name


class _Step:
    """A trial that goes through all values of finite ranges, one after another."""

    def __init__(self, path: list[int]):
        self.path = path
        self.sizes: list[int] = []
        self.params: dict[str, Any] = {}

    def suggest_categorical(self, key: str, choices: Sequence[Any]) -> Any:
        return self._next(key, choices)

    def suggest_int(
        self, key: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        return self._next(key, range(low, high + 1, step))

    def suggest_float(
        self,
        key: str,
        low: float,
        high: float,
        *,
        step: float | None = None,
        log: bool = False,
    ) -> float:
        if step is None:
            raise SearchError(
                f"A grid needs values that can be counted. Got a range for {key!r}. "
                "Give it a step or a list of values, or take another sampler."
            )
        n_steps = int((high - low) / step + 1e-9)
        return self._next(key, [low + i * step for i in range(n_steps + 1)])

    def _next(self, key: str, choices: Sequence[Any]) -> Any:
        if key in self.params:
            return self.params[key]
        at = len(self.sizes)
        if at == len(self.path):
            self.path.append(0)
        self.sizes.append(len(choices))
        self.params[key] = choices[self.path[at]]
        return self.params[key]


def grid_of(
    space: Callable[[Any], Mapping[str, Any]], *, at_most: int = 100_000
) -> Iterator[dict[str, Any]]:
    """Yield what optuna stores of each point of a finite space, the last range first.

    Parameters
    ----------
    space : callable
        From a trial to parameters.
    at_most : int, default=100_000
        More points are refused.

    Yields
    ------
    dict of str to object
        For `optuna.study.Study.enqueue_trial`.

    Raises
    ------
    SearchError
        For a range that cannot be counted, or too many points.
    """
    path: list[int] = []
    for number in itertools.count():
        if number == at_most:
            raise SearchError(
                f"A grid can have {at_most} points. Got more; take another sampler."
            )
        step = _Step(path)
        space(step)
        yield step.params
        path = path[: len(step.sizes)]
        while path and path[-1] + 1 == step.sizes[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


def points_of(
    space: Callable[[Any], Mapping[str, Any]], *, at_most: int
) -> list[dict[str, Any]]:
    """Return the points of a space of ranges, none where they are too many to count."""
    if not isinstance(space, Space):
        return []
    try:
        return list(grid_of(space, at_most=at_most))
    except SearchError:
        return []
