"""Pipelines: whole, in part, again after a change, from a stored run."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC

from windu import Metastore, TrainingPipeline, WinduEstimator
from windu.datasets import load_penguins
from windu.estimator import memo
from windu.exceptions import ConfigError, PartError, StepError, TableError, WinduWarning
from windu.pipeline.splitting import split_rows
from windu.steps import Step

TABLE = load_penguins().frame
STEPS = [
    *("load", "split", "infer_schema", "describe", "featurize", "fit_label_encoder"),
    *("encode", "fit_transformer", "transform", "fit_model", "select_threshold"),
    *("predict", "evaluate"),
]


def make(estimator="linear", **settings):
    """Return a pipeline on the penguins."""
    given = {
        **{"data": TABLE, "target": "species"},
        "split": {"test": 0.25, "dev": 0.25, "seed": 0},
    }
    if isinstance(estimator, str):
        estimator = WinduEstimator(estimator, random_state=0)
    return TrainingPipeline(estimator, **given | settings)


def states(result):
    """Return what became of each step."""
    return dict(zip(result.steps["step"], result.steps["state"], strict=True))


def test_same_as_the_estimator():
    """One implementation of each step: what is fitted equals `fit` on the same rows."""
    result = make("random_forest").run()
    assert result.steps["step"].tolist() == STEPS
    X, y = TABLE.drop(columns="species"), TABLE["species"]
    rows = split_rows(X, y, test=0.25, dev=0.25, seed=0)
    est = WinduEstimator("random_forest", random_state=0)
    est.fit(X.iloc[rows.train], y.iloc[rows.train])
    test = X.iloc[rows.test]
    assert np.array_equal(est.predict_proba(test), result.estimator.predict_proba(test))
    accuracy = est.score(test, y.iloc[rows.test])
    assert result.metrics["test.accuracy"] == accuracy
    assert "dev" in str(result)
    assert "<table" in result._repr_html_()


def test_fit_on_both_parts():
    """The rows of the development set are learned from, and not held out."""
    split = {"test": 0.25, "dev": 0.25, "seed": 0}
    both = make(split=split | {"fit_on": "train+dev"}).run()
    X, y = TABLE.drop(columns="species"), TABLE["species"]
    rows = split_rows(X, y, test=0.25, dev=0.25, seed=0)
    learned = np.concatenate([rows.train, rows.dev])
    est = WinduEstimator("linear", random_state=0).fit(X.iloc[learned], y.iloc[learned])
    np.testing.assert_array_equal(both.estimator.model_.coef_, est.model_.coef_)
    assert not [name for name in both.metrics if name.startswith("dev.")]


def test_other_libraries_have_other_keys(monkeypatch):
    """What another version of a library made is made again."""
    step = Step("featurize", ("frame",), ("features",), len)
    before = memo.key_of_step(step, ["a"])
    assert memo.key_of_step(step, ["a"]) == before != memo.key_of_step(step, ["b"])
    monkeypatch.setattr(memo, "versions", lambda: {"scikit-learn": "0.1"})
    assert memo.key_of_step(step, ["a"]) != before


def test_values_of_one_step_have_keys_of_their_own():
    """Without a key for the step nothing can be said of what it makes."""
    step = Step("split", ("frame",), ("left", "right"), len)
    assert memo.keys_made(step, None) == {"left": None, "right": None}
    left, right = memo.keys_made(step, "a").values()
    assert left != right != "a" != left


@pytest.mark.slow
def test_only_what_depends_on_a_change_runs_again():
    """Another model keeps the features; other rows keep nothing."""
    pipe = make()
    assert set(states(pipe.run()).values()) == {"ran", "absent"}
    assert set(states(pipe.run()).values()) <= {"ran", "kept"}
    with pytest.warns(WinduWarning, match="shown to 2 different estimators"):
        found = states(pipe.set(model="random_forest").run())
    assert found["featurize"] == found["encode"] == "kept"
    assert found["fit_model"] == found["fit_transformer"] == found["evaluate"] == "ran"
    with pytest.warns(WinduWarning, match="shown to 2 different estimators"):
        found = states(pipe.set(evaluate="accuracy").run())
    assert found["fit_model"] == "kept"
    assert found["evaluate"] == "ran"
    found = states(pipe.set(split={"test": 0.5}).run())
    assert found["featurize"] == "ran"


@pytest.mark.slow
def test_nothing_fitted_is_changed_later():
    """A later run leaves earlier results as they are."""
    pipe = make(WinduEstimator(RandomForestClassifier(random_state=0)))
    first = pipe.run().estimator
    before = first.predict_proba(TABLE.drop(columns="species"))
    with pytest.warns(WinduWarning):
        pipe.set(model__max_depth=1).run()
    assert np.array_equal(first.predict_proba(TABLE.drop(columns="species")), before)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_single_step(step):
    """Each is a method, and what `until` ends with."""
    pipe = make()
    made = getattr(pipe, step)()
    assert made is not None or step == "select_threshold"
    result = pipe.run(until=step)
    assert result.steps["step"].iloc[-1] == step
    assert result.run is None


@pytest.mark.slow
def test_other_process(tmp_path, table):
    """A second pipeline takes the outputs of the first from the metastore."""
    given = {"data": table, "metastore": str(tmp_path / "store"), "name": "birds"}
    est = WinduEstimator("linear", random_state=0, threshold="f1_macro")
    first = make(est, preprocess="drop_duplicates", **given).run()
    second = make(est, preprocess="drop_duplicates", **given).run()
    cached = [
        *("load", "preprocess", "describe", "featurize", "fit_transformer"),
        *("fit_model", "select_threshold", "evaluate"),
    ]
    found = states(second)
    assert [step for step in found if found[step] == "cached"] == cached
    assert not second.steps["note"].any()
    assert second.metrics == first.metrics
    assert (first.run.version, second.run.version) == (1, 2)
    X = TABLE.drop(columns="species")
    assert np.array_equal(
        first.estimator.predict_proba(X), second.estimator.predict_proba(X)
    )
    stored = Metastore(tmp_path / "store").load("birds@2")
    assert np.array_equal(stored.predict(X), second.estimator.predict(X))


@pytest.mark.slow
def test_start(tmp_path, table):
    """It goes on from what is stored, and says what is missing."""
    given = {"data": table, "metastore": str(tmp_path / "store")}
    with pytest.raises(StepError, match="what 'load' makes must be in memory"):
        make(**given).run(start="fit_model")
    make(**given).run(until="transform")
    found = states(make(**given).run(start="fit_model"))
    assert found["featurize"] == found["fit_transformer"] == "cached"
    assert found["fit_model"] == found["evaluate"] == "ran"
    with pytest.raises(StepError, match="what 'fit_transformer' makes must be"):
        make(WinduEstimator("linear", featurizer=None), **given).run(start="fit_model")
    with pytest.raises(StepError, match="start must name one of"):
        make(**given).run(start="fit")
    with pytest.raises(StepError, match="Did you mean 'fit_model'"):
        make(**given).run(until="fit_modle")


@pytest.mark.slow
def test_damaged_and_vanished_entries(tmp_path, table):
    """They are made again, and the result is the same."""
    given = {"data": table, "metastore": str(tmp_path / "store")}
    first = make("random_forest", **given).run()
    entries = sorted((tmp_path / "store" / "cache").iterdir())
    rng = np.random.default_rng(0)
    for entry in entries[1:]:
        data = bytearray(entry.read_bytes())
        data[rng.integers(len(data))] ^= 1 + int(rng.integers(255))
        entry.write_bytes(data)
    entries[0].unlink()
    again = make("random_forest", **given).run()
    assert "cached" not in set(states(again).values())
    assert again.metrics == first.metrics
    # One entry in the place of another is none either.
    held = entries[1].read_bytes()
    entries[2].write_bytes(held)
    third = make("random_forest", **given).run()
    assert third.metrics == first.metrics


def test_what_has_no_digest_runs_each_time(tmp_path):
    """A generator of random numbers cannot be compared."""
    est = WinduEstimator("random_forest", random_state=np.random.RandomState(0))
    pipe = make(est, metastore=str(tmp_path / "store"))
    pipe.run(until="fit_model")
    result = pipe.run(until="fit_model")
    assert states(result)["fit_model"] == "ran"
    assert "no digest" in result.steps.set_index("step").loc["fit_model", "note"]


@pytest.mark.slow
def test_lambda(tmp_path):
    """It runs, and what cannot be stored says so."""
    est = WinduEstimator("linear", featurizer=lambda frame: frame.assign(one=1))
    result = make(est, metastore=str(tmp_path / "store")).run()
    assert states(result)["fit_model"] == "ran"
    assert states(make(est).run())["fit_model"] == "ran"


@pytest.mark.slow
def test_edited_function():
    """An edited featurizer runs again, and all that depends on it."""

    def one(frame):
        return frame.assign(new=1.0)

    def other(frame):
        return frame.assign(new=frame["year"] * 2.0)

    pipe = make(WinduEstimator("linear", featurizer=one), split={"dev": 0.25})
    pipe.run()
    other.__qualname__ = one.__qualname__
    assert states(pipe.set(featurizer=other).run())["featurize"] == "ran"
    assert states(pipe.run())["featurize"] == "kept"


def test_features_alone():
    """Without a model the pipeline ends with the transformer."""
    pipe = make(WinduEstimator(model=None), target=None, split=None)
    result = pipe.run()
    assert "evaluate" not in states(result)
    assert result.estimator.transform(TABLE).shape[0] == len(TABLE)
    assert result.metrics == {}


def test_regression_without_split():
    """Every row is learned from; nothing is evaluated."""
    frame = TABLE.dropna().reset_index(drop=True)
    result = make(data=frame, target="body_mass_g", split=None).run()
    assert result.estimator.task_ == "regression"
    assert result.metrics == {}


@pytest.mark.slow
def test_given_files(tmp_path, table):
    """Held-back tables of their own are prepared as data is, and looked at again."""
    half, other = TABLE.iloc[1::2], TABLE.iloc[::2]
    half.to_csv(tmp_path / "half.csv", index=False)
    twice = pd.concat([other, other])
    twice.to_csv(tmp_path / "test.csv", index=False)
    files = {"test": str(tmp_path / "test.csv")}
    given = {
        "data": str(tmp_path / "half.csv"),
        "metastore": str(tmp_path / "store"),
        "preprocess": "drop_duplicates",
    }
    pipe = make(split={"files": files, "dev": 0.2}, **given)
    pipe.run()
    again = TrainingPipeline.from_yaml(pipe.to_yaml())
    held = again.predict()
    assert len(held["test"]) == len(other)
    assert len(held["dev"]) + len(pipe.split()) == len(half)
    assert states(again.run())["fit_model"] == "kept"
    other.iloc[1:].to_csv(tmp_path / "test.csv", index=False)
    found = states(make(split={"files": files, "dev": 0.2}, **given).run())
    assert (found["load"], found["fit_model"]) == ("ran", "cached")
    assert found["evaluate"] == "ran"
    TABLE.drop(columns="species").to_csv(tmp_path / "test.csv", index=False)
    with pytest.raises(TableError, match="part 'test' must have the target 'species'"):
        pipe.run()


@pytest.mark.slow
def test_test_rows_are_used_once(tmp_path, table):
    """Other processes know; the same estimator again is not counted."""
    given = {"data": table, "metastore": str(tmp_path / "store")}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            assert make(**given).run().metrics["test_evaluations"] == 1
    with pytest.warns(WinduWarning, match="2 different estimators"):
        assert make("SVC", **given).run().metrics["test_evaluations"] == 2


@pytest.mark.slow
def test_from_run(tmp_path, table, features):
    """The stored model predicts with new features; nothing is trained."""
    given = {"data": str(table), "metastore": str(tmp_path / "store"), "name": "birds"}
    est = WinduEstimator("linear", featurizer=features.add_ratio, random_state=0)
    make(est, **given).run()
    allow = {"allow": ["own_features"], "trusted": ["own_features.add_ratio"]}
    pipe = TrainingPipeline.from_run("birds@1", given["metastore"], **allow)
    X = TABLE.drop(columns="species")
    assert np.array_equal(pipe.predict(X), pipe.estimator_.predict(X))
    assert set(pipe.predict()) == {"dev", "test"}
    table_of_scores = pipe.replace(threshold=None, featurizer=features.swap)
    assert list(table_of_scores) == ["before", "after", "difference"]
    assert table_of_scores.loc["test.changed", "after"] > 0
    scored = pipe.predict()["test"]
    assert (scored["prediction"] == scored["species"]).mean() == pytest.approx(
        table_of_scores.loc["test.accuracy", "after"]
    )
    assert pipe.settings["estimator"].featurizer is features.swap
    changes = pipe.changes()
    assert list(changes)[:3] == [
        *(("species", "target"), ("prediction", "before"), ("prediction", "after")),
    ]
    assert (changes["prediction", "before"] != changes["prediction", "after"]).all()
    share = len(changes.loc["test"]) / len(scored)
    assert share == table_of_scores.loc["test.changed", "after"]
    assert changes.loc["test", ("species", "target")].equals(
        scored["species"][changes.loc["test"].index]
    )
    with pytest.raises(PartError, match="Did you mean 'featurizer'"):
        pipe.replace(featurizr=features.swap)
    with pytest.raises(StepError, match="Changes are those since replace"):
        pipe.set(model="SVC").changes()


@pytest.mark.slow
def test_predictions_follow_the_settings():
    """After a change the estimator of before does not answer."""
    X = TABLE.drop(columns="species")
    pipe = make(split={"dev": 0.25})
    first = pipe.run().estimator
    assert np.array_equal(pipe.predict(X), first.predict(X))
    pipe.set(model="random_forest")
    with pytest.raises(NotFittedError):
        _ = pipe.estimator_
    pipe.predict(X)
    assert pipe.estimator_.model == "random_forest"


@pytest.mark.slow
def test_yaml_triangle(tmp_path, table, features):
    """Code, YAML and a run say the same thing."""
    store = str(tmp_path / "store")
    est = WinduEstimator(
        SVC(C=2.0), featurizer=features.add_product, threshold="f1_macro"
    )
    pipe = make(
        est,
        data={"path": str(table), "options": {"sep": ","}},
        preprocess=["drop_duplicates", features.only_2007],
        split={"test": 0.25, "seed": 1},
        evaluate=["accuracy"],
        metastore=store,
        name="birds",
    )
    text = pipe.to_yaml()
    assert "version: 2" in text
    again = TrainingPipeline.from_yaml(text, allow=["own_features"])
    assert again.to_yaml() == text
    first, second = pipe.run(), again.run()
    assert first.metrics == second.metrics
    assert states(second)["fit_model"] == "cached"
    assert Metastore(store).load_part("birds@1", "config") == text
    trusted = ["own_features.add_product"]
    third = TrainingPipeline.from_run(
        "birds", store, allow=["own_features"], trusted=trusted
    )
    assert third.to_yaml() == text


def test_settings():
    """Wrong ones are told when they are given."""
    with pytest.raises(StepError, match="Did you mean 'evaluate'"):
        make().set(evaluat="f1")
    with pytest.raises(PartError, match="Did you mean 'roc_auc'"):
        make(evaluate="roc_auk")
    with pytest.raises(StepError, match="Did you mean 'drop_duplicates'"):
        make(preprocess="drop_duplicate")
    with pytest.raises(PartError, match="must be a WinduEstimator. Got SVC"):
        make(SVC())
    with pytest.raises(TableError, match="must return a DataFrame. Got ndarray"):
        make(preprocess=np.asarray).run()
    with pytest.raises(StepError, match="no key 'tset'. .* Did you mean 'test'"):
        make(split={"tset": 0.2})
    with pytest.raises(StepError, match="split.files has no key 'train'"):
        make(split={"files": {"train": "a.csv"}})
    with pytest.raises(ConfigError, match="a table in memory has no form in YAML"):
        make().to_yaml()
    with pytest.raises(NotFittedError, match="Call run"):
        _ = make().estimator_
    assert "TrainingPipeline(" in repr(make())


@pytest.mark.slow
def test_data_in_memory_is_not_changed():
    """Neither by a step, nor by the caller after it was given."""
    table = TABLE.copy()
    pipe = make(data=table)
    table["year"] = 0
    assert set(pipe.load()["year"]) == set(TABLE["year"])
    pipe.run()
    pd.testing.assert_frame_equal(pipe.load(), TABLE)
