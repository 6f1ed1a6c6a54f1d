"""Artworks of the Tate."""

from __future__ import annotations

from typing import Any

from ._base import as_loaded


def load_tate(*, return_X_y: bool = False, as_frame: bool = True) -> Any:
    """Load artworks of the Tate (regression with short text: the year made).

    Artist, title and medium of 4,284 artworks made between 1990 and 2012.
    Every column is text: names, short titles, and descriptions such as
    ``Photograph, gelatin silver print on paper``.

    ==============   =========================================
    Rows             4,284
    Columns          3 (strings with 701, 3,035 and 1,033
                     distinct values)
    Missing values   none
    Target           ``year``: 1990 to 2012, whole numbers of
                     dtype float64
    ==============   =========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        If True, data is a pandas DataFrame and target a pandas Series. If
        False, both are numpy arrays, data of dtype object and target of
        float64.

    Returns
    -------
    data : sklearn.utils.Bunch
        With the attributes ``data`` of shape (4284, 3), ``target`` of shape
        (4284,), in years, ``frame`` (data and target in one frame, None if
        `as_frame` is False), ``feature_names``, ``target_names``, ``DESCR``
        and ``filename``.
    (data, target) : tuple, if `return_X_y` is True
        The two of the Bunch alone.

    Notes
    -----
    Licence: the metadata of the Tate collection is CC0 1.0 (public domain
    dedication); the Tate asks to be named as its source, and that changes are
    said. The selection was made by the R package modeldata (MIT licence); the
    notice of that licence stands in ``LICENSES.md`` beside the file.

    Column removed: ``id``, the accession number of the Tate.

    Many artists have several works, and 1,027 rows repeat another one, so a
    random split is kinder than one by artist.

    References
    ----------
    .. [1] Tate, "The Tate Collection".
       https://github.com/tategallery/collection
    .. [2] The modeldata authors, "tate_text: Tate Gallery modern artwork
       metadata". https://modeldata.tidymodels.org/reference/tate_text.html

    Examples
    --------
    >>> from windu.datasets import load_tate
    >>> X, y = load_tate(return_X_y=True)
    >>> list(X.columns)
    ['artist', 'title', 'medium']
    >>> float(y.min()), float(y.max())
    (1990.0, 2012.0)
    """
    return as_loaded(
        "tate.parquet",
        "year",
        load_tate.__doc__,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
