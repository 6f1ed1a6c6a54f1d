"""What `fit` knows before its first step: table, target, task and fresh parts."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from windu._compat.row_order import match_rows
from windu.components.registry import wants_of
from windu.estimator.metadata import read_metadata
from windu.estimator.parts import PARTS, fresh_part, with_defaults
from windu.estimator.target import resolve_task
from windu.estimator.thresholding import Refits, check_threshold
from windu.io.frames import as_frame, check_not_empty, named_columns, surrogates_refused

__all__ = ["first_values"]


@surrogates_refused()
def first_values(
    estimator: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    fit_params: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the values that the steps of `fit` start from.

    Parameters
    ----------
    estimator : WinduEstimator
        Whose parameters count; not changed.
    X : table of shape (n_samples, n_columns)
        As in `WinduEstimator.fit`.
    y : array-like, default=None
        As in `WinduEstimator.fit`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    fit_params : mapping, default=None
        More metadata.

    Returns
    -------
    dict of str to object
        By the names that the steps need.

    Raises
    ------
    TargetError
        For a missing or impossible target, or one of other rows.
    PartError
        If a part is none, or cannot honour what was asked, or metadata are of other
        rows.
    """
    frame = as_frame(X)
    check_not_empty(frame, type(estimator).__name__)
    matched = match_rows(
        {"X": X, "y": y, "sample_weight": sample_weight, **(fit_params or {})},
        frame=frame,
    )
    del matched["X"]
    target, task = resolve_task(estimator, matched.pop("y"), frame)
    classifier = None if task is None else task != "regression"
    shared_params = {"random_state": estimator.random_state, "n_jobs": estimator.n_jobs}
    parts = {
        name: with_defaults(
            fresh_part(name, getattr(estimator, name), classifier=classifier),
            **shared_params,
        )
        for name in PARTS
    }
    check_threshold(parts["threshold"], target, task)
    metadata = read_metadata(
        *(estimator, parts["model"], parts["threshold"]),
        *(matched.pop("sample_weight"), matched, len(frame)),
    )
    return {
        **{"frame": frame, "named": named_columns(X), "target": target, "task": task},
        "schema": estimator.schema,
        **parts,
        **shared_params,
        "verbose": estimator.verbose,
        "wants": wants_of(parts["model"]),
        "fit_params": metadata.model,
        "refits": Refits(estimator, metadata.model, metadata.groups, metadata.costs),
        "callback_context": lambda part: nullcontext(),
    }
