"""Replay of the example with replaced parts, and the report of changed values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object
from sklearn.exceptions import NotFittedError

from windu._compat.sklearn import openmp_threads
from windu.components.registry import wants_of
from windu.estimator.accepted import (
    check_codes,
    check_label_encoder,
    check_model,
    check_scale,
    check_scores,
)
from windu.estimator.parts import name_of
from windu.estimator.prediction import (
    conformed_features,
    decode,
    features_of,
    featurize,
    matrix_of,
)
from windu.estimator.thresholding import codes_of, scores_of
from windu.exceptions import FeatureError, PartError
from windu.io.frames import text_columns
from windu.schema import kinds
from windu.schema.report import ValidationReport
from windu.steps import PARTS
from windu.tasks import Container

__all__ = ["COLUMNS", "Replay", "movement", "proved", "report_of"]

#: Columns of the report.
COLUMNS = (
    "step",
    "name",
    "n_changed",
    "share_changed",
    "max_change",
    "max_relative_change",
    "differences",
)

_NUMBERS = ("numeric", "boolean", "empty")


def movement(
    step: str, name: Any, before: Any, after: Any, differences: str = ""
) -> dict[str, Any]:
    """Return the row of the report that compares values before and after.

    Parameters
    ----------
    step : str
        The step that makes the values.
    name : str or int
        What they are.
    before, after : array-like of shape (n_samples,) or (n_samples, n_columns)
        Numbers or labels; a Series, frame, array, sparse matrix or list.
    differences : str, default=""
        What a schema says of them.

    Returns
    -------
    dict
        One value each of `COLUMNS`. Changes are the largest of all cells, absolute and
        relative to what was there; NaN for what is not a number.
    """
    table_before, table_after = _table(before), _table(after)
    absolute = relative = np.nan
    if table_before.shape != table_after.shape:
        changed = np.ones(table_before.shape[:1], dtype=bool)
    elif object in (table_before.dtype, table_after.dtype):
        changed = (_cells(table_before) != _cells(table_after)).any(axis=1)
    else:
        cells = (table_before != table_after) & ~(
            np.isnan(table_before) & np.isnan(table_after)
        )
        changed = cells.any(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.where(cells, np.abs(table_after - table_before), 0.0)
            absolute = _largest(moved)
            relative = _largest(np.where(cells, moved / np.abs(table_before), 0.0))
    n_changed = int(changed.sum())
    values = (n_changed, n_changed / len(changed), absolute, relative, differences)
    return dict(zip(COLUMNS, (step, name, *values), strict=True))


def _largest(moved: np.ndarray) -> float:
    # A change from or to a missing value has no size.
    finite = moved[~np.isnan(moved)]
    return float(finite.max()) if finite.size else float("nan")


def _cells(table: np.ndarray) -> np.ndarray:
    """Return objects in which missing values are equal."""
    cells = table.astype(object)
    cells[pd.isna(cells)] = None
    return cells


def _table(values: Any) -> np.ndarray:
    """Return values as a 2-D array of floats, or of texts if they are not numbers."""
    if hasattr(values, "toarray"):
        values = values.toarray()
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.reshape(len(values), -1).astype(np.float64)
    if isinstance(values, list):
        # Lists of labels are compared as a whole.
        values = pd.Series([repr(row) for row in values], dtype=object)
    frame = pd.DataFrame(values)
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    if all(kinds.storage_of(column) in _NUMBERS for column in columns):
        return np.column_stack([kinds.as_numbers(column) for column in columns])
    return np.column_stack([_texts(column) for column in columns])


def _texts(column: pd.Series) -> np.ndarray:
    return kinds.as_texts(column).astype(object).to_numpy()


@dataclass
class Replay:
    """The outputs of the parts of an estimator for the example."""

    features: Any
    matrix: Any = None
    codes: Any = None
    scores: Any = None
    response: str = ""
    differences: ValidationReport | None = None


def proved(
    est: Any, replaced_est: Any, replaced: Collection[str]
) -> tuple[Replay, Replay]:
    """Replay the example before and after; raise if a part is incompatible.

    Parameters
    ----------
    est : WinduEstimator
        The fitted estimator as it was.
    replaced_est : WinduEstimator
        The same with other parts.
    replaced : collection of str
        Names of the replaced parts.

    Returns
    -------
    before, after : Replay
        Up to the scores that the threshold decides on.

    Raises
    ------
    FeatureSchemaError
        With every difference of the features from those of training.
    PartError
        If a part does not accept the output of the previous one, or its output is
        not what the next one was fitted on.
    """
    frame = est.example_
    with openmp_threads(frame.size, fit=False):
        before = _replay(est, frame)
        return before, _proof(est, replaced_est, replaced, before, frame)


def _replay(est: Any, frame: pd.DataFrame) -> Replay:
    """Replay the original chain, without its warnings."""
    trained = est._feature_table_schema if est._swapped else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            features = featurize(frame, est.featurizer_, trained)
            run = Replay(features, _matrix_of(est, features))
            if est.model_ is not None:
                run.codes = np.asarray(est.model_.predict(run.matrix))
                run.response = _response(est)
                run.scores = _scores(est, run)
    except Exception as error:
        raise PartError(
            "An estimator must work on its stored example before a part is replaced. "
            f"It raises {type(error).__name__}: {_reason(error)}. Look at "
            "est.predict(est.example_)."
        ) from error
    return run


def _matrix_of(est: Any, features: pd.DataFrame) -> Any:
    schema = est._feature_table_schema
    return matrix_of(features, schema, est.transformer_, wants_of(est.model_))


def _proof(
    est: Any,
    replaced_est: Any,
    replaced: Collection[str],
    before: Replay,
    frame: pd.DataFrame,
) -> Replay:
    """Replay the replaced parts, each checked against the needs of the next one."""

    def attempt(name: str, run: Callable[[], Any]) -> Any:
        return _attempt(name, getattr(replaced_est, f"{name}_"), replaced, run)

    after = Replay(before.features, before.matrix)
    if "featurizer" in replaced:
        after.features, after.differences = _new_features(replaced_est, frame, attempt)
    if {"featurizer", "transformer"} & {*replaced}:
        after.matrix = attempt(
            "transformer", lambda: _matrix_of(replaced_est, after.features)
        )
        _check_matrix(replaced_est, replaced, before.matrix, after.matrix)
    if "label_encoder" in replaced and replaced_est.label_encoder_ is not None:
        attempt(
            "label_encoder",
            lambda: check_label_encoder(est, replaced_est, before.codes),
        )
    if replaced_est.model_ is None:
        return after
    new_scale = {"label_encoder", "model"} & {*replaced}
    check_model(est, replaced_est, after.matrix)
    after.codes = np.asarray(
        attempt("model", lambda: replaced_est.model_.predict(after.matrix))
    )
    check_codes(est, replaced_est, after.codes, before.codes)
    if (
        replaced_est.task_ == "regression"
        and replaced_est.label_encoder_ is not None
        and new_scale
    ):
        attempt(
            "label_encoder",
            lambda: check_scale(replaced_est.label_encoder_, after.codes),
        )
    after.response = _response(replaced_est)
    after.scores = attempt("model", lambda: _scores(replaced_est, after))
    check_scores(est, replaced_est, after.scores)
    attempt("label_encoder", lambda: _decoded(replaced_est, after.codes))
    return after


def _attempt(
    name: str, part: Any, replaced: Collection[str], run: Callable[[], Any]
) -> Any:
    """Return the output of a part; its own errors become a PartError."""
    new = name in replaced
    try:
        return run()
    except NotFittedError as error:
        if not new:
            raise
        raise PartError(
            f"The new {name} must be fitted. {name_of(part)} is not. Fit it yourself "
            f"on what the {name} of training was fitted on, or set it as a parameter "
            "and call fit."
        ) from error
    except (PartError, FeatureError):
        raise
    except Exception as error:
        other_parts = " and ".join(
            part_name for part_name in PARTS if part_name in replaced
        )
        raise PartError(
            f"The {'new ' if new else ''}{name} {name_of(part)} must work on the "
            f"stored example{'' if new else f', with the new {other_parts}'}. It "
            "raises "
            f"{type(error).__name__}: {_reason(error)}. Try it on est.example_."
        ) from error


def _reason(error: Exception) -> str:
    return shorten(str(error), 300, placeholder=" ...").rstrip(".")


def _new_features(
    replaced_est: Any, frame: pd.DataFrame, attempt: Callable[..., Any]
) -> tuple[pd.DataFrame, ValidationReport]:
    featurizer = replaced_est.featurizer_
    features = attempt("featurizer", lambda: features_of(frame, featurizer))
    conformed, report = conformed_features(
        features, replaced_est._feature_table_schema, featurizer, everything=True
    )
    if featurizer is not None and _sorts(featurizer, frame, conformed):
        raise FeatureError(
            f"The featurizer {name_of(featurizer)!r} must keep the order of the rows. "
            "Turning the table upside down does not turn its features. Sort the table "
            "before, not in the featurizer."
        )
    return conformed, report


def _sorts(featurizer: Any, frame: pd.DataFrame, features: pd.DataFrame) -> bool:
    """Tell whether the features are the same in another order of rows."""
    backwards = frame.iloc[::-1].reset_index(drop=True)
    try:
        reordered_features = features_of(backwards, featurizer)[features.columns]
    except Exception:
        # A featurizer that depends on the order of the rows does not sort them.
        return False
    hashes, hashes_again = (
        hash_pandas_object(x, index=False) for x in (features, reordered_features)
    )
    same = hashes.to_numpy()[::-1] == hashes_again.to_numpy()
    return (
        not same.all()
        and hashes.sort_values().tolist() == hashes_again.sort_values().tolist()
    )


def _check_matrix(
    replaced_est: Any, replaced: Collection[str], before: Any, after: Any
) -> None:
    name, shape = name_of(replaced_est.transformer_), np.shape(after)
    if len(shape) != 2 or shape[0] != np.shape(before)[0]:
        raise PartError(
            "The transformer must give a matrix with the rows that came in. "
            f"{name} gives the shape {shape} for {np.shape(before)[0]} rows."
        )
    if "model" not in replaced and shape != before.shape:
        raise PartError(
            f"The matrix must keep its {before.shape[1]} columns, which the model is "
            f"fitted on. With the new {' and '.join(replaced)} it has {shape[1]}. "
            "Replace the model as well, or fit an estimator anew."
        )


def _response(est: Any) -> str:
    """Return the name of the method for scores, or "" if there is none."""
    methods = (
        () if est.task_ == "regression" else ("predict_proba", "decision_function")
    )
    return next((method for method in methods if hasattr(est.model_, method)), "")


def _scores(est: Any, run: Replay) -> Any:
    return scores_of(est.model_, run.matrix, run.response) if run.response else None


def _decided(est: Any, run: Replay) -> Any:
    codes = run.codes
    if est.threshold_ is not None:
        codes = codes_of(run.scores, est.threshold_, est.label_encoder_)
    return _decoded(est, codes)


def _decoded(est: Any, codes: np.ndarray) -> Any:
    rows = pd.RangeIndex(len(codes))
    container = Container.of_text(est._container)
    return decode(codes, est.task_, est.label_encoder_, rows, container)


def report_of(
    est: Any, replaced_est: Any, before: Replay, after: Replay
) -> pd.DataFrame:
    """Return the report of changed values.

    Parameters
    ----------
    est, replaced_est : WinduEstimator
        Before and after, whole.
    before, after : Replay
        As from `proved`.

    Returns
    -------
    pandas.DataFrame
        One row a feature where the featurizer is new, one for the matrix where that
        may be another, one for scores of the same kind, one for predictions.
    """
    rows = []
    if after.differences is not None:
        changes: dict[Any, list[str]] = {}
        for difference in after.differences.differences:
            changes.setdefault(difference.column, []).append(difference.difference)
        rows += [
            movement(
                "featurize",
                name,
                before.features[name],
                after.features[name],
                ", ".join(dict.fromkeys(changes.get(name, ()))),
            )
            for name in replaced_est._feature_table_schema.names
        ]
    if after.matrix is not before.matrix:
        rows.append(movement("transform", "matrix", before.matrix, after.matrix))
    if before.codes is not None and after.codes is not None:
        if before.response and before.response == after.response:
            scores = before.scores, after.scores
            rows.append(movement("predict", before.response, *scores))
        regression = replaced_est.task_ == "regression"
        name = "values" if regression else "labels"
        decoded = [_decided(est, before), _decided(replaced_est, after)]
        if not regression:
            decoded = [_rows_of_labels(labels) for labels in decoded]
        rows.append(movement("predict", name, decoded[0], decoded[1]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows_of_labels(decoded: Any) -> list[Any]:
    """Return labels as objects: distances between labels have no meaning."""
    if isinstance(decoded, list):
        return decoded
    if hasattr(decoded, "toarray"):
        decoded = decoded.toarray()
    return text_columns(pd.DataFrame(decoded)).to_numpy().tolist()
