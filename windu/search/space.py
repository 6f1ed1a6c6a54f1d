"""What a search looks for: from a trial of optuna to parameters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sklearn.base import clone

from windu.exceptions import PartError, SearchError, did_you_mean
from windu.search.ranges import Choice, Range, read_range

__all__ = ["BLOCK", "Space", "grid_of", "key_of", "named_blocks", "read_space"]

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
    if isinstance(space, Mapping) and space:
        return Space(estimator, {"": space})
    if isinstance(space, Sequence) and not isinstance(space, str) and space:
        if all(isinstance(block, Mapping) and block for block in space):
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
