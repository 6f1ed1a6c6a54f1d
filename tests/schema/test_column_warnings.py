"""What may be a mistake in a table, and changes predictions, is warned of."""

import warnings

import numpy as np
import pandas as pd
import pytest

import windu
from windu import ThresholdSelector, WinduEstimator
from windu.exceptions import DataWarning

N = 150
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "city": RNG.choice(["Rome", "Oslo", "Bern"], N),
        "street": [f"street {i % 61}" for i in range(N)],
    }
)
Y = np.where(RNG.random(N) < 0.5, "a", "b")


@pytest.mark.filterwarnings("default::windu.exceptions.DataWarning")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([f"K{i}X" for i in range(N)], "dropped as an identifier"),
        ([[i] for i in range(N)], "is dropped: values of type list"),
    ],
)
def test_a_dropped_column_with_values(values, said):
    """It names the column, what it was taken for, and what can be done."""
    with pytest.warns(DataWarning, match=f"'uid' .*{said}") as caught:
        WinduEstimator("linear").fit(X.assign(uid=values), Y)
    assert len(caught) == 1
    assert "silences this" in str(caught[0].message)


@pytest.mark.parametrize("values", ["same", np.nan, None])
def test_a_column_without_values_is_dropped_silently(values):
    """It tells nothing, so that nothing can be wrong."""
    WinduEstimator("linear").fit(X.assign(fixed=values), Y)


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.assign(city=X["city"].str.upper()),
        lambda X: X.assign(city=X["city"] + " "),
        lambda X: X.assign(city="Atlantis"),
        lambda X: X.assign(street=X["street"].str.upper()),
        lambda X: X.assign(city=X["city"].str.upper()).head(1),
    ],
    ids=["case", "blank", "others", "many levels", "one row, other case"],
)
def test_unknown_levels(change):
    """A column of unknown levels, and a level that is spelled otherwise."""
    est = WinduEstimator("linear", random_state=0).fit(X, Y)
    with pytest.warns(DataWarning, match="must have levels that training knew"):
        est.predict(change(X))
    report = est.validate(change(X)).to_frame()
    assert "unknown" in report["difference"].tolist()
    quiet = WinduEstimator("linear", schema={"unknown": "ignore"}).fit(X, Y)
    quiet.predict(change(X))


@pytest.mark.parametrize("dtype", ["category", "str", "object"])
def test_unknown_levels_of_every_dtype(dtype):
    """Categories of training hold no other levels, and are looked at before."""
    table = X.astype({"city": dtype})
    est = WinduEstimator("linear").fit(table, Y)
    new = X.assign(city="Atlantis")
    with pytest.warns(DataWarning, match="'city' must have levels that training knew"):
        est.predict(new)
    found = est.validate(new).to_frame()["difference"].tolist()
    assert {"unknown", "level"} <= set(found)


def test_one_new_level_is_life():
    """A single level that training did not have is no news."""
    est = WinduEstimator("linear").fit(X, Y)
    est.predict(X.assign(city=["Atlantis", *X["city"][1:]]))
    est.predict({"x": 0.0, "city": "Atlantis", "street": "street 1"})


@pytest.mark.filterwarnings("default::windu.exceptions.DataWarning")
@pytest.mark.parametrize("threshold", [None, ThresholdSelector("f1", pos_label="a")])
def test_leakage_is_said_once(threshold):
    """A column that alone gives the target, also where the chain is fitted again."""
    leaked = X.assign(result=np.where(Y == "a", "won", "lost"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        WinduEstimator("linear", threshold=threshold).fit(leaked, Y)
    messages = [str(w.message) for w in caught if w.category is DataWarning]
    assert len(messages) == 1
    assert "['result']" in messages[0]
    assert "leaked" in messages[0]


def test_one_switch(monkeypatch):
    """Ignoring the category silences all, and nothing is computed in vain."""
    monkeypatch.setattr(
        "windu.components.target_leakage.leakage_alarms",
        lambda *args: pytest.fail("computed"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", windu.DataWarning)
        table = X.assign(uid=range(N), rate=["7%", "0.1"] * (N // 2))
        est = WinduEstimator("linear").fit(table, Y)
        est.predict(table.assign(city="Atlantis"))
