"""The NHANES I epidemiologic follow-up study."""

from __future__ import annotations

from typing import Any

from ._base import as_loaded


def load_nhefs(*, return_X_y: bool = False, as_frame: bool = True) -> Any:
    """Load the NHEFS health survey (binary: death in the years that follow).

    Answers and measures of 1,629 smokers in 1971, and who had died by 1992.
    All columns are numbers; many are codes of categories, and many are partly
    missing.

    ==============   =========================================
    Rows             1,629
    Columns          57 numbers
    Missing values   2,292, in 14 columns
    Target           ``death``: 0 for 1,311 rows, 1 for 318
    ==============   =========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        If True, data is a pandas DataFrame and target a pandas Series. If
        False, both are numpy arrays, data of dtype float64 and target of
        int64.

    Returns
    -------
    data : sklearn.utils.Bunch
        With the attributes ``data`` of shape (1629, 57), ``target`` of shape
        (1629,), ``frame`` (data and target in one frame, None if `as_frame` is
        False), ``feature_names``, ``target_names``, ``DESCR`` and
        ``filename``.
    (data, target) : tuple, if `return_X_y` is True
        The two of the Bunch alone.

    Notes
    -----
    Licence: a survey of the United States government (Centers for Disease
    Control and Prevention), public domain in the United States, released for
    statistics and analysis; do not try to identify persons. The table was
    cleaned for the package causaldata (MIT licence); the notice of that
    licence stands in ``LICENSES.md`` beside the file.

    Columns removed:

    - ``yrdth``, ``modth``, ``dadth``: the date of death, only known for the
      dead.
    - ``wt82``, ``wt82_71``, ``smkintensity82_71``: measured in 1982, so
      missing for many who had died before; and ``censored``, which says
      whether the weight of 1982 is missing.
    - ``seqn``, ``id``: numbers of the rows.

    References
    ----------
    .. [1] National Center for Health Statistics, "NHANES I Epidemiologic
       Followup Study". https://wwwn.cdc.gov/nchs/nhanes/nhefs/
    .. [2] M. A. Hernán, J. M. Robins, "Causal Inference: What If", Chapman &
       Hall/CRC, 2020.

    Examples
    --------
    >>> from windu.datasets import load_nhefs
    >>> X, y = load_nhefs(return_X_y=True)
    >>> X.shape, int(X.isna().sum().sum())
    ((1629, 57), 2292)
    >>> y.value_counts().to_dict()
    {0: 1311, 1: 318}
    """
    return as_loaded(
        "nhefs.parquet",
        "death",
        load_nhefs.__doc__,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
