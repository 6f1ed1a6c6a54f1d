"""Code of the user: named, allowed by the caller, checked, and only then imported."""

import sys
from pathlib import Path

import numpy as np
import pytest

from windu import ThresholdSelector, WinduEstimator
from windu.config import from_yaml, to_yaml
from windu.exceptions import ConfigError

HERE = str(Path(__file__).parent)


@pytest.fixture
def features(monkeypatch):
    """The module features.py, as a user has it in the folder of a project."""
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.delitem(sys.modules, "features", raising=False)
    import features

    yield features
    sys.modules.pop("features", None)


@pytest.fixture
def path(monkeypatch):
    """Can be imported, and is not."""
    monkeypatch.syspath_prepend(HERE)
    sys.modules.pop("features", None)
    yield
    sys.modules.pop("features", None)


FEATURIZER = "estimator:\n  featurizer: {use: 'features:add_ratios'}\n"


def test_function(features):
    """A function stands by its module and name, and comes back as itself."""
    text = to_yaml(WinduEstimator(featurizer=features.add_ratios))
    assert text == FEATURIZER
    assert from_yaml(text, allow=["features"]).featurizer is features.add_ratios


@pytest.mark.usefixtures("path")
def test_not_allowed():
    """Without permission nothing is imported, and the message says how to give it."""
    with pytest.raises(ConfigError, match=r"not imported.*pass allow=\['features'\]"):
        from_yaml(FEATURIZER)
    assert "features" not in sys.modules


@pytest.mark.usefixtures("path")
def test_all_is_checked_before_anything_is_imported():
    """A mistake anywhere, also behind it, and allowed code is not run."""
    for mistake in (
        "model: lineer",
        "model: {SVC: {c: 1}}",
        "transformer: {use: 'a:b'}",
    ):
        with pytest.raises(ConfigError):
            from_yaml(FEATURIZER + f"  {mistake}\n", allow=["features"])
        assert "features" not in sys.modules


@pytest.mark.usefixtures("features")
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("features:add_ratio", "Did you mean 'add_ratios'"),
        (
            "features:json",
            "must be a function or a class. Got an object of type module",
        ),
        ("features:scaler", "Got an object of type Scaler"),
        ("features:getcwd", "must be defined in an allowed module. It comes from"),
        ("features:Path", "It comes from 'pathlib"),
        ("features:__builtins__", "Got an object of type dict"),
        ("features.deeper:x", "must be importable. Got ModuleNotFoundError"),
        ("features:Scaler.fit", "one name after the colon"),
        ("features.add_ratios", "one name after the colon"),
        ("feature:add_ratios", r"allow=\['feature'\]"),
        ("features2:add_ratios", r"allow=\['features2'\]"),
        ("numpy:logp", "Did you mean"),
        ("numpy:load", "Got 'load'"),
        ("builtins:eval", "Got 'eval'"),
        ("pandas:read_pickle", r"allow=\['pandas'\]"),
        ("sklearn.datasets:fetch_openml", r"allow=\['sklearn'\]"),
        (7, "one name after the colon"),
        (None, "one name after the colon"),
        (["os:system"], "one name after the colon"),
    ],
)
def test_refused(target, said):
    """Exactly a function or class of an allowed module, by one name."""
    with pytest.raises(ConfigError, match=said) as raised:
        from_yaml(f"estimator: {{featurizer: {{use: {target!r}}}}}", allow=["features"])
    assert raised.value.line == 1


def test_class_with_parameters(features):
    """A user's estimator is made of its parameters, nested ones too."""
    part = features.Scaler(2.0, inner=features.Scaler(names=["x"]), names=("c",))
    text = to_yaml(WinduEstimator(transformer=part))
    again = from_yaml(text, allow=["features"]).transformer
    assert type(again) is features.Scaler
    assert again.names == ("c",)
    assert again.inner.names == ["x"]
    assert "cache_dir" not in text


@pytest.mark.usefixtures("features")
@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("Scaler', facter: 2", "Did you mean 'factor'"),
        ("Scaler', cache_dir: ./x", "is a path"),
        ("add_ratios', factor: 2", "takes no parameters"),
        ("Picky', level: 10", "cannot be made: RuntimeError: too high"),
    ],
)
def test_parameters_of_the_users_code(use, said):
    """Misspelt parameters, paths, and what its constructor raises."""
    with pytest.raises(ConfigError, match=said) as raised:
        from_yaml(
            f"estimator: {{featurizer: {{use: 'features:{use}}}}}", allow=["features"]
        )
    assert raised.value.line == 1


def test_parameter_that_is_named_use(features):
    """It has no place in the form."""
    with pytest.raises(ConfigError, match="Give its parameter 'use' another name"):
        to_yaml(WinduEstimator(features.Picky(use=3)))
    assert "level: 3" in to_yaml(WinduEstimator(features.Picky(3)))


def test_schema_class_and_scorer(features):
    """A class of a pandera model, and a metric of the user."""
    est = WinduEstimator(
        threshold=ThresholdSelector(features.scorer), schema=features.Table
    )
    again = from_yaml(to_yaml(est), allow=["features"])
    assert again.schema is features.Table
    assert again.threshold.scoring is features.scorer
    with pytest.raises(ConfigError, match="must be 'infer', None, a dict"):
        from_yaml("estimator: {schema: {use: 'features:scorer'}}", allow=["features"])


@pytest.mark.parametrize(
    "allow", ["features", [7], ["a b"], ["os:system"], [""], ["*"]]
)
def test_allow_is_a_list_of_names(allow):
    """No text, no pattern."""
    with pytest.raises(ConfigError, match="allow must be a list of names"):
        from_yaml("estimator: {}", allow=allow)


def test_allowed_by_package_or_by_module(tmp_path, monkeypatch):
    """A package allows its modules; a module allows itself alone."""
    (tmp_path / "pack_a" / "inner").mkdir(parents=True)
    for module in ("__init__", "one", "inner/__init__", "inner/two"):
        source = "def f(X):\n    return X\n"
        (tmp_path / "pack_a" / f"{module}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    names = ("pack_a", "pack_a.one", "pack_a.inner", "pack_a.inner.two")
    for module in names:
        text = f"estimator: {{featurizer: {{use: '{module}:f'}}}}"
        for allowed in names:
            if allowed in (module, "pack_a"):
                assert from_yaml(text, allow=[allowed]).featurizer.__module__ == module
            else:
                with pytest.raises(ConfigError, match="not allowed"):
                    from_yaml(text, allow=[allowed])


def test_module_that_raises(tmp_path, monkeypatch):
    """What the user's module raises is told with the place."""
    (tmp_path / "broken_b.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="Got ZeroDivisionError: division by zero"):
        from_yaml("estimator: {model: {use: 'broken_b:M'}}", allow=["broken_b"])


def test_functions_without_a_name():
    """A lambda and a local function cannot be named."""

    def local(X):
        return X

    for function in (local, lambda X: X):
        with pytest.raises(
            ConfigError, match="featurizer: .* importable from a module"
        ):
            to_yaml(WinduEstimator(featurizer=function))
    with pytest.raises(ConfigError, match="found by its name"):
        to_yaml(WinduEstimator(featurizer=np.random.default_rng().normal))


def test_vetted_functions_need_no_permission():
    """Functions of arrays that everybody uses."""
    est = WinduEstimator(featurizer=np.log1p)
    assert to_yaml(est) == "estimator:\n  featurizer: {use: 'numpy:log1p'}\n"
    assert from_yaml(to_yaml(est)).featurizer is np.log1p
