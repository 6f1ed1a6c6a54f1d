"""Statistics of rows, and alarms where the target may have leaked."""

import json

import numpy as np
import pandas as pd
import pytest

from windu import datasets
from windu.evaluation import describe_data
from windu.pipeline.splitting import split_rows
from windu.schema.inference import infer_table
from windu.tasks import infer_task, read_target

N = 2000


@pytest.fixture
def rng():
    """The same numbers in each test."""
    return np.random.default_rng(0)


def described(X, y, task, held_back=None, **options):
    """Return the statistics of rows, which are JSON."""
    found = describe_data(X, y, held_back or {}, infer_table(X), task, **options)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def alarms(*given, **options):
    """Return the kinds of alarms with their columns."""
    found = described(*given, **options)["alarms"]
    return {one["alarm"]: one["columns"] for one in found}


@pytest.mark.parametrize("name", ["load_nhefs", "load_penguins", "load_storms"])
def test_honest_tables(name):
    """Nothing is said of real tables whose columns do not give the target."""
    X, y = getattr(datasets, name)(return_X_y=True)
    y = pd.Series(np.asarray(y))
    rows = split_rows(X, y, test=0.2)
    parts = [(X.iloc[at].reset_index(drop=True), y.iloc[at]) for at in rows]
    task, _ = infer_task(read_target(y))
    assert alarms(*parts[0], task, {"test": parts[2]}) == {}


def test_repeated_prints():
    """A fifth of the prints of one artist are the same but for nothing."""
    X, y = datasets.load_tate(return_X_y=True)
    rows = split_rows(X, y, test=0.2)
    parts = [(X.iloc[at].reset_index(drop=True), y.iloc[at]) for at in rows]
    assert alarms(*parts[0], "regression", {"test": parts[2]}) == {"rows": []}


def test_columns_that_give_classes(rng):
    """As numbers, as levels, by being missing; not those that only help."""
    y = pd.Series(rng.random(N) < 0.05)
    day = pd.Series(rng.integers(1, 9, N)).astype(str)
    X = pd.DataFrame(
        {
            **{"noise": rng.normal(size=N), "id": [f"k{i:05}" for i in range(N)]},
            "helps": 2 * y + rng.normal(size=N),
            "closed": ("2020-01-0" + day).where(y),
            "code": np.where(y, 7, rng.integers(0, 5, N)),
            "level": np.where(y, rng.choice(["x", "z"], N), rng.choice(["u", "v"], N)),
        }
    )
    assert alarms(X, y, "binary") == {"giveaway": ["closed", "code", "level"]}
    several = pd.DataFrame({"p": y, "q": rng.random(N) < 0.5})
    found = described(X, several, "multilabel")["alarms"]
    assert ["'p'" in one["message"] for one in found] == [True]
    many = pd.Series(rng.integers(0, 30, N))
    X = pd.DataFrame({"order": rng.permutation(30)[many], "text": "k" + day})
    assert alarms(X, many, "multiclass") == {"giveaway": ["order"]}


def test_columns_that_give_numbers(rng):
    """On any scale, and of heavy tails."""
    y = pd.Series(np.exp(2 * rng.normal(size=N)))
    rough = y * (1 + 0.3 * rng.normal(size=N))
    X = pd.DataFrame({"log": np.log(y), "rough": rough, "text": y.round(2).astype(str)})
    assert alarms(X, y, "regression") == {"giveaway": ["log", "text"]}


def test_few_rows_say_nothing():
    """A column may fit ten rows by chance."""
    X = pd.DataFrame({"a": range(10)})
    assert alarms(X, pd.Series([0] * 5 + [1] * 5), "binary") == {}


def test_rows_on_both_sides(rng):
    """An alarm where they are more than chance; few columns meet by themselves."""
    X = pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc"))
    y = pd.Series(rng.random(N) < 0.5)
    again = (X[:100], y[:100])
    assert alarms(X, y, "binary", {"test": again}) == {"rows": []}
    found = described(X, y, "binary", {"dev": (X[:100], ~y[:100])})
    assert found["alarms"] == []
    few = pd.DataFrame({"a": rng.integers(0, 5, N)})
    assert alarms(few, y, "binary", {"test": (few[:100], y[:100])}) == {}


def test_groups_on_both_sides(rng):
    """Columns that are named as those of groups, if rows were held back at random."""
    X = pd.DataFrame({"user_id": rng.integers(0, 500, N), "a": rng.normal(size=N)})
    y = pd.Series(rng.random(N) < 0.5)
    given = (X[:1500], y[:1500], "binary", {"test": (X[1500:], y[1500:])})
    assert alarms(*given) == {"groups": ["user_id"]}
    assert alarms(*given, at_random=False) == {}


def test_counts():
    """Rows, duplicates, classes, quantiles; cells that cannot be compared."""
    X = pd.DataFrame({"a": [1, 1, 2, 1], "b": [[1], [1], [2], [1]]})
    y = pd.Series(["no", "no", "no", "yes"])
    found = described(X, y, "binary", {"test": (X[:1], y[:1])})
    assert found["rows"] == {"train": 4, "test": 1}
    assert found["distinct"] == {"a": 2, "b": None}
    assert found["duplicates"] == {"rows": 1, "inputs": 2, "contradictions": 3}
    assert found["target"]["classes"]["train"] == {"no": 3, "yes": 1}
    numbers = described(X, pd.Series([0.0, 1.0, 2.0, 3.0], name="t"), "regression")
    assert numbers["target"]["quantiles"]["train"]["t"]["0.5"] == 1.5
    labels = pd.Series([["u"], ["u", "v"], [], ["v"]])
    assert described(X, labels, "multilabel")["target"]["classes"] == {
        "train": {"u": 2, "v": 2}
    }
    words = pd.DataFrame({"u": ["J", "N", "J", "J"], "v": [0, 0, 1, 0]})
    assert described(X, words, "multilabel")["target"]["classes"] == {
        "train": {"u": 3, "v": 1}
    }
    assert "target" not in described(X, None, None)
