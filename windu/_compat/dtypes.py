"""dtypes of pandas as texts that tell them all apart, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["cast", "dtype_from", "dtype_text"]

_Extension = pd.api.extensions.ExtensionDtype
_ARROW, _LEVELS, _RANKS = "arrow:", "levels:", "ranks:"


def cast(values: pd.Series, dtype: str) -> pd.Series:
    """Return values with a dtype; the texts of pandas 3 are objects in pandas 2.

    Parameters
    ----------
    values : pandas.Series
        Of values that the dtype can hold.
    dtype : str
        As pandas prints it, pandas 3 also where pandas 2 is installed.

    Returns
    -------
    pandas.Series
        Missing values stay missing: to pandas 2 ``"str"`` is a function that makes
        texts of them.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.dtypes import cast
    >>> cast(pd.Series(["a", None], dtype=object), "str").isna().tolist()
    [False, True]
    """
    if dtype == "str" and not isinstance(pd.api.types.pandas_dtype(dtype), _Extension):
        texts = values.astype(object).map(str, na_action="ignore")
        return texts.where(values.notna(), np.nan)
    return values.astype(dtype)  # type: ignore[call-overload]


def dtype_text(dtype: Any) -> str:
    """Return a dtype as text; unlike ``str`` it knows where texts are kept.

    Parameters
    ----------
    dtype : numpy or pandas dtype
        Of categories without these themselves.

    Returns
    -------
    str
        For `dtype_from`.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.dtypes import dtype_text
    >>> dtype_text(pd.CategoricalDtype([1, 2], ordered=True))
    'ranks:int64'
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return (_RANKS if dtype.ordered else _LEVELS) + dtype_text(
            dtype.categories.dtype
        )
    if isinstance(dtype, pd.ArrowDtype):
        return f"{_ARROW}{dtype.pyarrow_dtype}"
    text = str(dtype)
    return f"{text}[{dtype.storage}]" if text in ("str", "string") else text


def dtype_from(text: str, levels: Any = None) -> Any:
    """Return the dtype that `dtype_text` wrote.

    Parameters
    ----------
    text : str
        As from `dtype_text`.
    levels : list, default=None
        The categories, for a dtype of categories.

    Returns
    -------
    numpy or pandas dtype
        The dtype.

    Examples
    --------
    >>> from windu._compat.dtypes import dtype_from
    >>> dtype_from("ranks:int64", [2, 1]).categories.tolist()
    [2, 1]
    """
    for start in (_LEVELS, _RANKS):
        if text.startswith(start):
            categories = pd.Index(levels, dtype=dtype_from(text.removeprefix(start)))
            return pd.CategoricalDtype(categories, ordered=start == _RANKS)
    if text.startswith(_ARROW):
        import pyarrow

        return pd.ArrowDtype(pyarrow.type_for_alias(text.removeprefix(_ARROW)))
    if text.startswith("str["):
        return pd.StringDtype(text[4:-1], na_value=np.nan)
    return pd.api.types.pandas_dtype(text) if text != "object" else np.dtype(object)
