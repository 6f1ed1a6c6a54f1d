"""Predictions for a table in a file, which need not fit into memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from windu.estimator.prediction import validate
from windu.evaluation.held_out import column_classes
from windu.exceptions import SchemaError, TableError, did_you_mean_each
from windu.io.batches import read_batches, streamed_form, table_writer
from windu.io.cells import TrainedColumn
from windu.io.tables import called
from windu.io.tables import read_table as read_source

__all__ = [
    "BATCH_SIZE",
    "check_kept",
    "joined",
    "predict_file",
    "predictions",
    "read_table",
    "sift",
]


def sift(estimator: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Separate the rows that fit the schema from the others.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table of which some row does not fit.

    Returns
    -------
    fitting : pandas.DataFrame
        The rows that can be predicted.
    reasons : dict of int to str
        Why the others cannot, by position.

    Raises
    ------
    SchemaError
        If no row could fit, since the columns are others.
    """
    _check(estimator, frame.head(0))
    reasons: dict[int, str] = {}
    _halve(estimator, frame, 0, reasons)
    fits = np.ones(len(frame), dtype=bool)
    fits[list(reasons)] = False
    return frame[fits], reasons


def _halve(
    estimator: Any,
    frame: pd.DataFrame,
    first: int,
    reasons: dict[int, str],
) -> None:
    try:
        _check(estimator, frame)
    except SchemaError as error:
        if len(frame) == 1:
            reasons[first] = " ".join(str(error).split())
            return
        middle = len(frame) // 2
        _halve(estimator, frame.iloc[:middle], first, reasons)
        _halve(estimator, frame.iloc[middle:], first + middle, reasons)


def _check(estimator: Any, frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        # Warnings are given when the fitting rows are predicted.
        warnings.simplefilter("ignore")
        validate(frame, estimator._table_schema, estimator._named, estimator.schema)


BATCH_SIZE = 50_000


def predict_file(
    estimator: Any,
    source: Any,
    target: Any,
    *,
    keep: Sequence[str] = (),
    probabilities: bool = True,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[float, int], None] | None = None,
    rejects: Any = None,
) -> int:
    """Write the predictions for a table to another file.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted. One without a model gives its features.
    source : str, path or mapping
        The table: a file of CSV, Parquet, JSON lines or Excel, a URL, or a table of a
        database (``"sqlite:///bank.db#customers"``), as data of a pipeline. CSV and
        Parquet on this machine are read in batches, others whole.
    target : str, path or mapping
        Where predictions go, in the same forms and the same order of rows; a file is
        written beside, then renamed.
    keep : sequence of str, default=()
        Columns of the table to write as well, such as an id.
    probabilities : bool, default=True
        Whether to write ``predict_proba`` where there is one.
    batch_size : int, default=50_000
        Rows that are in memory at a time.
    progress : callable, default=None
        Called after each batch with the share of the file that is done, and the rows.
    rejects : str, path or mapping, default=None
        Where rows that do not fit the schema go, with their row number in the source
        (from 0) and the reason; the others are predicted. Written only if there are
        some. None refuses the table if a row does not fit.

    Returns
    -------
    int
        The number of rows that were predicted.

    Raises
    ------
    TableError
        If a file cannot be read or written, or lacks a column to keep.
    SchemaError
        If a batch does not fit the schema of training; nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from windu import WinduEstimator, predict_file
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator("linear").fit(X, y)
    >>> folder = Path(tempfile.mkdtemp())
    >>> X.to_csv(folder / "new.csv", index=False)
    >>> predict_file(est, folder / "new.csv", folder / "scored.parquet", keep=["sex"])
    344
    >>> list(pd.read_parquet(folder / "scored.parquet"))[:3]
    ['sex', 'prediction', 'probability_Adelie']
    """
    n_rows = 0
    if isinstance(source, (str, os.PathLike)) and _is_same(source, target):
        raise TableError(
            f"Predictions must go to another file. Got {str(target)!r} for both."
        )
    trained = _trained_columns(estimator, keep)
    aside = None if rejects is None else Rejects(rejects)
    with table_writer(target) as writer:
        for batch in read_batches(source, batch_size, trained):
            frame = batch.frame
            check_kept(frame, keep, f"The table {called(source)!r}")
            try:
                scored = predictions(estimator, frame, probabilities)
            except SchemaError as error:
                if aside is None:
                    raise _with_place(error, source, batch.first) from error
                fitting, reasons = sift(estimator, frame)
                aside.add(frame, reasons, batch.first)
                frame = fitting
                scored = predictions(estimator, frame, probabilities)
            writer.write(joined(frame, keep, scored))
            n_rows += len(scored)
            if progress is not None:
                progress(batch.done, n_rows)
        if aside is not None:
            aside.write()
    return n_rows


def _is_same(source: Any, target: Any) -> bool:
    if not isinstance(target, (str, os.PathLike)):
        return False
    if "://" in os.fspath(source) or "://" in os.fspath(target):
        return os.fspath(source) == os.fspath(target)
    return Path(source).resolve() == Path(target).resolve()


class Rejects:
    """Rows that do not fit the schema.

    Parameters
    ----------
    place : str, path or mapping
        Where they go.
    """

    def __init__(self, place: Any):
        streamed_form(place)
        self.place = place
        self._rows: list[pd.DataFrame] = []

    def add(self, frame: pd.DataFrame, reasons: Mapping[int, str], first: int) -> None:
        """Take the rows of a batch for which there are reasons."""
        rows = frame.iloc[list(reasons)].astype("str")
        rows.insert(0, "row", [first + at for at in reasons])
        self._rows.append(rows.assign(reason=list(reasons.values())))

    def write(self) -> None:
        """Write the table, if there are rows."""
        if self._rows:
            with table_writer(self.place) as writer:
                writer.write(pd.concat(self._rows, ignore_index=True))


def predictions(
    estimator: Any, frame: pd.DataFrame, probabilities: bool = True
) -> pd.DataFrame:
    """Return the predictions of an estimator as one table.

    Parameters
    ----------
    estimator : WinduEstimator or scikit-learn estimator
        Fitted.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table.
    probabilities : bool, default=True
        Whether to give ``predict_proba`` where there is one.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, ...)
        ``prediction``, or one column a label or output; ``probability_<class>``.
        The features, of an estimator without a model.
    """
    if not hasattr(estimator, "predict"):
        return _features(estimator, frame)
    predicted = estimator.predict(frame)
    has_classes = hasattr(estimator, "classes_")
    classes = list(column_classes(estimator)) if has_classes else []
    if isinstance(predicted, pd.DataFrame):
        scored = predicted.add_prefix("prediction_").reset_index(drop=True)
    elif isinstance(predicted, list):
        # Lists of labels: one yes/no column per label.
        scored = pd.DataFrame(
            {
                f"prediction_{class_name}": [class_name in row for row in predicted]
                for class_name in classes
            }
        )
    elif np.ndim(predicted) == 2:
        names = classes or range(np.shape(predicted)[1])
        scored = pd.DataFrame(
            predicted, columns=[f"prediction_{class_name}" for class_name in names]
        )
    else:
        scored = pd.DataFrame({"prediction": predicted})
    if not probabilities or not hasattr(estimator, "predict_proba"):
        return scored
    names = [f"probability_{class_name}" for class_name in classes]
    scores = pd.DataFrame(estimator.predict_proba(frame), columns=names)
    return pd.concat([scored, scores], axis=1)


def _features(estimator: Any, frame: pd.DataFrame) -> pd.DataFrame:
    matrix = estimator.transform(frame)
    if sparse.issparse(matrix):
        matrix = matrix.toarray()
    names = estimator.get_feature_names_out()
    return pd.DataFrame(np.asarray(matrix), columns=names)


def read_table(estimator: Any, source: Any, keep: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table in a file, with the texts of training as texts.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.
    source : str, path or mapping
        As in `predict_file`.
    keep : sequence of str, default=()
        More columns whose values are read as they are written.

    Returns
    -------
    pandas.DataFrame
        All of its rows.
    """
    return read_source(source, _trained_columns(estimator, keep))


def _trained_columns(estimator: Any, keep: Sequence[str]) -> dict[Any, TrainedColumn]:
    """Return the types to read columns with; kept columns are read as text."""
    schema = getattr(estimator, "_table_schema", None)
    trained = {} if schema is None else schema.reading()
    return dict.fromkeys(keep, TrainedColumn("text")) | trained


def check_kept(frame: pd.DataFrame, keep: Sequence[str], source: str) -> None:
    """Raise if a column to keep is missing."""
    gone = [name for name in keep if name not in frame.columns]
    if gone:
        hints = "".join(did_you_mean_each(gone, frame.columns))
        raise TableError(
            f"{source} must have the columns to keep. Missing: {gone}.{hints}"
        )


def joined(
    frame: pd.DataFrame, keep: Sequence[str], scored: pd.DataFrame
) -> pd.DataFrame:
    """Return the kept columns and the predictions."""
    twice = [name for name in keep if name in scored.columns]
    if twice:
        raise TableError(
            f"Columns to keep must have other names than predictions. Got {twice}. "
            "Rename them in the table."
        )
    return pd.concat([frame[list(keep)].reset_index(drop=True), scored], axis=1)


def _with_place(error: SchemaError, source: Any, first: int) -> SchemaError:
    return SchemaError(
        f"In {called(source)!r}, in the rows from {first} on: {error}", error.report
    )
