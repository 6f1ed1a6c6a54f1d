"""What is written, how it looks, and what has no form."""

import collections
import enum

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
import yaml
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from windu import ThresholdSelector, WinduEstimator, infer_schema
from windu.config import config_schema, from_yaml, to_yaml
from windu.exceptions import ConfigError


def holding(value):
    """Return an estimator with this somewhere inside."""
    return WinduEstimator(transformer=FunctionTransformer(kw_args={"a": value}))


def test_defaults_are_not_written():
    """A text says what is special."""
    assert to_yaml(WinduEstimator()) == "estimator: {}\n"
    assert to_yaml(WinduEstimator(SVC(C=1.0))) == "estimator:\n  model:\n    SVC: {}\n"


def test_order_and_style():
    """Sections in blocks, in the order of the data flow; parameters as in the class."""
    est = WinduEstimator(
        RandomForestClassifier(max_depth=3, n_estimators=7),
        random_state=0,
        task="binary",
        threshold=ThresholdSelector("f1", cv=3),
    )
    assert to_yaml(est) == (
        "estimator:\n"
        "  task: binary\n"
        "  model:\n"
        "    RandomForestClassifier: {n_estimators: 7, max_depth: 3}\n"
        "  threshold: {scoring: f1, cv: 3}\n"
        "  random_state: 0\n"
    )


def test_tuples():
    """A list is a tuple where the default is one; else the form says which."""
    text = "estimator: {model: {MLPClassifier: {hidden_layer_sizes: [5, 2]}}}"
    assert from_yaml(text).model.hidden_layer_sizes == (5, 2)
    text = to_yaml(WinduEstimator(MLPClassifier(hidden_layer_sizes=[5, 2])))
    assert "list: [5, 2]" in text
    assert from_yaml(text).model.hidden_layer_sizes == [5, 2]
    text = to_yaml(WinduEstimator(transformer=MinMaxScaler(feature_range=(0, 2))))
    assert "feature_range: [0, 2]" in text
    assert "tuple: [1, 2]" in to_yaml(holding((1, 2)))


def test_a_dict_that_looks_like_a_form():
    """Is written so that it stays a dict."""
    value = {"SVC": {}, "use": 1}
    for value in ({"SVC": {}}, {"use": 1}, {"tuple": [1]}, {"dict": {}}, {"svm": None}):
        text = to_yaml(holding(value))
        assert "dict:" in text
        assert from_yaml(text).transformer.kw_args == {"a": value}


class Level(enum.IntEnum):
    """A number that is more."""

    LOW = 1


CYCLE = []
CYCLE.append(CYCLE)

NO_FORM = {
    "random state": np.random.RandomState(0),
    "generator": np.random.default_rng(0),
    "series": pd.Series([1]),
    "timestamp": pd.Timestamp("2020-01-01"),
    "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
    "bytes": b"a",
    "complex": 1j,
    "enum": Level.LOW,
    "ordered dict": collections.OrderedDict(a=1),
    "numpy key": {np.int64(1): 2},
    "tuple key": {(1, 2): 3},
    "trusted": {"trusted": 1},
    "frozen set": frozenset([1]),
    "range": range(3),
    "object": object(),
    "huge number": 10**400,
    "huge array": np.zeros(30_000),
    "lost shape": np.zeros((0, 3)),
    "slice": slice(0, 3),
    "dtype": np.dtype("float32"),
    "objects": np.array([1, "a"], dtype=object),
    "cycle": CYCLE,
    "dates in a frame": pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}),
    "levels in a frame": pd.DataFrame({"a": pd.Categorical(["x"])}),
    "path": __import__("pathlib").Path("x"),
    "regex": __import__("re").compile("x"),
}


@pytest.mark.parametrize("name", NO_FORM)
def test_no_form(name):
    """The error names the parameter and a way out; nothing is changed silently."""
    with pytest.raises(ConfigError) as raised:
        to_yaml(holding(NO_FORM[name]))
    assert raised.value.key.startswith("estimator.transformer.")
    assert "kw_args" in str(raised.value)
    assert str(raised.value)[-1] == "."
    assert raised.value.line is None


@pytest.mark.parametrize(
    ("est", "said"),
    [
        (WinduEstimator(random_state=np.random.RandomState(0)), "whole number"),
        (WinduEstimator(memory="./x"), r"estimator.memory.*set_params\(memory"),
        (WinduEstimator(transformer=Pipeline([("a", None)], memory="x")), "is a path"),
        (WinduEstimator(FrozenEstimator(SVC())), "learned, which YAML does not"),
        (
            WinduEstimator(CalibratedClassifierCV(FrozenEstimator(SVC()))),
            "learned, which YAML does not",
        ),
        (
            WinduEstimator(transformer=StandardScaler().set_output(transform="pandas")),
            "set_output was called",
        ),
        (
            WinduEstimator(transformer=Pipeline([["a", StandardScaler()]])),
            "a list of tuples",
        ),
        (WinduEstimator("no_such_model"), "must be null, a name"),
        (WinduEstimator(SVC(C="much")), "'C' parameter of SVC must be a float"),
        (WinduEstimator(schema={"extra": "wran"}), "Did you mean 'warn'"),
        (
            WinduEstimator(VotingClassifier([("a", SVC()), ("a", SVC())])),
            "a different name each",
        ),
    ],
)
def test_refused(est, said):
    """What would be lost, or be refused when it is read, is refused when written."""
    with pytest.raises(ConfigError, match=said):
        to_yaml(est)


def test_only_windu_estimators():
    """The form has one kind of object at its top."""
    with pytest.raises(ConfigError, match=r"Got SVC\. Pass WinduEstimator\(model\)"):
        to_yaml(SVC())


def test_metadata_requests(recwarn):
    """What is routed is no parameter and would be lost."""
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        with pytest.raises(ConfigError, match="request was called"):
            to_yaml(WinduEstimator(model))


def test_pandera_schema():
    """A schema of the user's own, by windu's closed JSON; checks that are code not."""
    schema = pa.DataFrameSchema(
        {"age": pa.Column(float, pa.Check.ge(0), nullable=True)}
    )
    text = to_yaml(WinduEstimator(schema=schema))
    again = from_yaml(text)
    assert to_yaml(again) == text
    assert again.schema == schema
    inferred = infer_schema(pd.DataFrame({"a": [1.5, None], "b": ["NO", "~"]}))
    text = to_yaml(WinduEstimator(schema=inferred))
    assert to_yaml(from_yaml(text)) == text
    own = pa.DataFrameSchema({"age": pa.Column(float, pa.Check(lambda s: s > 0))})
    with pytest.raises(ConfigError, match=r"estimator\.schema: .* plain data"):
        to_yaml(WinduEstimator(schema=own))


EXAMPLES = [
    "estimator: {}",
    "estimator: {model: null, task: auto}",
    "estimator: {model: random_forest, featurizer: {use: 'a:b'}, threshold: [0.5]}",
    "estimator:\n  task: binary\n"
    "  model: {hist_gradient_boosting: {learning_rate: 0.05}}\n"
    "  threshold: {scoring: f1}\n  random_state: 0\n",
    "estimator: {schema: {extra: warn}, label_encoder: log1p, n_jobs: -1, verbose: 2}",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_json_schema(text):
    """Editors find nothing wrong with a right file."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(yaml.safe_load(text), config_schema())


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "estimator: {modle: linear}",
        "estimator: {model: random_forrest}",
        "estimator: {task: binari}",
        "estimator: {random_state: -1}",
        "estimator: {threshold: true}",
        "estimator: {memory: x}",
        "estimator: {}\nother: 1",
    ],
)
def test_json_schema_finds_mistakes(text):
    """And what `from_yaml` would refuse at first sight."""
    jsonschema = pytest.importorskip("jsonschema")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), config_schema())
    with pytest.raises(ConfigError):
        from_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        "estimator: {model: {LGBMClassifier: {num_leaves: 15, verbose: -1}}}",
        "estimator: {task: binary, model: {lightgbm: {num_leaves: 15}}}",
        "estimator: {model: {XGBClassifier: {max_depth: 3, n_estimators: 5}}}",
        "estimator: {task: regression, model: {xgboost: {max_depth: 3}}}",
    ],
)
def test_boosters(text):
    """Boosters list their parameters in their own ways."""
    pytest.importorskip("lightgbm")
    pytest.importorskip("xgboost")
    written = to_yaml(from_yaml(text))
    assert to_yaml(from_yaml(written)) == written
    assert "15" in written or "max_depth: 3" in written
    with pytest.raises(ConfigError, match="no parameter 'input_model'"):
        from_yaml(
            text.replace("num_leaves", "input_model").replace(
                "max_depth", "input_model"
            )
        )


def test_catboost():
    """CatBoost writes files where it is told; a configuration does not tell it."""
    pytest.importorskip("catboost")
    text = "estimator: {task: binary, model: {catboost: {depth: 3}}}"
    written = to_yaml(from_yaml(text))
    assert "allow_writing_files: false" in written
    assert to_yaml(from_yaml(written)) == written
    for name in ("train_dir", "snapshot_file", "input_borders", "output_borders"):
        with pytest.raises(ConfigError, match="is a path"):
            from_yaml(text.replace("depth: 3", f"{name}: x"))
