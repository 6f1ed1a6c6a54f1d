"""Small real tables, with their licences, for examples and tests."""

from __future__ import annotations

from importlib.resources import as_file, files
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


__all__ = ["load_nhefs", "load_penguins", "load_storms", "load_tate"]


def read_table(name: str) -> pd.DataFrame:
    """Read one shipped table, with the dtypes that ``pandas.read_csv`` gives.

    Parameters
    ----------
    name : str
        File name inside ``windu/datasets/data``.

    Returns
    -------
    frame : pandas.DataFrame
        A new frame with each call.
    """
    import numpy as np
    import pandas as pd

    with as_file(files("windu.datasets").joinpath("data", name)) as path:
        # One thread: the tables are small, and a pool costs more than it saves.
        frame = pd.read_parquet(path, engine="pyarrow", use_threads=False)
    for column in frame.columns[frame.dtypes == object]:
        # pandas 2 gives None for a missing string of a Parquet file, NaN for
        # one of a CSV file; NaN is what users have.
        frame[column] = frame[column].where(frame[column].notna(), np.nan)
    return frame


def as_loaded(
    name: str,
    target: str,
    description: str | None,
    *,
    return_X_y: bool,
    as_frame: bool,
) -> Any:
    """Give a shipped table the form that the caller of a loader asked for.

    Parameters
    ----------
    name : str
        File name inside ``windu/datasets/data``.
    target : str
        Name of the target column.
    description : str or None
        The docstring of the loader; None under ``python -OO``.
    return_X_y : bool
        Whether to return the pair instead of the Bunch.
    as_frame : bool
        Whether data and target are pandas objects.

    Returns
    -------
    loaded : sklearn.utils.Bunch or tuple
        The Bunch, or ``(data, target)``.
    """
    from sklearn.utils import Bunch

    frame = read_table(name)
    X = frame.drop(columns=target)
    y = frame[target].copy()
    data: Any = X if as_frame else X.to_numpy()
    labels: Any = y if as_frame else y.to_numpy()
    if return_X_y:
        return data, labels
    return Bunch(
        data=data,
        target=labels,
        frame=frame if as_frame else None,
        feature_names=list(X.columns),
        target_names=[target],
        DESCR=cleandoc(description or ""),
        filename=name,
    )


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
