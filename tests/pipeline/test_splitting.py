"""Laws of every split, and what cannot be split."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windu.exceptions import TableError, WinduWarning
from windu.pipeline.splitting import split_rows

shares = st.floats(0.05, 0.4)
seeds = st.integers(0, 100)


def _check_partition(split, n_rows):
    found = np.concatenate(split)
    assert sorted(found) == list(range(n_rows))
    assert all(np.all(np.diff(part) > 0) for part in split)


@settings(deadline=None)
@given(st.integers(10, 200), shares, st.none() | shares, seeds)
def test_at_random(n_rows, test, dev, seed):
    """A partition, of the sizes asked for, the same for the same seed."""
    frame = pd.DataFrame({"a": range(n_rows)})
    asked = {"test": test, "dev": dev, "seed": seed}
    split = split_rows(frame, **asked)
    _check_partition(split, n_rows)
    assert abs(len(split.test) - test * n_rows) <= 1
    assert abs(len(split.dev) - (dev or 0) * n_rows) <= 1
    assert all(map(np.array_equal, split, split_rows(frame, **asked)))


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=40, max_size=100), seeds)
def test_by_group(groups, seed):
    """No group stands on two sides."""
    frame = pd.DataFrame({"who": groups})
    if frame["who"].nunique() < 5:
        return
    split = split_rows(frame, test=0.2, dev=0.2, group="who", seed=seed)
    _check_partition(split, len(frame))
    sides = [set(frame["who"].iloc[part]) for part in split]
    assert sum(map(len, sides)) == frame["who"].nunique()


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=30, max_size=80, unique=True))
def test_by_time(days):
    """Train is before dev, dev before test; one time is on one side."""
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.repeat(days, 2), unit="D")
    for times in (when, when.astype(str), np.repeat(days, 2)):
        frame = pd.DataFrame({"day": times})
        split = split_rows(frame, test=0.2, dev=0.2, time="day")
        _check_partition(split, len(frame))
        train, dev, test = (frame["day"].iloc[part] for part in split)
        assert train.max() < dev.min() <= dev.max() < test.min()


def test_by_column():
    """A column says it."""
    frame = pd.DataFrame({"part": ["test", "train", "dev", "train"]})
    split = split_rows(frame, column="part")
    assert [part.tolist() for part in split] == [[1, 3], [2], [0]]
    with pytest.raises(TableError, match="Got \\['tets'\\]. Did you mean 'test'"):
        split_rows(pd.DataFrame({"part": ["tets", "train"]}), column="part")


def test_by_class():
    """Each part has the shares of the classes; where it cannot, it says so."""
    frame = pd.DataFrame({"a": range(100)})
    y = np.repeat(["a", "b"], [90, 10])
    split = split_rows(frame, y, test=20, dev=0.1)
    assert (y[split.test] == "b").sum() == 2
    assert (y[split.dev] == "b").sum() == 1
    y[91:] = "a"
    with pytest.warns(WinduWarning, match="not by class: the rarest has 1 rows"):
        split_rows(frame, y, test=20)
    with pytest.raises(TableError, match="Set stratify: false"):
        split_rows(frame, y, test=20, stratify=True)
    assert len(split_rows(frame, y, test=20, stratify=False).test) == 20
    assert len(split_rows(frame, np.linspace(0, 1, 100), test=20).test) == 20


def test_given_tables():
    """A part that is a table of its own takes no rows from the others."""
    frame = pd.DataFrame({"a": range(10), "g": list("aabbccddee")})
    test = pd.DataFrame({"a": [1], "g": ["f"]})
    assert [len(part) for part in split_rows(frame, tables={"test": test})] == [
        10,
        0,
        0,
    ]
    split = split_rows(frame, tables={"test": test}, dev=0.2, group="g")
    assert len(split.dev) == 2
    assert frame["g"].iloc[split.dev].nunique() == 1
    with pytest.raises(TableError, match="1 rows of the part 'test' .* first 'a'"):
        split_rows(frame, tables={"test": test.assign(g="a")}, group="g")
    with pytest.raises(TableError, match=r"Missing: \['g'\]. Did you mean 'G'"):
        split_rows(frame, tables={"test": test.rename(columns={"g": "G"})})
    with pytest.raises(TableError, match="a file and a size of \\['test'\\]"):
        split_rows(frame, tables={"test": test}, test=0.1)
    with pytest.raises(TableError, match="of one kind. Got \\['column', 'files'\\]"):
        split_rows(frame, tables={"test": test}, column="g")


FRAME = pd.DataFrame({"a": [1, 2, 3, None], "b": list("xyzx"), "c": list("ppqq")})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "must hold something back"),
        ({"test": 1.5}, "between 0 and 1"),
        ({"test": 4}, "below 4"),
        ({"test": -1}, "between 0 and 1"),
        ({"test": 0.5, "dev": 0.5}, "left to learn from"),
        ({"test": 0.5, "group": "a"}, "Missing in 1 rows, first at row 3"),
        ({"test": 0.5, "group": "bb"}, "must have the column 'bb'"),
        ({"test": 0.25, "time": "b"}, "must hold times or numbers. Got 'x'"),
        ({"test": 0.5, "group": "b", "time": "c"}, "must be of one kind"),
        ({"test": 0.5, "dev": 0.5, "group": "c"}, "groups must be left"),
        ({"test": 7, "group": "c"}, "test must be .* groups of 'c' below 2. Got 7"),
    ],
)
def test_what_cannot_be_split(asked, said):
    """Each says what must hold."""
    with pytest.raises(TableError, match=said):
        split_rows(FRAME, **asked)
