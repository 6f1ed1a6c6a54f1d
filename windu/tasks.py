"""Which task a target asks for, by rules that a reader can see in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from windu.exceptions import TargetError

__all__ = ["RULES", "TASKS", "Target", "infer_task", "read_target"]

Task = Literal["binary", "multiclass", "multilabel", "regression"]
Form = Literal["column", "table", "labels"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "multilabel", "regression")

#: More different whole numbers than this are amounts, not classes.
MAX_NUMBERED_CLASSES = 20
#: So few whole numbers are classes even where each row has its own.
ALWAYS_CLASSES = 3

#: The rules of ``task="auto"``, in order; the first that holds decides.
RULES: tuple[tuple[str, str, str], ...] = (
    ("model-regressor", "the model is a regressor", "regression"),
    ("label-lists", "y holds lists of labels", "multilabel"),
    (
        "yes-no-columns",
        "y has several columns of 0 and 1, booleans, or two texts each",
        "multilabel",
    ),
    ("number-columns", "y has several columns of numbers", "regression"),
    ("model-classifier", "the model is a classifier, y has one column", "by classes"),
    ("named-classes", "y holds texts, booleans or categories", "by classes"),
    ("fractions", "y holds numbers that are not whole", "regression"),
    (
        "many-numbers",
        f"y holds more than {MAX_NUMBERED_CLASSES} different whole numbers, or more "
        f"than {ALWAYS_CLASSES} with less than two rows each in the mean",
        "regression",
    ),
    ("few-numbers", "y holds few different whole numbers", "by classes"),
)


@dataclass(frozen=True)
class Target:
    """A target, read once.

    Attributes
    ----------
    values : ndarray, DataFrame or list
        ``column``: array of shape (n_samples,); ``table``: frame or array of shape
        (n_samples, n_outputs); ``labels``: a list of collections of labels.
    form : {"column", "table", "labels"}
        The shape it came in.
    categorical : bool
        Whether it came as pandas categories.
    """

    values: Any
    form: Form
    categorical: bool = False


def read_target(y: Any) -> Target:
    """Read a target of any accepted form.

    Parameters
    ----------
    y : array-like
        A Series, a frame, an array, a list of values or of lists of labels.

    Returns
    -------
    Target
        Without missing values.

    Raises
    ------
    TargetError
        For missing or infinite values (the rows are named), or more than two
        dimensions.
    """
    if hasattr(y, "to_pandas"):
        y = y.to_pandas()
    if hasattr(y, "toarray"):
        y = y.toarray()
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if _holds_label_lists(y):
        labels = list(y)
        _check_rows(np.array([not _is_collection(v) for v in labels]), "NaN", y)
        if not any(len(v) for v in labels):
            raise TargetError(
                "y must hold at least one label. Got lists without any. Check the "
                "column, or pass an indicator matrix."
            )
        return Target(labels, "labels")
    if isinstance(y, pd.DataFrame):
        _check_rows(_any_column(y.isna()), "NaN", y)
        return Target(y, "table")
    values: Any = _to_array(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2):
        raise TargetError(
            "y must have one value, or one row of values, for each row of X. Got "
            f"an array of shape {values.shape}."
        )
    if values.dtype.kind == "c":
        raise TargetError("y must hold real numbers. Complex data not supported: y.")
    if values.dtype.kind in "mM":
        raise TargetError(
            f"y must hold labels or numbers. Got {values.dtype}. Convert dates and "
            "durations to numbers, for instance of days."
        )
    _check_rows(_any_column(pd.isna(values)), "NaN", y)
    if values.dtype.kind == "f":
        _check_rows(
            _any_column(np.isinf(values)),
            f"infinity or a value too large for dtype('{values.dtype}')",
            y,
        )
    categories = isinstance(getattr(y, "dtype", None), pd.CategoricalDtype)
    return Target(values, "column" if values.ndim == 1 else "table", categories)


def infer_task(target: Target, model_type: str | None = None) -> tuple[Task, str]:
    """Return the task of a target, and the rule that decided.

    Parameters
    ----------
    target : Target
        The target.
    model_type : {"classifier", "regressor"}, default=None
        What the model is, where one is given.

    Returns
    -------
    task : {"binary", "multiclass", "multilabel", "regression"}
        The task.
    rule : str
        The first entry of a row of `RULES`.

    Raises
    ------
    TargetError
        If no rule fits.

    Examples
    --------
    >>> from windu.tasks import infer_task, read_target
    >>> infer_task(read_target(["yes", "no", "yes"]))
    ('binary', 'named-classes')
    >>> infer_task(read_target([0.5, 1.5, 2.0]))
    ('regression', 'fractions')
    """
    if model_type == "regressor":
        return "regression", "model-regressor"
    if target.form == "labels":
        return "multilabel", "label-lists"
    if target.form == "table":
        return _task_of_table(target.values)
    values = target.values
    distinct = pd.unique(values) if values.dtype == object else np.unique(values)
    by_classes: Task = "binary" if len(distinct) <= 2 else "multiclass"
    if model_type == "classifier":
        if values.dtype.kind == "f" and (values != np.floor(values)).any():
            raise TargetError(
                "A classifier needs classes. Unknown label type: continuous. y holds "
                "numbers that are not whole; pass a regressor, or round y."
            )
        return by_classes, "model-classifier"
    if values.dtype.kind not in "iuf" or target.categorical:
        return by_classes, "named-classes"
    if (distinct != np.floor(distinct)).any():
        return "regression", "fractions"
    many = len(distinct) > MAX_NUMBERED_CLASSES or 2 * len(distinct) > len(values)
    if many and len(distinct) > ALWAYS_CLASSES:
        return "regression", "many-numbers"
    return by_classes, "few-numbers"


def _task_of_table(values: Any) -> tuple[Task, str]:
    columns = (
        [pd.Series(values.T[i]) for i in range(values.shape[1])]
        if isinstance(values, np.ndarray)
        else [values.iloc[:, i] for i in range(values.shape[1])]
    )
    if all(_is_yes_no(column) for column in columns):
        return "multilabel", "yes-no-columns"
    if all(pd.api.types.is_numeric_dtype(column.dtype) for column in columns):
        return "regression", "number-columns"
    raise TargetError(
        "A y of several columns must hold yes/no columns or numbers. Unknown label "
        "type: several columns of classes. Fit one estimator a column."
    )


def _is_yes_no(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype):
        return True
    if pd.api.types.is_numeric_dtype(column.dtype):
        return set(column.unique()) <= {0, 1}
    return column.nunique() <= 2


def _to_array(y: Any) -> np.ndarray:
    if isinstance(y, pd.Series):
        if isinstance(y.dtype, np.dtype):
            return _plain_numbers(y.to_numpy())
        if y.isna().any():
            return y.to_numpy(dtype=object, na_value=np.nan)
        if isinstance(y.dtype, pd.CategoricalDtype):
            return _to_array(y.astype(y.dtype.categories.dtype))
        dtype = getattr(y.dtype, "numpy_dtype", np.dtype(object))
        return y.to_numpy(dtype=dtype if dtype.kind in "iufb" else object)
    try:
        array = np.asarray(y)
        if array.dtype.kind == "U" and isinstance(y, (list, tuple)):
            # numpy makes texts of numbers among texts; the user shall hear of them.
            mixed = not all(isinstance(value, str) for value in np.ravel(_objects(y)))
            return _objects(y) if mixed else array
        return _plain_numbers(array)
    except ValueError as error:
        raise TargetError(
            f"y must be a column, a table, or lists of labels. Got {type(y).__name__}: "
            f"{error}."
        ) from error


def _plain_numbers(array: np.ndarray) -> np.ndarray:
    """Return decimals, which numpy keeps as objects, as floats."""
    if array.dtype == object and pd.api.types.infer_dtype(array) == "decimal":
        return array.astype("float64")
    return array


def _objects(y: Any) -> np.ndarray:
    return np.array(y, dtype=object)


def _is_collection(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset, np.ndarray))


def _holds_label_lists(y: Any) -> bool:
    if isinstance(y, pd.Series):
        return y.dtype == object and bool(len(y)) and _is_collection(y.iloc[0])
    if isinstance(y, np.ndarray):
        return (
            y.dtype == object and y.ndim == 1 and bool(len(y)) and _is_collection(y[0])
        )
    if not isinstance(y, (list, tuple)) or not any(_is_collection(v) for v in y):
        return False
    if not all(_is_collection(v) for v in y):
        # A missing value among lists is named later, by its row.
        return True
    same_length = len({len(v) for v in y}) == 1 and any(len(v) for v in y)
    numbers = all(isinstance(x, (bool, int, float, np.number)) for v in y for x in v)
    return not (same_length and numbers) or any(
        isinstance(v, (set, frozenset)) for v in y
    )


def _any_column(bad: Any) -> np.ndarray:
    bad = np.asarray(bad)
    return bad if bad.ndim == 1 else np.asarray(bad.any(axis=1))


def _check_rows(bad: np.ndarray, what: str, y: Any) -> None:
    if not bad.any():
        return
    rows = [int(row) for row in np.flatnonzero(bad)]
    names = (
        y.index[rows[:10]].tolist() if isinstance(y, (pd.Series, pd.DataFrame)) else []
    )
    index = f" (index {names})" if names and names != rows[:10] else ""
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    raise TargetError(
        f"Input y contains {what}. Every row needs a target; {len(rows)} of {len(bad)} "
        f"rows have none that can be used: rows {rows[:10]}{more}{index}. Drop these "
        "rows from X and y, or fill them.",
        rows,
    )
