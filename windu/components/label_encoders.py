"""Label encoders that scikit-learn lacks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import BaseEstimator, TransformerMixin
from windu._compat.targets import dtype_from, dtype_text
from windu.exceptions import TargetError

__all__ = ["IndicatorEncoder"]


class IndicatorEncoder(TransformerMixin, BaseEstimator):
    """Encode a table of yes/no columns as 0 and 1, and decode it to its own form.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        The labels: column names of a frame, else 0, 1, ...
    values_ : list of list
        What stands for no and for yes, a column.
    dtypes_ : list of str
        The dtype of each column, or the one of an array.
    levels_ : list
        The categories of each column in their order, None for other columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu import IndicatorEncoder
    >>> y = pd.DataFrame({"spam": ["no", "yes"], "long": ["yes", "no"]})
    >>> encoder = IndicatorEncoder().fit(y)
    >>> encoder.transform(y)
    array([[0, 1],
           [1, 0]])
    >>> encoder.inverse_transform([[1, 1]])
      spam long
    0  yes  yes
    """

    def fit(self, y: Any, _: Any = None) -> Any:
        """Learn the values of no and yes.

        Parameters
        ----------
        y : DataFrame or array of shape (n_samples, n_labels)
            At most two different values a column.
        _ : ignored
            For scikit-learn's sake.

        Returns
        -------
        IndicatorEncoder
            The fitted encoder.

        Raises
        ------
        TargetError
            If a column has more than two values.
        """
        frame = _as_table(y)
        self.values_ = [_no_and_yes(frame.iloc[:, i]) for i in range(frame.shape[1])]
        self.classes_ = frame.columns.to_numpy()
        self.frame_ = _is_frame(y)
        self.levels_ = [_levels(dtype) for dtype in frame.dtypes]
        self.dtypes_ = (
            [dtype_text(dtype) for dtype in frame.dtypes]
            if self.frame_
            else [np.asarray(y).dtype.str]
        )
        return self

    def transform(self, y: Any) -> np.ndarray:
        """Return 1 for yes and 0 for no.

        Parameters
        ----------
        y : DataFrame or array of shape (n_samples, n_labels)
            Values as in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_labels)
            Integers.

        Raises
        ------
        TargetError
            If a value was not there in `fit`, or the number of labels differs.
        """
        check_is_fitted(self)
        frame = _as_table(y)
        if frame.shape[1] != len(self.values_):
            raise TargetError(
                f"y must have the {len(self.values_)} labels of training. Got "
                f"{frame.shape[1]} columns."
            )
        codes = np.zeros(frame.shape, dtype=np.int64)
        for i, (no, yes) in enumerate(self.values_):
            values = frame.iloc[:, i]
            is_yes = (values == yes).to_numpy(dtype=bool, na_value=False)
            unknown = ~(is_yes | (values == no).to_numpy(dtype=bool, na_value=False))
            if unknown.any():
                row = int(unknown.argmax())
                raise TargetError(
                    f"The label {self.classes_[i]!r} must be {no!r} or {yes!r}. Got "
                    f"{values.iloc[row]!r} at row {row}.",
                    [row],
                )
            codes[:, i] = is_yes
        return codes

    def inverse_transform(self, codes: Any) -> Any:
        """Return yes and no in the form of the training target.

        Parameters
        ----------
        codes : array of shape (n_samples, n_labels)
            0 and 1.

        Returns
        -------
        DataFrame or ndarray of shape (n_samples, n_labels)
            A frame where `fit` saw a frame.
        """
        check_is_fitted(self)
        is_yes = np.asarray(codes).astype(bool)
        pairs = [np.array([*pair, None], dtype=object)[:2] for pair in self.values_]
        columns = [pair[is_yes[:, i].astype(int)] for i, pair in enumerate(pairs)]
        if not self.frame_:
            return np.column_stack(columns).astype(self.dtypes_[0])
        dtypes = map(dtype_from, self.dtypes_, self.levels_)
        decoded = [
            pd.Series(column).astype(dtype)
            for column, dtype in zip(columns, dtypes, strict=True)
        ]
        return pd.concat(decoded, axis=1).set_axis(
            pd.Index(self.classes_.tolist()), axis=1
        )


_NO = ("no", "n", "false", "f", "0", "0.0", "-1", "off", "absent")


def _is_frame(y: Any) -> bool:
    return isinstance(y, pd.DataFrame) or hasattr(y, "to_pandas")


def _as_table(y: Any) -> pd.DataFrame:
    if hasattr(y, "to_pandas"):
        y = y.to_pandas()
    if hasattr(y, "toarray"):
        y = y.toarray()
    return y if isinstance(y, pd.DataFrame) else pd.DataFrame(np.asarray(y))


def _levels(dtype: Any) -> list[Any] | None:
    if not isinstance(dtype, pd.CategoricalDtype):
        return None
    return dtype.categories.tolist()


def _no_and_yes(values: pd.Series) -> list[Any]:
    """Return what stands for no and for yes; one value alone gets its natural other."""
    distinct = values.dropna().unique().tolist()
    levels = _levels(values.dtype)
    if levels is not None and len(levels) == 2:
        distinct = levels
    ordered = sorted(distinct, key=lambda v: str(v).lower())
    if len(ordered) > 2:
        raise TargetError(
            f"The label {values.name!r} must have at most two values. Got "
            f"{ordered[:5]}. "
            "Several classes a column are not supported; fit one estimator a column."
        )
    ordered.sort(key=lambda value: str(value).strip().lower() not in _NO)
    if len(ordered) == 1:
        only = ordered[0]
        is_no = str(only).strip().lower() in _NO
        missing_answer = (
            type(only)(is_no)
            if not isinstance(only, str)
            else ("yes" if is_no else "no")
        )
        ordered = [only, missing_answer] if is_no else [missing_answer, only]
    return ordered
