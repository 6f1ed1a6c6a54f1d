"""Palmer penguins."""

from __future__ import annotations

from typing import Any

from ._base import as_loaded


def load_penguins(*, return_X_y: bool = False, as_frame: bool = True) -> Any:
    """Load the Palmer penguins (multiclass: which species).

    Measures of 344 adult penguins of three species, from three islands in the
    Palmer Archipelago, Antarctica. A tiny table with strings, numbers and a
    few missing values.

    ==============   =========================================
    Rows             344
    Columns          7 (2 strings, 5 numbers)
    Missing values   19, in five columns
    Target           ``species``: Adelie 152, Gentoo 124,
                     Chinstrap 68
    ==============   =========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        If True, data is a pandas DataFrame and target a pandas Series. If
        False, both are numpy arrays of dtype object, since the columns are
        mixed.

    Returns
    -------
    data : sklearn.utils.Bunch
        With the attributes ``data`` of shape (344, 7), ``target`` of shape
        (344,), ``frame`` (data and target in one frame, None if `as_frame` is
        False), ``feature_names``, ``target_names``, ``DESCR`` and
        ``filename``.
    (data, target) : tuple, if `return_X_y` is True
        The two of the Bunch alone.

    Notes
    -----
    Licence: CC0 1.0 (public domain dedication). Collected by Kristen Gorman
    and the Palmer Station Long Term Ecological Research program; as simplified
    in the package palmerpenguins. No column was removed.

    References
    ----------
    .. [1] K. B. Gorman, T. D. Williams, W. R. Fraser, "Ecological Sexual
       Dimorphism and Environmental Variability within a Community of
       Antarctic Penguins (Genus Pygoscelis)", PLoS ONE 9(3): e90081, 2014.
       https://doi.org/10.1371/journal.pone.0090081
    .. [2] A. M. Horst, A. P. Hill, K. B. Gorman, "palmerpenguins: Palmer
       Archipelago (Antarctica) penguin data".
       https://allisonhorst.github.io/palmerpenguins/

    Examples
    --------
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> X.shape
    (344, 7)
    >>> y.value_counts().to_dict()
    {'Adelie': 152, 'Gentoo': 124, 'Chinstrap': 68}
    """
    return as_loaded(
        "penguins.parquet",
        "species",
        load_penguins.__doc__,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
