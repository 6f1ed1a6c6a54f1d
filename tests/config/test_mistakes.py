"""Mistakes of users: where they are, and what was meant."""

import pathlib

import pytest
from sklearn.linear_model import LogisticRegression

from windu import WinduEstimator
from windu.config import from_yaml
from windu.exceptions import ConfigError, WinduError

#: What stands below ``estimator:``, line and column in the file, what is said.
MISTAKES = {
    "key": ("modle: linear", 2, 3, "Did you mean 'model'"),
    "name": ("model: random_forrest", 2, 10, "Did you mean 'random_forest'"),
    "task": ("task: binari", 2, 9, "Did you mean 'binary'"),
    "class": ("model: {RandomForestClasifier: {}}", 2, 10, "RandomForestClassifier'"),
    "parameter": ("model: {SVC: {gama: 1}}", 2, 17, "Did you mean 'gamma'"),
    "value": ("model: {SVC: {C: much}}", 2, 20, "'C' parameter of SVC must be a float"),
    "needs more": ("model: VotingClassifier", 2, 10, r"Write \{VotingClassifier: "),
    "not below": ("model:\n    SVC:\n    C: 1", 3, 5, "indent them below 'SVC'"),
    "no task": ("model: {svm: {C: 1}}", 2, 16, "add 'task: binary'"),
    "half a model": ("model: {SelfTrainingClassifier: {}}", 2, 10, "must tell whether"),
    "no model": ("model: {StandardScaler: {}}", 2, 10, "has no predict"),
    "list": ("model: [svm]", 2, 10, r"must be null, a name .* Got \['svm'\]"),
    "number": ("featurizer: 7", 2, 15, "must be null, a name such as 'auto'"),
    "seed": ("random_state: zero", 2, 17, "must be a valid integer"),
    "negative seed": ("random_state: -1", 2, 17, "greater than or equal to 0"),
    "bool as seed": ("random_state: true", 2, 17, "must be a valid integer"),
    "jobs": ("n_jobs: 1.5", 2, 11, "must be a valid integer"),
    "score": ("threshold: f11", 2, 14, "Did you mean 'f1'"),
    "no decision": ("threshold: roc_auc", 2, 14, "score of decisions"),
    "scoring": ("threshold: {scoring: f11}", 2, 24, "Did you mean 'f1'"),
    "threshold key": ("threshold: {scorng: f1}", 2, 15, "Did you mean 'scoring'"),
    "threshold value": ("threshold: {cv: 1}", 2, 19, "'cv' parameter"),
    "threshold bool": ("threshold: true", 2, 14, "must be null, a number"),
    "threshold list": ("threshold: [f1]", 2, 14, "list of numbers"),
    "tolerance": ("schema: {extr: warn}", 2, 18, "Did you mean 'extra'"),
    "action": ("schema: {extra: war}", 2, 19, "Did you mean 'warn'"),
    "schema": ("schema: infr", 2, 11, "Did you mean 'infer'"),
    "pandera": ("schema: {pandera: {columns: []}}", 2, 21, "that windu wrote"),
    "steps": ("model: {Pipeline: {steps: [[a, SVC]]}}", 2, 29, "without dashes"),
    "step": ("model: {Pipeline: {steps: {a: SVR1}}}", 2, 33, "Did you mean 'SVR'"),
    "function": (
        "model: {Pipeline: {steps: {a: {use: 'numpy:log1p'}}}}",
        *(2, 33, r"Write a function as \{FunctionTransformer"),
    ),
    "dots": ("featurizer: {use: numpy.log1p}", 2, 21, "Did you mean 'numpy:log1p'"),
    "no steps": ("model: {Pipeline: {}}", 2, 21, r"needs \['steps'\]"),
    "inner": ("model: {RFE: {estimator: {SVC: {c: 1}}}}", 2, 35, "no parameter 'c'"),
    "columns": (
        "transformer: {ColumnTransformer: {transformers: {a: {transformer: PCA, "
        "column: 1}}}}",
        *(2, 74, "Did you mean 'columns'"),
    ),
    "tuple": ("model: {SVC: {C: {tuple: 1}}}", 2, 28, "tuple must be a list"),
    "dict": ("model: {SVC: {C: {dict: 1}}}", 2, 27, "dict must be a mapping"),
    "memory": ("memory: ./cache", 2, 3, r"est.set_params\(memory=...\)"),
    "frozen": ("model: {FrozenEstimator: {estimator: SVC}}", 2, 29, "Set it in code"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name, tmp_path):
    """The error has file, line, column, key, and a suggestion."""
    text, line, column, said = MISTAKES[name]
    path = tmp_path / "credit.yaml"
    path.write_text(f"estimator:\n  {text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as raised:
        from_yaml(path)
    error = raised.value
    assert (error.path, error.line, error.column) == (str(path), line, column)
    assert str(error).startswith(f"{path}, line {line}, column {column}: ")
    assert error.key.startswith("estimator")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: linear", "Indent it below 'estimator'."),
        ("estimatr: {}", "Did you mean 'estimator'"),
        ("estimator:", "must be a mapping of parameters, indented below it"),
        ("estimator: linear", "must be a mapping of parameters"),
        ("{}", "'estimator' must be there"),
        ("- 1", "must be a mapping with the key 'estimator'"),
        ("credit.yaml", "To read a file, pass pathlib.Path"),
    ],
)
def test_shape_of_the_file(text, said):
    """A text is never taken for a path."""
    with pytest.raises(ConfigError, match=said):
        from_yaml(text)


def test_files(tmp_path):
    """A file that is not there, is a folder, or is no UTF-8, is told with its name."""
    with pytest.raises(ConfigError, match=r"a\.yaml: .*No such file"):
        from_yaml(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match="must be readable"):
        from_yaml(tmp_path)
    path = tmp_path / "b.yaml"
    path.write_bytes("estimator:\n  # é\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="line 2, column 5: .* UTF-8"):
        from_yaml(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="at most 1000000 bytes"):
        from_yaml(path)


def test_missing_package(monkeypatch):
    """A booster that is not installed is told with what to type."""
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    text = "estimator: {model: {LGBMClassifier: {}}}"
    with pytest.raises(ConfigError, match=r"pip install 'windu\[lightgbm\]'"):
        from_yaml(text)
    # A name alone needs the package only when it is fitted.
    assert from_yaml("estimator: {model: lightgbm}").model == "lightgbm"


def test_error_is_one_of_windu():
    """And a ValueError, which a caller would catch."""
    assert issubclass(ConfigError, WinduError)
    assert issubclass(ConfigError, ValueError)


def test_a_path_is_a_file(tmp_path):
    """`pathlib.Path` is the one way to a file."""
    path = pathlib.Path(tmp_path) / "a.yaml"
    path.write_text("estimator: {model: {LogisticRegression: {C: 3.5}}}")
    made = from_yaml(path)
    assert isinstance(made, WinduEstimator)
    assert isinstance(made.model, LogisticRegression)
    assert made.model.C == 3.5
