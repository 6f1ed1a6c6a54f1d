"""A schema of a user's own is saved with its estimator, or refused by name."""

import copy
import importlib
import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pandera.pandas as pa
import pytest
import skops.io
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import windu
from tests.conftest import make_ugly
from tests.persistence.forging import artifacts_of, forged, with_member
from windu import WinduEstimator, load, save
from windu.exceptions import PersistenceError, SchemaError, UntrustedTypesError

X, Y = make_ugly()
BAD = X.assign(amount=99.0, city="Paris")


class Ugly(pa.DataFrameModel):
    visits: int = pa.Field(ge=0)
    amount: float = pa.Field(nullable=True, lt=50)
    city: str = pa.Field(nullable=True, isin=["Rome", "Oslo", "Bern"])


def built_in():
    return pa.DataFrameSchema(
        {
            "visits": pa.Column(int, pa.Check.ge(0)),
            "amount": pa.Column(float, pa.Check.lt(50), nullable=True),
            "city": pa.Column(str, pa.Check.isin(["Rome", "Oslo"]), nullable=True),
            "^fl": pa.Column(bool, regex=True),
            "price": pa.Column(coerce=True, required=False),
        },
        unique=["uid"],
    )


def plausible(values):
    return values >= 0


def code():
    """Return a schema that stands in no module."""
    return pa.DataFrameSchema({"visits": pa.Column(int, pa.Check(plausible))})


@pytest.fixture(scope="module")
def fitted():
    schema = built_in()
    schema.columns["city"].checks = [pa.Check.isin(["Rome", "Oslo", "Bern"])]
    return WinduEstimator("linear", schema=schema).fit(X, Y)


COPIES = {
    "save": lambda est, path: load(save(est, path)),
    "skops": lambda est, _: skops.io.loads(
        skops.io.dumps(est), trusted=windu.trusted_types()
    ),
    "pickle": lambda est, _: pickle.loads(pickle.dumps(est)),
    "copy": lambda est, _: copy.copy(est),
    "deepcopy": lambda est, _: copy.deepcopy(est),
    "pipeline": lambda est, path: load(
        save(make_pipeline("passthrough", est), path)
    ).steps[1][1],
}


@pytest.mark.slow
@pytest.mark.parametrize("way", COPIES)
def test_the_schema_comes_back_and_acts(way, fitted, tmp_path):
    """Equal for pandera, with the same verdicts and reasons."""
    again = COPIES[way](fitted, tmp_path / "est.windu")
    assert again.schema == fitted.schema
    assert (again.schema is fitted.schema) == (way == "copy")
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    for est in (again, fitted):
        with pytest.raises(SchemaError, match="'amount' must pass.*\n.*'city' must"):
            est.predict(BAD)
    assert again.validate(BAD).to_frame().equals(fitted.validate(BAD).to_frame())


def test_clones_and_searches(fitted):
    """The parameter is copied like any other."""
    assert clone(fitted).schema == fitted.schema
    assert len(cross_val_score(clone(fitted), X, Y, cv=2)) == 2
    assert fitted.get_params()["schema"] is fitted.schema


def test_a_model_is_stored_as_the_schema_it_stands_for(tmp_path):
    """Nobody needs its module."""
    est = WinduEstimator("linear", schema=Ugly).fit(X, Y)
    again = load(save(est, tmp_path / "est.windu"))
    assert again.schema == Ugly.to_schema()
    assert est.schema is Ugly
    with pytest.raises(SchemaError, match="less_than"):
        again.predict(BAD)


FRESH = """
import sys, windu, skops.io
from tests.conftest import make_ugly
from tests.persistence.forging import artifacts_of, forged, with_member
X, _ = make_ugly()
plain = skops.io.load(sys.argv[2], trusted=windu.trusted_types())
for est in (windu.load(sys.argv[1]), plain):
    print(est.predict(X).tolist())
    print(est.validate(X.assign(amount=99.0)).to_frame().to_json())
"""


@pytest.mark.slow
def test_a_fresh_process(fitted, tmp_path):
    """Predicts and reports the same."""
    path = save(fitted, tmp_path / "est.windu")
    skops.io.dump(fitted, tmp_path / "plain.skops")
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(path), str(tmp_path / "plain.skops")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not fresh.returncode, fresh.stderr
    report = fitted.validate(X.assign(amount=99.0)).to_frame().to_json()
    expected = [str(fitted.predict(X).tolist()), report]
    assert fresh.stdout.splitlines() == expected * 2


def test_code_is_refused_with_the_way_out(tmp_path):
    """By column and check; the way out leads to the same estimator."""
    est = WinduEstimator("linear", schema=code()).fit(X, Y)
    path = tmp_path / "est.windu"
    for what in (est, make_pipeline("passthrough", est)):
        with pytest.raises(PersistenceError, match="'visits', the check 'plausible'"):
            save(what, path)
    assert not list(tmp_path.iterdir())
    again = load(save(est.set_params(schema="infer"), path)).set_params(schema=code())
    with pytest.raises(SchemaError, match="plausible"):
        again.predict(X.assign(visits=-1))


MODULE = """
import pandera.pandas as pa

def plausible(values):
    return values >= 0

OWN = pa.DataFrameSchema({"visits": pa.Column(int, pa.Check(plausible))})

class Own(pa.DataFrameModel):
    visits: int

    @pa.check("visits")
    def plausible(cls, values):
        return values >= 0
"""


@pytest.mark.parametrize("name", ["OWN", "Own"])
def test_code_in_a_module_is_stored_as_a_reference(name, tmp_path, monkeypatch):
    """Of a schema and of a model class: trusted by name, in files and in YAML."""
    module = f"own_schemas_{name}_of_a_test"
    (tmp_path / f"{module}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, module, importlib.import_module(module))
    own = getattr(sys.modules[module], name)
    est = WinduEstimator("linear", schema=own).fit(X, Y)
    path = save(est, tmp_path / "est.windu")
    with pytest.raises(UntrustedTypesError) as caught:
        load(path)
    assert caught.value.types == [f"{module}.{name}"]
    again = load(path, trusted=caught.value.types)
    assert again.schema is own
    np.testing.assert_array_equal(again.predict(X), est.predict(X))
    with pytest.raises(SchemaError, match="plausible"):
        again.predict(X.assign(visits=-1))
    text = windu.to_yaml(est)
    assert f"use: '{module}:{name}'" in text
    assert windu.from_yaml(text, allow=[module]).schema is own
    # The name means something else now.
    monkeypatch.setattr(sys.modules[module], name, 1)
    with pytest.raises(PersistenceError, match="must be a function or a schema"):
        load(path, trusted=caught.value.types)


def test_code_that_pickle_knows_stays_as_it_is():
    """Joblib moves it to other processes as before."""
    est = WinduEstimator("linear", schema=code()).fit(X, Y)
    again = pickle.loads(pickle.dumps(est))
    assert again.schema == est.schema
    with pytest.raises(SchemaError, match="plausible"):
        again.predict(X.assign(visits=-1))


@pytest.mark.slow
def test_a_grid_of_schemas_is_refused(tmp_path):
    """Its best estimator is not."""
    grid = {"schema": [built_in(), Ugly, "infer"]}
    search = GridSearchCV(WinduEstimator("linear"), grid, cv=2, error_score=0.0)
    search.fit(X.assign(city="Rome"), Y)
    with pytest.raises(PersistenceError, match="the grid of a search"):
        save(search, tmp_path / "search.windu")
    best = search.best_estimator_
    assert load(save(best, tmp_path / "best.windu")).get_params().keys()


def test_checks_that_the_example_does_not_pass(tmp_path):
    """An index of its own, values that must all be there: the example has neither."""
    checks = pa.Check.unique_values_eq(set(X["visits"]) | {100})
    schema = pa.DataFrameSchema(
        {"visits": pa.Column(int, checks)},
        index=pa.Index(str, pa.Check.str_startswith("r")),
    )
    table = X.set_axis([f"r{i}" for i in range(len(X))])
    table.iloc[0, table.columns.get_loc("visits")] = 100
    est = WinduEstimator("linear", schema=schema).fit(table, Y)
    again = load(save(est, tmp_path / "est.windu"))
    np.testing.assert_array_equal(again.predict(table), est.predict(table))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("less_than", "os.system"),
        ('"regex":true', '"regex":true,"trusted":["os.system"]'),
        ("float64", "i4,(2,3)f8"),
        ("^fl", "(f+)+$"),
        ('"format":1', '"format":2'),
    ],
)
def test_an_edited_file_is_refused(old, new, fitted, tmp_path):
    """By load and by plain skops, with one clear error."""
    path = save(fitted, tmp_path / "est.windu")
    # The schema's JSON stands in the JSON of skops, twice encoded.
    whole = json.dumps(json.dumps(old)[1:-1])[1:-1]
    other = json.dumps(json.dumps(new)[1:-1])[1:-1]

    def change(data):
        text = data.decode()
        return edited(text, text.index("schema.user.stored"), whole, other).encode()

    forged(path, {"estimator.skops": with_member("schema.json", change)})
    with pytest.raises(PersistenceError, match="A stored schema must be one"):
        load(path)
    archive = artifacts_of(path)["estimator.skops"]
    with pytest.raises(PersistenceError, match="A stored schema must be one"):
        skops.io.loads(archive, trusted=windu.trusted_types())


def edited(text, start, old, new):
    """Replace the first text near the stored schema."""
    assert old in text
    position = text.rfind(old, 0, start)
    near = text.find(old, start)
    position = near if near >= 0 else position
    return text[:position] + new + text[position + len(old) :]


def test_the_usual_case_costs_nothing():
    """No pandera schema, no other state."""
    est = WinduEstimator("linear").fit(X, Y)
    assert est.__getstate__()["schema"] == "infer"
    assert copy.copy(est)._table_schema is est._table_schema
