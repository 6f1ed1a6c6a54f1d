"""The target: its task, its label encoder and its codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer
from sklearn.utils import check_array

from windu.components.label_encoders import IndicatorEncoder
from windu.components.registry import model_type
from windu.exceptions import PartError, TargetError
from windu.tasks import RULES, Target, Task, infer_task, read_target

__all__ = [
    "check_encoder",
    "check_encoder_kind",
    "encode",
    "fit_label_encoder",
    "is_auto",
    "resolve_task",
]

#: Number of rows on which the inverse of an encoder is checked.
_N_TRIED = 1000
#: Largest median error of the inverse, as a share of the spread of y.
_CLOSE = 0.01
_ROUNDING = 1e-9


def is_auto(part: Any) -> bool:
    """Tell whether a part is "auto"."""
    return isinstance(part, str) and part == "auto"


def fit_label_encoder(
    target: Target | None, task: str | None, label_encoder: Any
) -> Any:
    """Fit the label encoder."""
    if target is None or label_encoder is None:
        return None
    is_own = not is_auto(label_encoder)
    if not is_own:
        label_encoder = _label_encoder_for(target, task)
        if label_encoder is None:
            return None
    values = _as_encoder_input(target, task)
    try:
        if not isinstance(label_encoder, FrozenEstimator):
            label_encoder.fit(values)
    except TypeError as error:
        raise TargetError(
            "The labels of y must be of one type. Got a mixture, which has no order: "
            f"{error}. Convert them, for instance y.astype(str)."
        ) from error
    except ValueError as error:
        if isinstance(error, TargetError):
            raise
        reason = str(error).partition("\n")[0].rstrip(".:")
        raise TargetError(
            f"The label encoder must take y, for the task {task}. "
            f"{type(label_encoder).__name__} refuses it: {reason}. Pass another, or "
            "label_encoder='auto'."
        ) from error
    if is_own:
        check_encoder(label_encoder, values, task)
    if task in ("binary", "multiclass"):
        classes = np.asarray(label_encoder.classes_).tolist()
        _check_classes(classes, task, len(target.values))
    return label_encoder


def _label_encoder_for(target: Target, task: str | None) -> Any:
    if task == "regression":
        return None
    if task != "multilabel":
        return LabelEncoder()
    return MultiLabelBinarizer() if target.form == "labels" else IndicatorEncoder()


def _as_encoder_input(target: Target, task: str | None) -> Any:
    if task != "regression":
        return target.values
    # In double precision, so that the inverse is exact enough.
    values = check_array(
        np.asarray(target.values), dtype="float64", ensure_2d=False, input_name="y"
    )
    return values.reshape(len(values), -1)


def check_encoder_kind(label_encoder: Any, task: str | None) -> None:
    """Raise if a fitted encoder is for classes and the task is not, or vice versa."""
    has_classes = hasattr(label_encoder, "classes_")
    if has_classes == (task == "regression"):
        kind = "of values" if task == "regression" else "of classes, with classes_"
        raise PartError(
            f"The task {task} needs a label encoder {kind}. Got "
            f"{type(label_encoder).__name__}. Pass another, or label_encoder='auto'."
        )


def check_encoder(label_encoder: Any, values: Any, task: str | None) -> None:
    """Raise if a user's label encoder does not fit the task."""
    name = type(label_encoder).__name__
    check_encoder_kind(label_encoder, task)
    tried = values[:: max(1, len(values) // _N_TRIED)]
    codes = label_encoder.transform(tried)
    shape: tuple[int, ...] = ()
    if task == "regression":
        shape = np.shape(values)[1:]
    elif task == "multilabel":
        # Lists of labels have no shape.
        shape = np.shape(codes)[-1:]
    if np.shape(codes)[1:] != shape:
        raise PartError(
            f"The label encoder must give one number for each value of y. {name} gives "
            f"an array of shape {np.shape(codes)} for {len(tried)} rows. Pass another, "
            "or label_encoder='auto'."
        )
    if sparse.issparse(codes):
        raise PartError(
            f"The label encoder must give arrays. {name} gives a sparse matrix. Pass "
            "sparse_output=False, or label_encoder='auto'."
        )
    if not _comes_back(tried, label_encoder.inverse_transform(codes), task):
        raise PartError(
            f"The label encoder must bring back what it encodes. {name} does not: its "
            "inverse_transform(transform(y)) differs from y, and so would predictions. "
            "Give it an inverse, for instance FunctionTransformer(np.log1p, np.expm1)."
        )


def _comes_back(values: Any, decoded: Any, task: str | None) -> bool:
    if task == "regression":
        spread = np.abs(values - np.median(values, axis=0)).mean(axis=0)
        error = np.nanmedian(np.abs(np.asarray(decoded) - values), axis=0)
        # Constant values are compared up to rounding.
        rounding = _ROUNDING * np.abs(values).max(axis=0)
        return bool((error <= _CLOSE * spread + rounding).all())
    if isinstance(values, list) or isinstance(decoded, list):
        rows = zip(values, decoded, strict=True)
        return isinstance(values, list) and all(set(a) == set(b) for a, b in rows)
    return np.shape(values) == np.shape(decoded) and bool(
        (np.asarray(values) == np.asarray(decoded)).all()
    )


def _check_classes(classes: list[Any], task: str, n_rows: int) -> None:
    if len(classes) < 2:
        raise TargetError(
            "y must hold at least two classes to learn from. Got one class, "
            f"{classes[0]!r}, in all {n_rows} rows. Check the column and the rows "
            "chosen; for numbers to predict, pass task='regression'."
        )
    if task == "binary" and len(classes) > 2:
        raise TargetError(
            "Only binary classification is supported. task='binary' needs two classes; "
            f"got {len(classes)}: "
            f"{', '.join(map(repr, classes[:5]))}"
            f"{', ...' if len(classes) > 5 else ''}. Pass task='multiclass' or 'auto'."
        )


def encode(target: Target | None, task: str | None, label_encoder_: Any) -> Any:
    """Return the codes of the target."""
    if target is None:
        return None
    if label_encoder_ is not None:
        codes = label_encoder_.transform(_as_encoder_input(target, task))
        if task != "regression":
            return codes
        _check_finite(np.asarray(codes), target, label_encoder_)
        return np.asarray(codes).reshape(np.shape(target.values))
    values = np.asarray(target.values)
    if task == "regression" and values.dtype.kind not in "iuf":
        return check_array(values, dtype="float64", ensure_2d=False, input_name="y")
    return values


def _check_finite(codes: np.ndarray, target: Target, label_encoder: Any) -> None:
    bad = ~np.isfinite(codes).all(axis=1)
    if not bad.any():
        return
    row = int(bad.argmax())
    raise TargetError(
        "The label encoder must give finite numbers. "
        f"{type(label_encoder).__name__} gives {codes[row].tolist()} for "
        f"{np.asarray(target.values)[row]!r} at row {row}; {int(bad.sum())} of "
        f"{len(bad)} rows are so. Pass another, for instance 'log1p' for zeros.",
        np.flatnonzero(bad).tolist(),
    )


def resolve_task(
    estimator: Any, y: Any, frame: pd.DataFrame
) -> tuple[Target | None, Task | None]:
    """Read the target, and decide the task.

    Parameters
    ----------
    estimator : WinduEstimator
        Its ``task`` and ``model`` take precedence.
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
    """Return a target with the index of the table."""
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
