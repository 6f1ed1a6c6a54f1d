"""The shipped tables, and the forms the loaders give them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from windu import datasets
from windu.datasets import load_nhefs, load_penguins, load_storms, load_tate

LOADERS = [load_nhefs, load_penguins, load_storms, load_tate]
TEXTS = ["artist", "title", "medium"]
FACTS = [
    (load_nhefs, "death", (1629, 57), 2292, [], float, "public domain"),
    (load_penguins, "species", (344, 7), 19, ["island", "sex"], object, "CC0 1.0"),
    (load_storms, "status", (19537, 9), 9512, ["name"], object, "public domain"),
    (load_tate, "year", (4284, 3), 0, TEXTS, object, "CC0 1.0"),
]
over_facts = pytest.mark.parametrize(
    ("loader", "target", "shape", "missing", "strings", "dtype", "words"),
    FACTS,
    ids=[facts[0].__name__ for facts in FACTS],
)


def read_csv_string_dtype():
    """Dtype that this pandas gives to a column of strings."""
    return pd.Series(["a", "b"]).dtype


def test_public_names():
    """The package offers the four loaders, sorted, and nothing else."""
    assert datasets.__all__ == sorted(loader.__name__ for loader in LOADERS)


@over_facts
def test_table(loader, target, shape, missing, strings, dtype, words):
    """Shape, missing cells, dtypes and licence are what the docstring says."""
    loaded = loader()
    assert isinstance(loaded, Bunch)
    assert loaded.data.shape == shape
    assert loaded.data.isna().to_numpy().sum() == missing
    assert loaded.target.notna().all()
    assert loaded.target.name == target
    assert loaded.target_names == [target]
    assert loaded.feature_names == list(loaded.data.columns)
    assert loaded.filename.endswith(".parquet")
    assert words in loaded.DESCR
    assert "Licence:" in loaded.DESCR
    assert "removed" in loaded.DESCR
    numbers = loaded.data.select_dtypes("number").columns
    assert [c for c in loaded.data.columns if c not in numbers] == strings
    for column in strings:
        assert loaded.data[column].dtype == read_csv_string_dtype()
    for column in numbers:
        assert loaded.data[column].dtype in (np.dtype("int64"), np.dtype("float64"))
    pd.testing.assert_frame_equal(
        loaded.frame[[*loaded.feature_names, target]],
        loaded.data.assign(**{target: loaded.target}),
    )


@over_facts
def test_arrays(loader, target, shape, missing, strings, dtype, words):
    """as_frame=False gives arrays, of dtype object where columns are mixed."""
    X, y = loader(return_X_y=True, as_frame=False)
    assert type(X) is np.ndarray
    assert type(y) is np.ndarray
    assert X.shape == shape
    assert X.dtype == dtype
    assert y.shape == (shape[0],)
    assert pd.isna(X).sum() == missing
    loaded = loader(as_frame=False)
    assert loaded.frame is None
    np.testing.assert_array_equal(loaded.target, y)


@pytest.mark.parametrize("loader", LOADERS)
def test_return_X_y(loader):
    """return_X_y=True gives the pair of the Bunch."""
    loaded = loader()
    X, y = loader(return_X_y=True)
    pd.testing.assert_frame_equal(X, loaded.data)
    pd.testing.assert_series_equal(y, loaded.target)


@pytest.mark.parametrize("loader", LOADERS)
def test_fresh_with_each_call(loader):
    """What a caller does to a loaded table reaches no other table."""
    first = loader()
    untouched = loader()
    first.data.iloc[:, 0] = first.data.iloc[0, 0]
    first.target.iloc[:] = first.target.iloc[0]
    pd.testing.assert_series_equal(first.frame.iloc[:, 0], untouched.frame.iloc[:, 0])
    pd.testing.assert_series_equal(
        first.frame[first.target.name], untouched.target, check_names=False
    )
    pd.testing.assert_frame_equal(loader().data, untouched.data)


@pytest.mark.parametrize("loader", LOADERS)
def test_same_as_a_csv_file(loader, tmp_path):
    """A loaded table is what ``pandas.read_csv`` gives for the same rows."""
    frame = loader().frame
    frame.to_csv(tmp_path / "table.csv", index=False)
    pd.testing.assert_frame_equal(frame, pd.read_csv(tmp_path / "table.csv"))


def test_target_counts():
    """The classes are as many as the docstrings say."""
    assert load_nhefs().target.value_counts().to_dict() == {0: 1311, 1: 318}
    assert load_penguins().target.value_counts().to_dict() == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    assert load_storms().target.value_counts().to_dict() == {
        "tropical storm": 6829,
        "hurricane": 4804,
        "tropical depression": 3569,
        "extratropical": 2151,
        "other low": 1453,
        "subtropical storm": 298,
        "disturbance": 171,
        "subtropical depression": 151,
        "tropical wave": 111,
    }
    year = load_tate().target
    assert year.dtype == np.float64
    assert (year.min(), year.max(), year.nunique()) == (1990, 2012, 23)


def test_columns_that_give_the_target_away_are_gone():
    """What is only known afterwards, or defines the target, is not shipped."""
    gone = {"yrdth", "modth", "dadth", "wt82", "wt82_71", "smkintensity82_71"}
    gone |= {"censored", "seqn", "id"}
    assert not gone & set(load_nhefs().feature_names)
    gone = {"wind", "category", "hurricane_force_diameter"}
    assert not gone & set(load_storms().feature_names)


@pytest.mark.parametrize("loader", LOADERS)
def test_arguments_are_named(loader):
    """A positional argument is refused, so that no one swaps the two."""
    with pytest.raises(TypeError, match="positional argument"):
        loader(True)
