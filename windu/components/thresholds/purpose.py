"""Decision and objective from the parameters of a `ThresholdSelector`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.sklearn import scorer_parts
from windu.components.thresholds.decisions import Family, as_numbers
from windu.components.thresholds.objectives import (
    ClassObjective,
    Constrained,
    LabelObjective,
    Truth,
)
from windu.components.thresholds.scorers import objective_for, position_of
from windu.exceptions import PartError, TargetError, WinduWarning

__all__ = ["check_costs", "family_for", "name_of", "purpose_of", "warn_if_missed"]


def family_for(
    selector: Any,
    scores: np.ndarray,
    codes: np.ndarray,
    classes: np.ndarray,
    margin: bool,
    ranks: Any,
) -> Family:
    """Return the kind of decision for the parameters and the target.

    Parameters
    ----------
    selector : ThresholdSelector
        Its parameters.
    scores : ndarray of shape (n_samples, n_columns)
        What decisions are made of.
    codes, classes : ndarray
        The encoded target, and all classes or labels.
    margin : bool
        Whether scores are distances from a border.
    ranks : list of labels or None
        Order of the classes, where the target has one.

    Returns
    -------
    Family
        Everything but the cuts.

    Raises
    ------
    TargetError
        If there are not as many columns as classes or labels.
    PartError
        If the order or the costs do not fit the classes.
    """
    n, columns = len(classes), scores.shape[1]
    order = values = None
    shape: tuple[int, ...] = (n,)
    if codes.ndim == 2:
        kind = "multilabel"
    elif selector.ordered is not False and n > 2:
        kind, shape = "ordered", (1, n)
        order = _order(selector.ordered, classes, ranks)
        if columns == 1:
            numbers = classes.dtype.kind in "iuf"
            values = classes[order].astype(float) if numbers else np.arange(n) * 1.0
    elif n == 2:
        kind, shape = "binary", (1, 2)
    else:
        kind = "multiclass"
    if columns not in shape:
        raise TargetError(
            f"Scores must have {' or '.join(map(str, shape))} columns for {n} "
            f"{'labels' if codes.ndim == 2 else 'classes'}. Got {columns}. Pass what "
            "predict_proba or decision_function gave."
        )
    matrix = _matrix(selector.cost_matrix, classes, kind)
    return Family(kind, n, columns, margin, matrix, order, values)


def _order(ordered: Any, classes: np.ndarray, ranks: Any) -> np.ndarray:
    labels = classes.tolist()
    order = ranks if ordered is True else ordered
    order = labels if order is None else list(order)
    if sorted(map(str, order)) != sorted(map(str, labels)):
        raise PartError(f"ordered must list every class once, {labels}. Got {order}.")
    return np.array([labels.index(label) for label in order])


def _matrix(costs: Any, classes: np.ndarray, kind: str) -> np.ndarray | None:
    if costs is None:
        return None
    n = 2 if kind == "multilabel" else len(classes)
    if isinstance(costs, pd.DataFrame) and kind != "multilabel":
        names = classes.tolist()
        if set(costs.index) != set(names) or set(costs.columns) != set(names):
            raise PartError(
                f"Rows and columns of cost_matrix must be the classes {names}. Got "
                f"{list(costs.index)} and {list(costs.columns)}."
            )
        costs = costs.loc[names, names]
    matrix = as_numbers(costs, "cost_matrix")
    if matrix.shape != (n, n) or not np.isfinite(matrix).all():
        raise PartError(
            f"cost_matrix must hold finite numbers in {n} rows (true) and {n} columns "
            f"(decided), in the order of classes_. Got shape {matrix.shape}."
        )
    if kind == "multilabel" and np.diag(matrix).any():
        raise PartError(
            "For labels the right decisions must cost nothing. Got the diagonal "
            f"{np.diag(matrix).tolist()}."
        )
    return matrix


def purpose_of(selector: Any, family: Family, classes: np.ndarray, costs: Any) -> Any:
    """Return the objective for the parameters of a selector.

    Parameters
    ----------
    selector : ThresholdSelector
        Its parameters.
    family : Family
        The kind of decision.
    classes : ndarray of shape (n_classes,)
        All classes or labels.
    costs : array-like or None
        Costs of each row, where they were passed.

    Returns
    -------
    objective
        What is raised; a `Constrained` one where bounds must hold.

    Raises
    ------
    PartError
        If there is no purpose, or two, or a name is not known.
    """
    classes = classes if family.order is None else classes[family.order]
    kind = "multiclass" if family.kind == "ordered" else family.kind
    label = classes[-1] if selector.pos_label is None else selector.pos_label
    positive = position_of(label, classes)
    check_costs(selector, costs)
    if costs is not None or selector.cost_matrix is not None:
        by_label = kind == "multilabel"
        objective: Any = (LabelObjective if by_label else ClassObjective)("cost")
    else:
        objective = objective_for(selector.scoring, kind, classes, positive)
    if not selector.constraint:
        return objective
    bounds = [
        (objective_for(name, kind, classes, positive), float(limit))
        for name, limit in _bounds(selector.constraint).items()
    ]
    return Constrained(objective, bounds)


def check_costs(selector: Any, costs: Any) -> None:
    """Raise if there is no objective, or costs are given twice.

    Parameters
    ----------
    selector : ThresholdSelector
        Its parameters.
    costs : array-like or None
        Costs of each row, where they were passed.

    Raises
    ------
    PartError
        If there is no purpose, or two.
    """
    if costs is None and selector.cost_matrix is None and selector.scoring is None:
        raise PartError("scoring=None needs cost_matrix, or costs passed to fit.")
    if costs is not None and selector.cost_matrix is not None:
        raise PartError(
            "Costs come from cost_matrix or from costs of each row. Got both; leave "
            "one out."
        )


def name_of(selector: Any, costs: Any) -> str:
    """Return the name of the score of a selector.

    Parameters
    ----------
    selector : ThresholdSelector
        Its parameters.
    costs : array-like or None
        Costs of each row, where they were passed.

    Returns
    -------
    str
        Greater is better.
    """
    if costs is not None or selector.cost_matrix is not None:
        return "minus the mean cost"
    parts = scorer_parts(selector.scoring)
    named = selector.scoring if parts is None else parts[0]
    return str(getattr(named, "__name__", named))


def _bounds(constraint: Any) -> dict[str, float]:
    pairs = (
        list(constraint.items())
        if isinstance(constraint, Mapping)
        else [tuple(constraint)]
    )
    for pair in pairs:
        number = len(pair) == 2 and isinstance(pair[1], Real)
        if not number or not isinstance(pair[0], str) or not np.isfinite(pair[1]):
            raise PartError(
                "constraint must name scores and what they must reach, as "
                f"{{'precision': 0.9}}. Got {constraint!r}."
            )
    return dict(pairs)


def warn_if_missed(
    selector: Any, objective: Constrained, decided: np.ndarray, truth: Truth
) -> None:
    """Warn if decisions miss a bound, with the reached value.

    Parameters
    ----------
    selector : ThresholdSelector
        With its ``score_``.
    objective : Constrained
        What was asked.
    decided : ndarray
        The decisions.
    truth : Truth
        Of the rows.
    """
    bounds = _bounds(selector.constraint)
    reached = {
        name: objective_of_bound.of(decided, truth)
        for name, (objective_of_bound, _) in zip(bounds, objective.bounds, strict=True)
    }
    missed = [
        f"{name} >= {limit:g}"
        for name, limit in bounds.items()
        if reached[name] < limit - 1e-9
    ]
    if missed:
        reached_text = ", ".join(
            f"{name} {value:.4g}" for name, value in reached.items()
        )
        warnings.warn(
            f"No threshold reaches {' and '.join(missed)}. The nearest is taken: "
            f"{reached_text}, with a score of {selector.score_:.4g}.",
            WinduWarning,
            stacklevel=6,
        )
