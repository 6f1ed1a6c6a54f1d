"""Configurations of pipelines: what is read, changed, refused, and written."""

import sys

import jsonschema
import pytest

from windu import TrainingPipeline, WinduEstimator
from windu.config import config_schema
from windu.config.pipelines import read_pipeline, write_pipeline
from windu.config.yaml_text import read_yaml
from windu.exceptions import ConfigError

TEXT = """\
data: {path: credit.csv, target: status}
preprocess: drop_duplicates
split: {test: 0.2, dev: 0.2, seed: 0}
estimator:
  task: binary
  model:
    hist_gradient_boosting: {learning_rate: 0.05}
  threshold: {scoring: f1}
evaluate: [roc_auc, f1, log_loss]
metastore: ./metastore
name: credit
"""


def test_read_and_written():
    """Each setting, and the same text of them."""
    found = read_pipeline(TEXT)
    assert found["data"] == "credit.csv"
    assert found["target"] == "status"
    assert found["preprocess"] == ["drop_duplicates"]
    assert found["split"] == {"test": 0.2, "dev": 0.2, "seed": 0}
    assert found["estimator"].model.learning_rate == 0.05
    assert found["evaluate"] == ["roc_auc", "f1", "log_loss"]
    text = write_pipeline(found)
    assert write_pipeline(read_pipeline(text)) == text
    assert read_yaml(text).data["estimator"] == {
        "task": "binary",
        "model": {"HistGradientBoostingClassifier": {"learning_rate": 0.05}},
        "threshold": {"scoring": "f1"},
    }


def test_from_a_file(tmp_path, monkeypatch):
    """By path, and by a name that ends in .yaml."""
    (tmp_path / "credit.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    for given in (tmp_path / "credit.yaml", "credit.yaml", TEXT):
        pipe = TrainingPipeline.from_yaml(given)
        assert pipe.settings["name"] == "credit"
        assert pipe.settings["estimator"].threshold.scoring == "f1"
    with pytest.raises(ConfigError, match="must be readable"):
        TrainingPipeline.from_yaml("none.yaml")


def test_changes():
    """Values as YAML, also where there was none."""
    changes = {
        "estimator.model": "random_forest",
        "estimator.threshold.scoring": "precision",
        "split.test": "100",
        "data.options": "{sep: ';'}",
        "name": "other",
    }
    found = read_pipeline(TEXT, changes=changes)
    assert found["estimator"].model == "random_forest"
    assert found["estimator"].threshold.scoring == "precision"
    assert found["split"]["test"] == 100
    assert found["data"] == {"path": "credit.csv", "options": {"sep": ";"}}
    assert found["name"] == "other"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"estimator.modle": "SVC"}, "estimator has no key 'modle'.*mean 'model'"),
        ({"name.first": "a"}, "'name' is no mapping"),
        ({"split..test": "1"}, "must be a key of a mapping"),
        ({"split.tset": "0.1"}, "split has no key 'tset'.*Did you mean 'test'"),
        ({"name": "[a"}, "--set name"),
        ({"estimator.threshold.scorin": "f1"}, "'scorin'"),
    ],
)
def test_wrong_changes(changes, said):
    """They are checked as what stands in the file."""
    with pytest.raises(ConfigError, match=said):
        read_pipeline(TEXT, changes=changes)


WRONG = {
    "no data": ("estimator: {model: SVC}", "The key 'data' must be there", 1, 1),
    "section": (TEXT + "searhc: {}\n", "has no key 'searhc'", 12, 1),
    "key": (TEXT.replace("target:", "tarhet:"), "Did you mean 'target'", 1, 26),
    "key of a section": (
        "data: {path: a.csv, target: b}\nseed: 1",
        "has no key 'seed'.* Indent it below 'split' or 'search'",
        *(2, 1),
    ),
    "type": (TEXT.replace("0.2, dev", "a lot, dev"), "split.test", 3, 15),
    "file": (
        "data: a.csv\nsplit:\n  files: {tset: b.csv}",
        "split.files has no key 'tset'. It has .* Did you mean 'test'",
        *(3, 11),
    ),
    "table of a file": (
        "data: a.csv\nsplit: {files: {test: {pth: b.csv}}}",
        "split.files.test has no key 'pth'.* Did you mean 'path'",
        *(2, 24),
    ),
    "format": (
        "data: {path: a.csv, format: cvs}",
        "data.format must be .* Did you mean 'csv'",
        *(1, 29),
    ),
    "use": ("data: {use: 'os:system'}", "not allowed, and was not imported", 1, 13),
    "preprocess": (
        "data: a.csv\npreprocess: [{use: 'os:system'}]",
        "not allowed",
        2,
        20,
    ),
    "depth": ("data: " + "[" * 200 + "]" * 200, "deep", 1, None),
    "tag": ("data: !!python/object/apply:os.system [ls]", "tag", 1, None),
    "alias": ("data: &a [1]\nname: *a", "anchor|alias", 1, None),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files(case):
    """With line and column; nothing is imported."""
    text, said, line, column = WRONG[case]
    with pytest.raises(ConfigError, match=said) as raised:
        read_pipeline(text)
    assert raised.value.line == line
    assert column in (None, raised.value.column)


@pytest.mark.parametrize(
    ("line", "said", "column"),
    [
        ("evaluate: [f1, roc_auk]", "Did you mean 'roc_auc'", 16),
        ("evaluate: roc_auk", "Did you mean 'roc_auc'", 11),
        ("preprocess: [drop_duplicate]", "Did you mean 'drop_duplicates'", 14),
    ],
)
def test_names_that_no_type_tells(line, said, column):
    """What a pipeline would refuse has its place."""
    with pytest.raises(ConfigError, match=said) as raised:
        TrainingPipeline.from_yaml(f"data: a.csv\n{line}\n")
    assert (raised.value.line, raised.value.column) == (2, column)


def test_an_estimator_is_no_pipeline():
    """Either reader names the other."""
    from windu import from_yaml

    with pytest.raises(ConfigError, match="use TrainingPipeline.from_yaml"):
        from_yaml(TEXT)


def test_versions(tmp_path, monkeypatch):
    """A version is chosen by number; what is not registered is told."""
    (tmp_path / "versions_of_test.py").write_text(
        "from windu import register\n"
        "@register('featurizer', 'add', version=1)\n"
        "def first(frame): return frame\n"
        "@register('featurizer', 'add', version=2)\n"
        "def second(frame): return frame\n"
        "@register('model', 'own', version=1)\n"
        "class Own:\n"
        "    def fit(self, X, y): return self\n"
        "    def predict(self, X): return [0] * len(X)\n"
        "    def get_params(self, deep=True): return {}\n"
        "    def set_params(self, **params): return self\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    part = "{use: 'versions_of_test:add', version: %s}"
    text = f"data: a.csv\nestimator:\n  featurizer: {part}\n"
    allow = ["versions_of_test"]
    with pytest.raises(ConfigError, match="not allowed"):
        read_pipeline(text % 1)
    assert "versions_of_test" not in sys.modules
    for version, name in ((1, "first"), (2, "second")):
        found = read_pipeline(text % version, allow=allow)
        assert found["estimator"].featurizer.__name__ == name
        assert f"version: {version}" in write_pipeline(found)
    with pytest.raises(ConfigError, match=r"version 3 of 'add'. Got the versions \[1"):
        read_pipeline(text % 3, allow=allow)
    with pytest.raises(ConfigError, match="no version of it. Did you mean 'add'"):
        read_pipeline((text % 1).replace(":add", ":ad"), allow=allow)
    own = (
        "data: a.csv\nestimator:\n  model: {use: 'versions_of_test:own', version: 1}\n"
    )
    assert type(read_pipeline(own, allow=allow)["estimator"].model).__name__ == "Own"
    sys.modules.pop("versions_of_test")


def test_the_schema_for_editors():
    """It accepts the examples, and refuses misspelt keys."""
    schema = config_schema()
    check = jsonschema.Draft202012Validator(schema)
    assert check.is_valid(read_yaml(TEXT).data)
    assert check.is_valid({"estimator": {"model": "SVC"}})
    assert check.is_valid({"data": "a.csv"})
    assert not check.is_valid({"data": "a.csv", "spilt": {}})
    assert not check.is_valid({"data": {"path": "a.csv", "tarhet": "x"}})
    assert not check.is_valid({"name": "x"})


def test_what_has_no_form():
    """Functions of a notebook, and tables in memory."""
    given = {"data": "a.csv", "estimator": WinduEstimator(featurizer=lambda x: x)}
    with pytest.raises(ConfigError, match="a local function"):
        write_pipeline(given)
    with pytest.raises(ConfigError, match="a local function"):
        write_pipeline(
            {**given, "estimator": WinduEstimator(), "preprocess": [lambda x: x]}
        )
    with pytest.raises(ConfigError, match="metastore"):
        write_pipeline({"data": "a.csv", "metastore": object(), **ESTIMATOR})


ESTIMATOR = {"estimator": WinduEstimator()}
