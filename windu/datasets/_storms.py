"""Atlantic storms."""

from __future__ import annotations

from typing import Any

from ._base import as_loaded


def load_storms(*, return_X_y: bool = False, as_frame: bool = True) -> Any:
    """Load the Atlantic storm tracks (multiclass: what the storm is right now).

    Positions and air pressure of Atlantic storms from 1975 to 2022, mostly
    every six hours. Nine unequal classes, and a name that many rows share.

    ==============   =========================================
    Rows             19,537
    Columns          9 (1 string, 8 numbers)
    Missing values   9,512, all in
                     ``tropicalstorm_force_diameter`` (recorded
                     from 2004 on)
    Target           ``status``: tropical storm 6,829,
                     hurricane 4,804, tropical depression 3,569,
                     extratropical 2,151, other low 1,453,
                     subtropical storm 298, disturbance 171,
                     subtropical depression 151, tropical
                     wave 111
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
        With the attributes ``data`` of shape (19537, 9), ``target`` of shape
        (19537,), ``frame`` (data and target in one frame, None if `as_frame`
        is False), ``feature_names``, ``target_names``, ``DESCR`` and
        ``filename``.
    (data, target) : tuple, if `return_X_y` is True
        The two of the Bunch alone.

    Notes
    -----
    Licence: the records are NOAA's HURDAT2, a work of the United States
    government, public domain. The table was made from them by the R package
    dplyr (MIT licence), up to the year 2022; the notice of that licence stands
    in ``LICENSES.md`` beside the file.

    Columns removed, since they give the target away:

    - ``wind``: the status is defined by thresholds on it.
    - ``category``: computed from wind and status.
    - ``hurricane_force_diameter``: where recorded, positive for nearly all
      hurricanes and for next to nothing else.

    The rows of one storm follow each other. For an honest estimate keep them
    in one fold: group by ``name`` and ``year``.

    References
    ----------
    .. [1] C. W. Landsea, J. L. Franklin, "Atlantic Hurricane Database
       Uncertainty and Presentation of a New Database Format", Monthly Weather
       Review 141, 2013. https://www.nhc.noaa.gov/data/#hurdat
    .. [2] The dplyr authors, "storms: Storm tracks data".
       https://dplyr.tidyverse.org/reference/storms.html

    Examples
    --------
    >>> from windu.datasets import load_storms
    >>> storms = load_storms()
    >>> storms.data.shape
    (19537, 9)
    >>> storms.frame.groupby(["name", "year"]).ngroups > 600
    True
    """
    return as_loaded(
        "storms.parquet",
        "status",
        load_storms.__doc__,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
