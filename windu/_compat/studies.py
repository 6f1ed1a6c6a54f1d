"""The one file that uses private names of optuna."""

from __future__ import annotations

from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial

__all__ = ["set_user_attr"]


def set_user_attr(study: Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Say something about a trial that another process may have begun.

    Parameters
    ----------
    study : optuna.study.Study
        Of the trial.
    trial : optuna.trial.FrozenTrial
        Not finished.
    key : str
        What is said.
    value : object
        As JSON takes it.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)
