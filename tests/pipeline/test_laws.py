"""Laws: code, YAML and code again; two pipelines on one cache."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from tests.config.features import only_numbers
from tests.config.test_round_trip import estimators
from windu import (
    Metastore,
    ThresholdSelector,
    TrainingPipeline,
    WinduEstimator,
    to_yaml,
)
from windu.config.classes import first_difference
from windu.datasets import load_penguins

words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1)
sizes = st.floats(0.01, 0.9) | st.integers(1, 10**6)
sources = st.one_of(
    words,
    st.lists(words, min_size=1, max_size=3),
    st.fixed_dictionaries(
        {"path": words, "format": st.sampled_from(["csv", "parquet"])},
        optional={
            "options": st.dictionaries(st.sampled_from(["sep", "decimal"]), words)
        },
    ),
    st.fixed_dictionaries({"sql": words, "url": words}),
)
splits = st.fixed_dictionaries(
    {},
    optional={
        **{"test": sizes, "dev": sizes, "seed": st.integers(0, 2**31)},
        **{"group": words, "time": words, "column": words},
        "files": st.dictionaries(st.sampled_from(["dev", "test"]), sources, min_size=1),
        "stratify": st.sampled_from(["auto", True, False]),
    },
)
pipelines = st.fixed_dictionaries(
    {"estimator": estimators, "data": sources},
    optional={
        "target": words | st.lists(words, min_size=1, max_size=3),
        "preprocess": st.lists(st.sampled_from(["drop_duplicates", "drop_empty_rows"])),
        "split": splits,
        "evaluate": st.lists(
            st.sampled_from(["f1", "roc_auc", "log_loss"]), min_size=1
        ),
        "name": words,
    },
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(pipelines)
def test_triangle(given_settings):
    """Every setting comes back, and so does the text."""
    pipe = TrainingPipeline(**given_settings)
    text = pipe.to_yaml()
    again = TrainingPipeline.from_yaml(f"# A pipeline.\n{text}", allow=ALLOW)
    assert again.to_yaml() == text
    one, other = pipe.settings, again.settings
    assert first_difference(one.pop("estimator"), other.pop("estimator")) is None
    sources = one.pop("data"), other.pop("data")
    assert one == other
    assert sources[0] == sources[1] or {"path": sources[0]} == sources[1]


ALLOW = ["numpy", "sklearn", "tests", "pandas"]

#: Parts in every form, and what can be said of data and of rows that are held back.
RUNS = {
    "names": (
        {"model": "linear", "transformer": None, "featurizer": None},
        {"data": {"options": {"columns": ["bill_length_mm", "year", "species"]}}},
    ),
    "objects": (
        {
            "model": DecisionTreeClassifier(max_depth=3, class_weight="balanced"),
            "transformer": Pipeline([("impute", SimpleImputer()), ("pca", PCA(2))]),
            "featurizer": FunctionTransformer(only_numbers),
            "threshold": ThresholdSelector("f1_macro", cv=2),
            "schema": {"extra": "warn"},
            "random_state": 1,
        },
        {"split": {"test": 1, "dev": 0.3, "seed": 3, "group": "year"}},
    ),
    "regression": (
        {"task": "regression", "model": Ridge(alpha=0.5), "label_encoder": "log1p"},
        {
            "target": "year",
            "split": {"dev": 0.25, "stratify": False},
            "preprocess": ["drop_duplicates", "drop_empty_rows"],
            "evaluate": ["r2"],
        },
    ),
    "without a model": (
        {"model": None, "transformer": "StandardScaler", "featurizer": only_numbers},
        {"target": None},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", RUNS)
def test_from_code_to_a_run_and_back(tmp_path, case):
    """Code, YAML, code, a run and what it stores say the same, and predict the same."""
    parts, more = RUNS[case]
    data = {"path": str(tmp_path / "birds.parquet")} | more.get("data", {})
    load_penguins().frame.dropna().to_parquet(data["path"])
    store = str(tmp_path / "store")
    given = {"target": "species", "metastore": store, "name": "birds"}
    pipe = TrainingPipeline(WinduEstimator(**parts), **given | more | {"data": data})
    text = pipe.to_yaml()
    again = TrainingPipeline.from_yaml(text, allow=ALLOW)
    made = again.run()
    assert text == again.to_yaml() == Metastore(store).load_part("birds@1", "config")
    trusted = ["tests.config.features.only_numbers"]
    stored = TrainingPipeline.from_run("birds@1", store, allow=ALLOW, trusted=trusted)
    assert stored.to_yaml() == text
    assert to_yaml(made.estimator) == to_yaml(pipe.settings["estimator"])
    assert to_yaml(stored.estimator_) == to_yaml(made.estimator)
    X = again.split()
    method = "transform" if parts["model"] is None else "predict"
    estimators = made.estimator, stored.estimator_, pipe.run().estimator
    outputs = [getattr(one, method)(X) for one in estimators]
    assert all(np.array_equal(one, outputs[0]) for one in outputs)


CODE = """
import sys
from windu import TrainingPipeline, WinduEstimator
store, table = sys.argv[1:]
for model in ("linear", "SVC"):
    TrainingPipeline(
        WinduEstimator(model, random_state=0), data=table, target="species",
        split={"dev": 0.2}, metastore=store, name="birds",
    ).run()
"""


@pytest.mark.slow
def test_two_processes_on_one_cache(tmp_path, table):
    """Both end, and all four runs are what each alone would have made."""
    store = tmp_path / "store"
    command = [sys.executable, "-c", CODE, str(store), str(table)]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        assert process.communicate()[1] == b""
        assert not process.returncode
    runs = Metastore(store).runs()
    # Ids are given when a run is made, versions when it is stored.
    assert sorted(runs["version"]) == [1, 2, 3, 4]
    X = load_penguins().frame.drop(columns="species")
    found = {}
    for reference in runs["reference"]:
        est = Metastore(store).load(reference)
        found.setdefault(est.model, []).append(est.decision_function(X))
    assert {name: len(made) for name, made in found.items()} == {"linear": 2, "SVC": 2}
    for made in found.values():
        assert all(np.array_equal(one, made[0]) for one in made)
