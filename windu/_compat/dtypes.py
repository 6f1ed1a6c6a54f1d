"""dtypes of pandas as texts that tell them all apart, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["dtype_from", "dtype_text"]

_ARROW, _LEVELS, _RANKS = "arrow:", "levels:", "ranks:"


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
            kept = pd.Index(levels, dtype=dtype_from(text.removeprefix(start)))
            return pd.CategoricalDtype(kept, ordered=start == _RANKS)
    if text.startswith(_ARROW):
        import pyarrow

        return pd.ArrowDtype(pyarrow.type_for_alias(text.removeprefix(_ARROW)))
    if text.startswith("str["):
        return pd.StringDtype(text[4:-1], na_value=np.nan)
    return pd.api.types.pandas_dtype(text) if text != "object" else np.dtype(object)
