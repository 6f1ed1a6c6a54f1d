"""Which task a target asks for, by rules that a reader can see in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from windu._compat.targets import (
    as_numbers,
    as_pandas,
    as_values,
    check_one_type,
    check_rows,
    holds_label_lists,
    is_collection,
    without_enums,
)
from windu.exceptions import TargetError

__all__ = ["RULES", "TASKS", "Container", "Target", "infer_task", "read_target"]

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
class Container:
    """The form that predictions are brought into, where values do not show it.

    Attributes
    ----------
    kind : str
        The type that holds the labels of a row; the type of a sparse matrix; "polars";
        else the dtype of numbers.
    dtype : str
        Of the arrays that hold the labels of a row.
    enums : tuple of int
        Positions of the columns of a polars frame that are an Enum.

    Examples
    --------
    >>> from windu.tasks import Container
    >>> str(Container("polars", enums=(0, 2)))
    'polars:0,2'
    >>> Container.of_text("polars:0,2")
    Container(kind='polars', dtype='', enums=(0, 2))
    """

    kind: str = ""
    dtype: str = ""
    enums: tuple[int, ...] = ()

    @classmethod
    def of_text(cls, text: str) -> Container:
        """Return the container of a text, as an estimator keeps it."""
        kind, _, detail = text.partition(":")
        if kind == "polars":
            return cls(kind, enums=tuple(int(i) for i in detail.split(",") if i))
        return cls(kind, detail)

    def __str__(self) -> str:
        if self.kind == "polars":
            return f"polars:{','.join(map(str, self.enums))}"
        return f"{self.kind}:{self.dtype}" if self.dtype else self.kind


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
    ranks : list or None
        The categories that occur, lowest first, where they are ordered.
    container : Container
        What predictions are brought into.
    """

    values: Any
    form: Form
    categorical: bool = False
    ranks: list[Any] | None = None
    container: Container = Container()


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
    container = _container(y)
    y = as_pandas(y)
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    if holds_label_lists(y):
        labels = list(y)
        check_rows(np.array([not is_collection(v) for v in labels]), "NaN", y)
        if not any(len(v) for v in labels):
            raise TargetError(
                "y must hold at least one label. Got lists without any. Check the "
                "column, or pass an indicator matrix."
            )
        return Target(labels, "labels", container=_container_of_row(labels[0]))
    if isinstance(y, pd.DataFrame):
        check_rows(_any_column(y.isna()), "NaN", y)
        return Target(y, "table", container=container)
    values: Any = without_enums(as_values(y))
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
    check_rows(_any_column(pd.isna(values)), "NaN", y)
    if values.dtype.kind == "f":
        check_rows(
            _any_column(np.isinf(values)),
            f"infinity or a value too large for dtype('{values.dtype}')",
            y,
        )
    dtype: Any = getattr(y, "dtype", None)
    categories = isinstance(dtype, pd.CategoricalDtype)
    ranks = None
    if categories and dtype.ordered:
        distinct = set(values.tolist())
        ranks = [label for label in dtype.categories.tolist() if label in distinct]
    form: Form = "column" if values.ndim == 1 else "table"
    if not container.kind:
        container = Container(str(values.dtype))
    return Target(values, form, categories, ranks, container)


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
        If no rule fits, or labels are of several types.

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
    values = as_numbers(target.values)
    if values.dtype == object:
        check_one_type(values)
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


def _container_of_row(labels: Any) -> Container:
    """Return what holds the labels of a row."""
    if not isinstance(labels, np.ndarray):
        return Container(type(labels).__name__)
    # As many letters as it takes.
    dtype = "U" if labels.dtype.kind == "U" else labels.dtype.str
    return Container("ndarray", dtype)


def _container(y: Any) -> Container:
    """Return what a table came in that is read as a frame or an array."""
    if hasattr(y, "toarray"):
        return Container(type(y).__name__)
    if type(y).__module__.partition(".")[0] == "polars" and hasattr(y, "columns"):
        dtypes = map(str, y.dtypes)
        enums = (i for i, dtype in enumerate(dtypes) if dtype.startswith("Enum"))
        return Container("polars", enums=tuple(enums))
    if isinstance(y, pd.DataFrame) and len(set(y.dtypes)) == 1:
        return Container(str(y.dtypes.iloc[0]))
    return Container()


def _any_column(bad: Any) -> np.ndarray:
    bad = np.asarray(bad)
    return bad if bad.ndim == 1 else np.asarray(bad.any(axis=1))
