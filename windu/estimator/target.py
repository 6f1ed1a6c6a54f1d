"""The target and the task of one call of `fit`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from windu.components.registry import model_type
from windu.exceptions import TargetError
from windu.tasks import RULES, Target, infer_task, read_target

__all__ = ["resolve_task"]


def resolve_task(
    estimator: Any, y: Any, frame: pd.DataFrame
) -> tuple[Target | None, str | None]:
    """Read the target, and decide the task.

    Parameters
    ----------
    estimator : WinduEstimator
        Its ``task`` and ``model`` come first.
    y : array-like or None
        The target, its rows matched with those of the table.
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    target : Target or None
        None where there is none, for a partial pipeline.
    task : str or None
        The task.

    Raises
    ------
    TargetError
        If y is missing, does not fit the table, or does not fit the task.
    """
    if y is None:
        if estimator.model is None:
            return None, None if estimator.task == "auto" else estimator.task
        raise TargetError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but "
            "the target y is None. Pass y, or model=None for features alone."
        )
    target = _with_rows_of(frame, read_target(y))
    kind = model_type(estimator.model)
    if estimator.task == "auto":
        task, rule = infer_task(target, kind)
        if estimator.verbose:
            why = {name: words for name, words, _ in RULES}[rule]
            print(f"[WinduEstimator] task: {task}, because {why} (rule {rule!r})")
        return target, task
    _check_task(estimator.task, target, kind)
    return target, estimator.task


def _with_rows_of(frame: pd.DataFrame, target: Target) -> Target:
    """Return a target that can be cut together with the table."""
    n_rows = len(target.values)
    if n_rows != len(frame):
        raise TargetError(
            "X and y must have the same number of rows. Found input variables with "
            f"inconsistent numbers of samples: [{len(frame)}, {n_rows}]. Select the "
            "same rows from both."
        )
    if isinstance(target.values, pd.DataFrame):
        return replace(target, values=target.values.set_axis(frame.index))
    return target


def _check_task(task: str, target: Target, kind: str | None) -> None:
    if kind is not None and (kind == "regressor") != (task == "regression"):
        raise TargetError(
            f"The model must fit the task. Got a {kind} for task={task!r}. Change one "
            "of the two."
        )
    if task == "multilabel" and target.form == "column":
        raise TargetError(
            "task='multilabel' needs an indicator matrix, a frame of yes/no columns or "
            "lists of labels. Got one column."
        )
    if task in ("binary", "multiclass"):
        if target.form != "column":
            raise TargetError(
                f"task={task!r} needs one column of classes. Got several; pass "
                "task='multilabel' for yes/no columns."
            )
        infer_task(target, "classifier")
    if task == "regression":
        _check_numbers(target)


def _check_numbers(target: Target) -> None:
    values = target.values
    if target.form == "labels":
        raise TargetError("Regression needs numbers. Got lists of labels.")
    columns = pd.DataFrame(values)
    for name in columns:
        numbers = pd.to_numeric(columns[name], errors="coerce")
        if numbers.isna().any():
            row = int(numbers.isna().to_numpy().argmax())
            raise TargetError(
                f"Regression needs numbers. Got {columns[name].iloc[row]!r} at row "
                f"{row} of y. Convert y, or pass a task of classes.",
                [row],
            )
