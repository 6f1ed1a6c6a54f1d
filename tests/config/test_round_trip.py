"""Code, YAML and code again say the same thing, to the types."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectKBest, chi2
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators

from windu import ThresholdSelector, WinduEstimator
from windu._compat.sklearn import check_parameter
from windu.components import BoostedBlendClassifier, LogEncoder, TextEncoder
from windu.config import from_yaml, to_yaml
from windu.config.classes import REQUIRED, parameters_of, refusal
from windu.config.reading import Reader
from windu.config.writing import _write
from windu.config.yaml_text import emit, read_yaml
from windu.datasets import load_nhefs, load_penguins
from windu.tasks import TASKS


def alone(kind):
    """Return the classes of scikit-learn of a kind that need no argument."""
    return [
        cls
        for _, cls in all_estimators(type_filter=kind)
        if not any(d is REQUIRED for d in parameters_of(cls).values())
    ]


# Without their estimator they have no predict or no type. The constructors of the
# chains take None up to scikit-learn 1.8.
NEEDY = ("ClassifierChain", "RegressorChain", "SelfTrainingClassifier")
CLASSIFIERS = [cls for cls in alone("classifier") if cls.__name__ not in NEEDY]
REGRESSORS = [cls for cls in alone("regressor") if cls.__name__ not in NEEDY]
# Some can only transform what they were fitted on, and are no part.
TRANSFORMERS = [cls for cls in alone("transformer") if hasattr(cls, "transform")]


def plain(value):
    """Return parameters as what `==` compares to the types, independent of windu."""
    if hasattr(value, "get_params") and not isinstance(value, type):
        items = value.get_params(deep=False).items()
        return type(value), [(key, plain(item)) for key, item in sorted(items)]
    if isinstance(value, (list, tuple)):
        return type(value), [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, value))
    if isinstance(value, dict):
        return dict, [(plain(key), plain(item)) for key, item in value.items()]
    if isinstance(value, (np.ndarray, np.generic)):
        # YAML has numbers and lists of them.
        return plain(value.tolist())
    if isinstance(value, float):
        return type(value), repr(value)
    if type(value).__module__ == "sklearn.model_selection._split":
        return type(value), plain(vars(value))
    if isinstance(value, make_column_selector):
        return type(value), plain(vars(value))
    return type(value), value


def check_triangle(est):
    """Raise unless an estimator, its text and what is read say the same."""
    text = to_yaml(est)
    again = from_yaml(text)
    assert plain(again) == plain(est)
    assert to_yaml(again) == text
    assert text.startswith("estimator:")
    return text


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(st.characters(), max_size=12),
    st.sampled_from(["NO", "12:30", "1e-3", "use", "tuple", "SVC", "~", "- a", "a: b"]),
)
keys = st.one_of(
    st.none(),
    st.integers(-9, 9),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(max_size=8).filter(lambda key: key != "trusted"),
    st.sampled_from(["use", "tuple", "numpy", "dict", "SVC", "random_forest", "dtype"]),
)
dtypes = st.sampled_from(["bool", "int8", "uint16", "int64", "float32", "float64"])
arrays = st.builds(
    lambda values, dtype, shape: np.array(values).reshape(shape).astype(dtype),
    st.lists(st.integers(0, 100), min_size=6, max_size=6),
    dtypes,
    st.sampled_from([(6,), (2, 3), (1, 6), (6, 1, 1)]),
)
leaves = st.one_of(
    scalars,
    arrays,
    arrays.map(lambda array: array.ravel()[0]),
    st.sampled_from([np.float32, float, object, np.log1p, np.mean, chi2, pd.NA]),
    st.sets(st.integers(0, 9) | st.text(max_size=3)),
    st.builds(
        np.array,
        st.lists(
            st.text(st.characters(codec="ascii"), min_size=1).filter(
                lambda text: "\0" not in text
            ),
            min_size=1,
            max_size=3,
        ),
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.builds(
            FunctionTransformer, kw_args=st.dictionaries(keys, inner, max_size=3)
        ),
    ),
    max_leaves=12,
)

#: What parameters of scikit-learn's classes accept some of.
POOL = [
    *(None, True, False, 0, 1, 2, 7, -1, 0.0, 0.25, 0.5, 1e-05, 1.0, 2.5, 1e300),
    *(float("nan"), math.inf, np.float64(0.125), np.int64(3), np.float32, np.nan),
    *("auto", "balanced", "mean", "median", "linear", "f1", "uniform", "l2", "sqrt"),
    *(
        (1, 2),
        (0.25, 0.75),
        (5, 5),
        [1, 2],
        ["a", "NO"],
        [0.5, 0.125],
        {"a": 1},
        {1: 2.0},
    ),
    *(
        {1, 2},
        [{0, 1}, {2}],
        {False: 1, True: 9.5},
        np.array([1.0, 2.0]),
        [[1, 2], [3]],
    ),
    *(Ridge(alpha=2.0), LogisticRegression(), StratifiedKFold(3, shuffle=True)),
    *(RBF(2.0) + WhiteKernel(), np.mean, np.log1p, pd.NA),
]


def accepted(cls):
    """Return what of the pool each parameter of a class accepts."""
    return {
        name: options
        for name in parameters_of(cls)
        if (
            options := [
                value
                for value in POOL
                if not check_parameter(cls, name, value)
                # A list is read, which not every parameter takes for an array.
                and not (
                    isinstance(value, np.ndarray)
                    and (name == "input" or check_parameter(cls, name, value.tolist()))
                )
                and not refusal(cls, name, value)
            ]
        )
    }


ACCEPTED = {}


@st.composite
def parts_of(draw, classes):
    """Draw an object of one of these classes with some parameters."""
    cls = draw(st.sampled_from(classes))
    if cls not in ACCEPTED:
        ACCEPTED[cls] = accepted(cls)
    options = ACCEPTED[cls]
    names = draw(
        st.lists(st.sampled_from(sorted(options)), unique=True, max_size=4)
        if options
        else st.just([])
    )
    made = {name: draw(st.sampled_from(options[name])) for name in names}
    return cls(**made)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(
    lambda name: "__" not in name and name != "trusted"
)


def items(parts, **sizes):
    """Draw a list of names and parts."""
    pairs = st.tuples(names, parts)
    return st.lists(pairs, unique_by=lambda pair: pair[0], min_size=1, max_size=3)


columns = st.one_of(
    st.text(min_size=1, max_size=5),
    st.lists(st.text(max_size=5) | st.integers(0, 5), max_size=3),
    st.just(make_column_selector(dtype_include=np.number, pattern="^a")),
)
simple = parts_of(TRANSFORMERS)
steps = simple | st.sampled_from(["passthrough"])
composed = st.one_of(
    simple,
    st.builds(Pipeline, items(steps)),
    st.builds(FeatureUnion, items(simple | st.just("drop"))),
    st.builds(
        lambda given, remainder: ColumnTransformer(
            [(name, part, cols) for (name, part), cols in given], remainder=remainder
        ),
        st.lists(
            st.tuples(st.tuples(names, steps), columns),
            unique_by=lambda row: row[0][0],
            max_size=3,
        ),
        st.sampled_from(["drop", "passthrough"]) | simple,
    ),
)
classifiers = parts_of(CLASSIFIERS)
models = st.one_of(
    st.sampled_from(["auto", "linear", "random_forest", "SVC", None]),
    classifiers,
    parts_of(REGRESSORS),
    st.builds(BaggingClassifier, classifiers),
    st.builds(VotingClassifier, items(classifiers)),
    st.builds(StackingClassifier, items(classifiers), final_estimator=classifiers),
    st.builds(BoostedBlendClassifier, max_iter=st.integers(1, 9)),
    st.builds(GridSearchCV, classifiers, st.just({"a__b": [1, Ridge(), "SVC"]})),
)
thresholds = st.one_of(
    st.none(),
    st.floats(0, 1),
    st.lists(st.floats(0, 1), min_size=1, max_size=3),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.just(np.array([0.25, 0.5])),
    st.sampled_from(["f1", "balanced_accuracy", "specificity", "auto"]),
    st.builds(
        ThresholdSelector,
        st.sampled_from(["f1", "precision", "quadratic_kappa", None]),
        cost_matrix=st.none()
        | st.just([[0, 1], [5.5, 0]])
        | leaves.filter(
            lambda value: (
                isinstance(value, (np.ndarray, pd.DataFrame)) and value.ndim == 2
            )
        ),
        constraint=st.none() | st.just({"precision": 0.9}) | st.just(("recall", 0.5)),
        pos_label=scalars,
        cv=st.sampled_from([3, 0.25, "prefit", StratifiedKFold(3, shuffle=True)]),
    ),
)
estimators = st.builds(
    WinduEstimator,
    models,
    task=st.sampled_from(["auto", *TASKS]),
    featurizer=st.sampled_from(["auto", None, "SimpleImputer", np.log1p]) | composed,
    transformer=st.sampled_from(["auto", None, "StandardScaler", np.log1p]) | composed,
    label_encoder=st.sampled_from(["auto", None, "log1p", LogEncoder(clip=True)]),
    threshold=thresholds,
    schema=st.sampled_from(["infer", None, {"extra": "warn"}, {"null": "raise"}]),
    random_state=st.none() | st.integers(0, 2**32 - 1),
    n_jobs=st.sampled_from([None, 1, -1]),
    verbose=st.sampled_from([False, True, 0, 2]),
)
settled = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")
@settled
@given(estimators)
def test_triangle(est):
    """Parts of every kind, nested, with parameters that their classes accept."""
    check_triangle(est)


@pytest.mark.slow
@settled
@given(values)
def test_values(value):
    """Whatever a parameter can hold."""
    part = FunctionTransformer(kw_args={"value": value})
    check_triangle(WinduEstimator(transformer=part))


# Deprecated classes can be named as long as scikit-learn has them.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Class .* is deprecated:FutureWarning")
@pytest.mark.parametrize("name", sorted(dict(all_estimators())))
def test_every_class(name):
    """Each class of scikit-learn has a form, with what it needs, in every parameter."""
    cls = dict(all_estimators())[name]
    if name == "FrozenEstimator":
        return
    needs = {
        "ClassifierChain": (LogisticRegression(),),
        "ColumnTransformer": ([("a", StandardScaler(), ["x"])],),
        "GridSearchCV": (Ridge(), {"alpha": [1, 2]}),
        "RandomizedSearchCV": (Ridge(), {"alpha": [1, 2]}),
        "HalvingGridSearchCV": (Ridge(), {"alpha": [1, 2]}),
        "HalvingRandomSearchCV": (Ridge(), {"alpha": [1, 2]}),
        "SparseCoder": (np.eye(2),),
    }
    lists = ("steps", "transformer_list", "estimators")
    required = [n for n, d in parameters_of(cls).items() if d is REQUIRED]
    if required and required[0] in lists:
        args = ([("a", LogisticRegression())],)
    else:
        args = needs.get(name, (LogisticRegression(C=2.0),)) if required else ()
    check_value(cls(*args))
    for parameter, options in accepted(cls).items():
        if parameter not in required:
            for value in options:
                check_value(cls(*args, **{parameter: value}))


def check_value(part):
    """Raise unless an object stands for itself as a value of any parameter."""
    data = _write(part, ())
    reader = Reader(read_yaml(emit({"a": {"b": data}})), frozenset(), None)
    again = reader.value(reader.document.data["a"]["b"], ("a", "b"))()
    assert plain(again) == plain(part)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("est", "load"),
    [
        (WinduEstimator("linear", threshold="f1", random_state=0), load_nhefs),
        (
            WinduEstimator(
                RandomForestClassifier(20, class_weight="balanced"),
                featurizer=None,
                transformer=ColumnTransformer(
                    [
                        (
                            "numbers",
                            Pipeline([("a", SimpleImputer()), ("b", StandardScaler())]),
                            make_column_selector(dtype_include=np.number),
                        ),
                        (
                            "others",
                            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                            make_column_selector(dtype_exclude=np.number),
                        ),
                    ]
                ),
                random_state=3,
            ),
            load_penguins,
        ),
        (
            WinduEstimator(
                Pipeline(
                    [
                        ("a", SelectKBest(k=4)),
                        ("b", RFE(LogisticRegression(max_iter=500), step=2)),
                    ]
                ),
                task="multiclass",
                schema={"extra": "warn"},
            ),
            load_penguins,
        ),
    ],
    ids=["name", "columns", "chain"],
)
def test_predictions(est, load):
    """What is read learns and predicts the same."""
    X, y = load(return_X_y=True)
    again = from_yaml(to_yaml(est))
    first, second = (e.fit(X, y).predict_proba(X) for e in (est, again))
    np.testing.assert_array_equal(first, second)
    # What was learned is not in the text.
    assert to_yaml(est) == to_yaml(again)


def test_text_encoder_and_schema():
    """Components of windu stand by their names as those of scikit-learn."""
    est = WinduEstimator(
        transformer=TextEncoder(5), label_encoder=LogEncoder(scale=2.0)
    )
    assert check_triangle(est) == (
        "estimator:\n"
        "  transformer:\n"
        "    TextEncoder: {n_components: 5}\n"
        "  label_encoder:\n"
        "    LogEncoder: {scale: 2.0}\n"
    )
