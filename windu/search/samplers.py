"""Samplers whose next trial depends on the seed and on the trials before it alone."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from windu.exceptions import SearchError, did_you_mean

__all__ = ["INTERRUPTED", "SeededSampler", "make_pruner", "make_sampler"]

#: User attribute of a trial that was stopped from outside, and is made again.
INTERRUPTED = "interrupted"


def _tpe(seed: int) -> TPESampler:
    # What others are trying counts: it only matters to searches that share a storage.
    return TPESampler(seed=seed, constant_liar=True)


def _random(seed: int) -> RandomSampler:
    return RandomSampler(seed=seed)


def _of_class(cls: Callable[..., BaseSampler], seed: int) -> BaseSampler:
    return cls(seed=seed)


# Functions of a module: a search is pickled with its sampler.
_NAMED: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": _tpe,
    "random": _random,
    # The points of a grid are queued; nothing is sampled.
    "grid": _random,
}


class SeededSampler(BaseSampler):
    """A sampler that starts anew with each trial, from a seed of that trial.

    A sampler of optuna holds a generator of random numbers, whose state a process
    takes with it. Here what is drawn depends on the seed, the number of the trial, the
    name of the parameter and the trials in the storage, so that a search that was
    stopped goes on as it would have, also in the middle of what a trial asks for.

    Parameters
    ----------
    make : callable
        From a seed to a sampler.
    seed : int
        Of the search.
    """

    def __init__(self, make_sampler_of: Callable[[int], BaseSampler], seed: int):
        self._make, self._seed = make_sampler_of, seed
        self._inner = self._seeded()
        #: By number of a trial, its own or that of the one whose place it takes.
        self._places: dict[int, int] = {}

    def _seeded(self, *seeds: Any) -> BaseSampler:
        text = ":".join(map(str, (self._seed, *seeds)))
        digest = hashlib.sha256(text.encode()).digest()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return self._make(int.from_bytes(digest[:4], "little"))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Take the seed of this trial."""
        earlier = study.get_trials(deepcopy=False)[: trial.number]
        n_again = sum(
            INTERRUPTED in earlier_trial.user_attrs for earlier_trial in earlier
        )
        self._places[trial.number] = trial.number - n_again
        self._inner = self._seeded(trial.number - n_again)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Any:
        """Ask the sampler of this trial."""
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: Any
    ) -> dict[str, Any]:
        """Ask the sampler of this trial."""
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        """Ask a sampler of this parameter: what was asked for before does not count."""
        sampler = self._seeded(self._places[trial.number], param_name)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: Any, values: Any
    ) -> None:
        """Tell the sampler of this trial."""
        self._inner.after_trial(study, trial, state, values)


def make_sampler(sampler: Any, seed: int) -> BaseSampler:
    """Return a sampler from one of its forms.

    Parameters
    ----------
    sampler : str, callable or optuna.samplers.BaseSampler
        ``"tpe"``, ``"random"``, ``"grid"``, a function from a seed to a sampler (also
        a class with a ``seed``), or a sampler, which keeps its own state.
    seed : int
        Of the search.

    Returns
    -------
    optuna.samplers.BaseSampler
        Seeded anew with each trial, but for one that was given as it is.

    Raises
    ------
    SearchError
        If it is none of these.
    """
    if isinstance(sampler, BaseSampler):
        return sampler
    if isinstance(sampler, str) and sampler in _NAMED:
        make_of = _NAMED[sampler]
    elif isinstance(sampler, type) and issubclass(sampler, BaseSampler):
        make_of = partial(_of_class, sampler)
    elif callable(sampler):
        make_of = sampler
    else:
        raise SearchError(
            f"sampler must be one of {list(_NAMED)}, a sampler of optuna, or a function"
            f" from a seed to one. Got {sampler!r}.{did_you_mean(sampler, _NAMED)}"
        )
    return SeededSampler(make_of, seed)


def make_pruner(pruner: BasePruner | str | None) -> BasePruner:
    """Return a pruner from ``"median"``, one of optuna's, or None for nothing."""
    if isinstance(pruner, str):
        return MedianPruner(n_startup_trials=5, n_warmup_steps=0)
    return NopPruner() if pruner is None else pruner
