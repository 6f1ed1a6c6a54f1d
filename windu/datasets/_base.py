"""What the loaders share: from a shipped file to what a loader returns."""

from __future__ import annotations

from importlib.resources import as_file, files
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


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
