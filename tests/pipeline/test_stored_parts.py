"""Parts of stored runs in other pipelines: looked up when run, never fitted again."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from windu import (
    Metastore,
    PredictionPipeline,
    StoredPart,
    TrainingPipeline,
    WinduEstimator,
    to_yaml,
)
from windu.config import from_yaml
from windu.datasets import load_penguins
from windu.estimator.digests import digest_of
from windu.exceptions import (
    ConfigError,
    FeatureSchemaError,
    NotStoredError,
    PartError,
    StepError,
    UntrustedTypesError,
)

TABLE = load_penguins().frame
X, Y = TABLE.drop(columns="species"), TABLE["species"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store with features of half the table, and a whole run."""
    folder = tmp_path_factory.mktemp("stored")
    table, store = folder / "birds.parquet", str(folder / "store")
    TABLE.to_parquet(table)
    given = {"data": str(table), "target": "species", "metastore": store}
    features = WinduEstimator(model=None, random_state=0)
    half = {"split": {"dev": 0.5, "seed": 1}}
    TrainingPipeline(features, **given, **half, name="features").run()
    whole = WinduEstimator("linear", threshold="f1_macro", random_state=0)
    TrainingPipeline(whole, **given, name="whole").run()
    return given


def stored(part, *names):
    return {name: StoredPart(part) for name in names}


@pytest.mark.slow
def test_features_of_another_run(place):
    """They are as they were; the run says whence, and needs the other no more."""
    est = WinduEstimator("SVC", **stored("features", "featurizer", "transformer"))
    pipe = TrainingPipeline(est, **place, name="model")
    made = pipe.run()
    store = Metastore(place["metastore"])
    kept = store.load_part("features@1", "transformer")
    frame = store.load_part("features@1", "featurizer").transform(X)
    assert np.array_equal(
        made.estimator.transformer_.transform(frame), kept.transform(frame)
    )
    runs = store.runs("model").iloc[0]
    assert runs["tags.transformer"] == runs["tags.featurizer"] == "features@1"
    assert store.lineage("model")["reference"].tolist() == [
        made.run.reference,
        "features@1",
    ]
    loaded = store.load("model")
    assert isinstance(loaded.transformer, FrozenEstimator)
    assert np.array_equal(loaded.predict(X), made.estimator.predict(X))
    # Whoever has the run alone can train it again.
    again = WinduEstimator(**loaded.get_params(deep=False)).fit(X, Y)
    assert np.array_equal(again.predict(X), loaded.predict(X))
    again = TrainingPipeline(est, **place, name="model").run().steps
    assert again.set_index("step")["state"]["fit_model"] == "cached"


def test_triangle(place):
    """Code, YAML and a run say the reference; reading looks nothing up."""
    text = to_yaml(WinduEstimator(transformer=StoredPart("nowhere@7", metastore="m")))
    assert "transformer: {from: nowhere@7, metastore: m}\n" in text
    assert to_yaml(from_yaml(text)) == text
    est = WinduEstimator("linear", featurizer=None, transformer=StoredPart("own"))
    pipe = TrainingPipeline(est, **{**place, "data": "none.csv"}, name="birds")
    again = TrainingPipeline.from_yaml(pipe.to_yaml())
    assert again.to_yaml() == pipe.to_yaml()
    with pytest.raises(NotStoredError, match="'own'"):
        again.run()
    parts = stored("features@1", "featurizer", "transformer")
    pipe = TrainingPipeline(WinduEstimator("linear", **parts), **place, name="third")
    pipe.run()
    assert Metastore(place["metastore"]).load_part("third", "config") == pipe.to_yaml()
    third = TrainingPipeline.from_run("third", place["metastore"])
    assert third.to_yaml() == pipe.to_yaml()


@pytest.mark.slow
def test_every_part(place):
    """A whole run by its parts predicts what it predicts; the labels come along."""
    names = ("featurizer", "transformer", "model", "threshold")
    est = WinduEstimator(random_state=0, **stored("whole@1", *names))
    half = {"split": {"dev": 0.5}}
    made = TrainingPipeline(est, **place, **half).run().estimator
    whole = Metastore(place["metastore"]).load("whole@1")
    assert np.array_equal(made.predict_proba(X), whole.predict_proba(X))
    assert np.array_equal(made.predict(X), whole.predict(X))
    assert np.array_equal(made.threshold_.thresholds_, whole.threshold_.thresholds_)


def test_a_moved_alias_is_another_part(place):
    """The cache follows what a part has learned, not what it is called."""
    store = Metastore(place["metastore"])
    numbers = TABLE[["bill_length_mm", "bill_depth_mm", "species"]].dropna()
    given = {**place, "data": numbers}
    for start in (0, 1):
        est = WinduEstimator(None, featurizer=None, transformer=StandardScaler())
        part = {"data": numbers[start::2]}
        TrainingPipeline(est, **given | part, name="scaled").run()
        store.alias("scaled", "current")
        est = WinduEstimator(
            "SVC", featurizer=None, transformer=StoredPart("scaled@current")
        )
        made = TrainingPipeline(est, **given).run()
        assert made.steps.set_index("step")["state"]["fit_model"] == "ran"
        kept = store.load_part("scaled", "transformer")
        assert np.array_equal(made.estimator.transformer_.estimator.mean_, kept.mean_)
    one, other = (FrozenEstimator(PCA(1).fit(np.eye(2) * k)) for k in (1, 2))
    assert digest_of(one) != digest_of(other)


def test_what_does_not_fit(place):
    """Each says what must hold, before anything is fitted."""

    def run(table=None, model="linear", **parts):
        est = WinduEstimator(model, **parts)
        given = place if table is None else {**place, "data": table}
        TrainingPipeline(est, **given).run()

    with pytest.raises(NotStoredError, match=r"versions \[1\]. Got 9"):
        run(transformer=StoredPart("features@9"))
    with pytest.raises(PartError, match=r"one of \['featurizer', .*Got 'threshold'"):
        run(threshold=StoredPart("features@1"))
    with pytest.raises(PartError, match="Got another transformer. Pass transformer=St"):
        run(model=StoredPart("whole"))
    with pytest.raises(StepError, match="must be in a metastore. Got none"):
        TrainingPipeline(
            WinduEstimator(transformer=StoredPart("a")), data=TABLE, target="species"
        ).run()
    both = stored("features", "transformer")
    with pytest.raises(FeatureSchemaError, match="The feature 'sex' is missing"):
        run(TABLE.drop(columns="sex"), **both)
    text = TABLE.assign(year=TABLE["year"].astype("str") + "x")
    with pytest.raises(FeatureSchemaError, match="year"):
        run(text, **both)
    with pytest.raises(PartError, match="TrainingPipeline does that; elsewhere, pass"):
        WinduEstimator("linear", **both).fit(X, Y)


def test_order_of_features(place):
    """A transformer without names needs the order of its run."""
    names = ["bill_length_mm", "bill_depth_mm"]
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    est = WinduEstimator(None, featurizer=None, transformer=numbers)
    given = {**place, "data": TABLE[[*names, "species"]]}
    TrainingPipeline(est, **given, name="two").run()
    est = WinduEstimator("SVC", featurizer=None, transformer=StoredPart("two"))
    TrainingPipeline(est, **given).run()
    given["data"] = TABLE[[*names[::-1], "species"]]
    with pytest.raises(FeatureSchemaError, match="in this order"):
        TrainingPipeline(est, **given).run()


def test_trust(place, features):
    """A function in a stored part is trusted by whoever runs the pipeline."""
    est = WinduEstimator(model=None, featurizer=features.add_ratio)
    TrainingPipeline(est, **place, name="ratios").run()
    parts = stored("ratios", "featurizer", "transformer")
    pipe = TrainingPipeline(WinduEstimator("linear", **parts), **place)
    with pytest.raises(UntrustedTypesError, match="own_features.add_ratio"):
        pipe.run()
    pipe.set(trusted=["own_features.add_ratio"]).run()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("{from: a@1, prat: model}", "has no key 'prat'.* Did you mean 'part'"),
        ("{from: a@1, part: modle}", "must be one of .* Did you mean 'model'"),
        ("{from: 3}", "estimator.transformer.from must be a text. Got 3"),
        ("{form: a@1}", "or {from: a stored run}"),
    ],
)
def test_mistakes(part, said):
    """With the place."""
    with pytest.raises(ConfigError, match=said) as raised:
        from_yaml(f"estimator:\n  transformer: {part}\n")
    assert raised.value.line == 2


def test_a_model_on_stored_features(place, tmp_path):
    """Features are written to a table, and another pipeline learns from it."""
    folder = {"metastore": place["metastore"], "keep": ["species"]}
    writing = PredictionPipeline("features@1", **folder)
    out = tmp_path / "features.parquet"
    assert writing.run(place["data"], out) == len(TABLE)
    table = pd.read_parquet(out)
    loaded = Metastore(place["metastore"]).load("features@1")
    assert np.array_equal(PredictionPipeline(loaded).run(X), loaded.transform(X))
    est = Metastore(place["metastore"]).load("features@1")
    assert list(table) == ["species", *est.get_feature_names_out()]
    assert np.array_equal(table.drop(columns="species"), est.transform(X))
    on_features = TrainingPipeline(
        WinduEstimator("linear", featurizer=None, transformer=None),
        data=out,
        target="species",
        split={"test": 0.2},
    )
    assert on_features.run().metrics["test.accuracy"] > 0.9
