"""The documented outcome of every changed table, the same for every model."""

from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator
from windu.exceptions import WinduError

X, Y = make_ugly()
MODELS = [
    "auto",
    "linear",
    "random_forest",
    "k_neighbors",
    "GradientBoostingClassifier",
]


@cache
def fitted(model):
    return WinduEstimator(model, random_state=0).fit(X, Y)


def where(column, row, value):
    """Return the table with one other cell."""
    return X.assign(
        **{column: [value if i == row else v for i, v in enumerate(X[column])]}
    )


#: The same rows in another form: predictions must not move at all.
SAME = {
    "as it was": lambda: X,
    "reversed columns": lambda: X[X.columns[::-1]],
    "one column more": lambda: X.assign(more=1),
    "many columns more": lambda: X.assign(**{f"more{i}": "x" for i in range(50)}),
    "another index": lambda: X.set_axis([f"r{i}" for i in X.index]),
    "duplicated index": lambda: X.set_axis([0] * len(X)),
    "a MultiIndex": lambda: X.set_axis(pd.MultiIndex.from_arrays([X.index, X.index])),
    "int8": lambda: X.astype({"visits": "int8"}),
    "float64 for int": lambda: X.astype({"visits": "float64"}),
    "Int64": lambda: X.astype({"visits": "Int64"}),
    "Float64": lambda: X.astype({"amount": "Float64"}),
    "arrow numbers": lambda: X.astype({"amount": "double[pyarrow]"}),
    "objects of numbers": lambda: X.astype({"amount": object, "visits": object}),
    "objects of texts": lambda: X.astype({"city": object, "note": object}),
    "categories": lambda: X.astype({"city": "category", "agent": "category"}),
    "categories in another order": lambda: X.assign(
        city=pd.Categorical(X["city"], ["Rome", "Bern", "Oslo"])
    ),
    "arrow texts": lambda: X.astype({"city": "string[pyarrow]"}),
    "nullable booleans": lambda: X.astype({"flag": "boolean"}),
    "0 and 1 for booleans": lambda: X.astype({"flag": int}),
    "objects of booleans": lambda: X.astype({"flag": object}),
    "dates in seconds": lambda: X.astype({"when": "datetime64[s]"}),
    "dates as ISO texts": lambda: X.assign(when=X["when"].astype(str)),
    "dates with a zone": lambda: X.assign(when=X["when"].dt.tz_localize("UTC")),
    "date objects": lambda: X.assign(when=X["when"].dt.date),
    "polars": lambda: pl.from_pandas(X),
    "records": lambda: X.to_dict("records"),
    "other identifiers": lambda: X.assign(uid=range(len(X))),
    "another constant": lambda: X.assign(fixed="other"),
    "nullable of everything": lambda: X.convert_dtypes(),
}

#: Life: taken, one prediction a row.
TAKEN = {
    "a missing number": lambda: where("visits", 3, np.nan),
    "a missing text": lambda: where("agent", 3, None),
    "a missing note": lambda: where("note", 3, None),
    "a missing date": lambda: where("when", 3, pd.NaT),
    "a missing boolean": lambda: where("flag", 3, None),
    "a column all missing": lambda: X.assign(amount=np.nan),
    "a column of None": lambda: X.assign(city=None),
    "pd.NA among texts": lambda: where("city", 3, pd.NA),
    "a new level": lambda: where("city", 3, "Atlantis"),
    "a trailing space": lambda: where("city", 3, "Rome "),
    "a number out of range": lambda: where("amount", 3, 1e6),
    "a date out of range": lambda: X.assign(when=X["when"] + pd.Timedelta(days=9000)),
    "half a visit": lambda: X.assign(visits=X["visits"] + 0.5),
    "no value in a number as text": lambda: where("price", 1, "n/a"),
    "no rows": lambda: X.head(0),
    "one row": lambda: X.head(1),
}

#: Another meaning: an error of windu's own, which names the column.
REFUSED = {
    "visits": [
        lambda: X.drop(columns="visits"),
        lambda: X.rename(columns={"visits": "visit"}),
        lambda: where("visits", 3, "many"),
        lambda: X.assign(visits=X["visits"].astype(str)),
        lambda: X.assign(visits=X["when"]),
        lambda: X.assign(visits=[[1]] * len(X)),
        lambda: where("visits", 3, np.inf),
        lambda: pd.concat([X, X[["visits"]]], axis=1),
    ],
    "amount": [lambda: X.assign(amount=True), lambda: where("amount", 3, -np.inf)],
    "flag": [lambda: where("flag", 3, 2), lambda: X.assign(flag="yes")],
    "when": [lambda: X.assign(when=5.0), lambda: where("when", 3, "soon")],
    "signed": [lambda: X.assign(signed="2020/31/31")],
    "price": [lambda: where("price", 3, "cheap")],
    "city": [lambda: X.assign(city=7.5), lambda: X.assign(city=True)],
}
REFUSALS = [(name, i) for name, cases in REFUSED.items() for i in range(len(cases))]


def test_there_are_enough_cases():
    """At least forty."""
    assert len(SAME) + len(TAKEN) + len(REFUSALS) >= 40


# Times with a zone are taken with a warning.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", SAME)
def test_the_same_rows_predict_the_same(case, model):
    """Bit for bit."""
    est = fitted(model)
    found = est.predict_proba(SAME[case]())
    np.testing.assert_array_equal(found, est.predict_proba(X))


# A level that is spelled otherwise is taken with a warning.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", TAKEN)
def test_life_is_taken(case, model):
    """One prediction a row, and rows that did not change keep theirs."""
    est, table = fitted(model), TAKEN[case]()
    found = est.predict_proba(table)
    assert found.shape == (len(table), 2)
    assert len(est.predict(table)) == len(table)
    same = [i for i in range(len(table)) if table.iloc[i].equals(X.iloc[i])]
    np.testing.assert_allclose(found[same], est.predict_proba(X)[same], atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("column", "case"), REFUSALS)
def test_another_meaning_is_refused(column, case, model):
    """The outcome does not depend on the model, and the column is named."""
    with pytest.raises(WinduError, match=column):
        fitted(model).predict(REFUSED[column][case]())


FIT = {
    "missing y": (X, Y.where(X.index != 3), "contains NaN"),
    "one class": (X, ["same"] * len(X), "two classes"),
    "shuffled index": (X, Y[::-1], "same order"),
    "shorter y": (X, Y.head(5), "same number of rows"),
    "infinite y": (X, np.where(X.index == 3, np.inf, 0.5), "infinity"),
    "mixed y": (X, [1, "a"] * (len(X) // 2), "of one type"),
    "no y": (X, None, "requires y"),
    "duplicate names": (
        pd.concat([X, X[["city"]]], axis=1),
        Y,
        "'city' more than once",
    ),
    "names of two levels": (X.set_axis([(c, 1) for c in X], axis=1), Y, "texts or"),
    "infinite cells": (where("amount", 3, np.inf), Y, "infinity.*'amount' at row 3"),
    "constants alone": (X[["fixed"]], Y, "'fixed' is constant"),
    "identifiers alone": (X[["uid"]], Y, "'uid' is identifier"),
    "all missing": (X[["amount"]].assign(amount=np.nan), Y, "no value at all"),
    "no columns": (X[[]], Y, "0 feature"),
    "no rows": (X.head(0), Y.head(0), "0 sample"),
    "complex y": (X, np.ones(len(X)) * 1j, "real numbers"),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", FIT)
def test_fit_never_keeps_silent(case, model):
    """What cannot be learned from is an error before the model sees it."""
    table, y, message = FIT[case]
    with pytest.raises(ValueError, match=message):
        WinduEstimator(model, random_state=0).fit(table, y)
