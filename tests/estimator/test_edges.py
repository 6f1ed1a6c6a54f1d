"""Small things around scikit-learn that used to go wrong in silence."""

import enum

import numpy as np
import pandas as pd
import pytest
from sklearn import clone, config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from windu import ThresholdSelector, WinduEstimator, load, save
from windu.exceptions import PartError, SchemaError, TargetError, WinduWarning

N = 120
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3))
Y = (X[:, 0] > 0).astype(int)
PLAIN = {"featurizer": None, "transformer": None}


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(enum.StrEnum):
    LOW = "low"
    HIGH = "high"


class Other(enum.Enum):
    LOW = "low"
    HIGH = "high"


@pytest.mark.parametrize("kind", [Level, Word])
@pytest.mark.parametrize("container", [list, lambda y: pd.Series(y, dtype=object)])
def test_members_of_an_enum_are_their_values(kind, container, tmp_path):
    """They equal plain values, which are what is learned, predicted and stored."""
    labels = [kind.HIGH if one else kind.LOW for one in Y]
    est = WinduEstimator("linear").fit(X, container(labels))
    assert (est.predict(X) == np.array([label.value for label in labels])).mean() > 0.9
    again = load(save(est, tmp_path / "enum.windu"))
    assert again.predict(X).tolist() == est.predict(X).tolist()


def test_members_of_another_enum_are_refused():
    """They have no order, and equal nothing else."""
    with pytest.raises(TargetError, match=r"Pass \[label.value for label in y\]"):
        WinduEstimator("linear").fit(X, [Other.HIGH if one else Other.LOW for one in Y])


@pytest.mark.parametrize("model", ["auto", "linear"])
def test_weights_that_are_all_zero_for_a_class(model):
    """The message names the label, not its code."""
    labels = np.where(Y, "yes", "no")
    with pytest.raises(TargetError, match=r"all 0 for \['no'\]"):
        WinduEstimator(model).fit(X, labels, sample_weight=Y * 1.0)


@pytest.mark.parametrize("label", [0, 1])
def test_a_fixed_cut_is_one_of_the_positive_label(label):
    """0.7 for one label is not 0.7 for the other."""
    threshold = ThresholdSelector(thresholds=0.7, pos_label=label)
    est = WinduEstimator(LogisticRegression(), threshold=threshold, **PLAIN).fit(X, Y)
    reached = est.predict_proba(X)[:, label] >= 0.7
    assert 0 < reached.mean() < 1
    np.testing.assert_array_equal(est.predict(X) == label, reached)


@pytest.mark.parametrize(("cut", "when"), [(1.5, "never"), (-0.1, "always")])
def test_a_cut_that_cannot_decide(cut, when):
    """It is warned of, with what it does."""
    with pytest.warns(WinduWarning, match=f"it {when} decides for the label"):
        WinduEstimator("linear", threshold=ThresholdSelector(thresholds=cut)).fit(X, Y)


def test_a_constant_predictor_and_a_threshold():
    """No cut can part its rows."""
    with pytest.warns(WinduWarning, match="a model that gives all rows the same"):
        WinduEstimator("dummy", threshold="f1").fit(X, Y)


def test_allow_nan_is_of_the_whole_chain():
    """The default parts take missing values; a bare model decides itself."""
    assert get_tags(WinduEstimator("linear")).input_tags.allow_nan
    assert not get_tags(WinduEstimator("linear", **PLAIN)).input_tags.allow_nan
    trees = WinduEstimator("hist_gradient_boosting", **PLAIN)
    assert get_tags(trees).input_tags.allow_nan


NEIGHBORS = WinduEstimator(KNeighborsClassifier(), **PLAIN)


@pytest.mark.parametrize(
    "wrapper",
    [
        BaggingClassifier(NEIGHBORS, n_estimators=2),
        CalibratedClassifierCV(NEIGHBORS, cv=2),
        StackingClassifier([("neighbors", NEIGHBORS)], cv=2),
    ],
)
def test_wrappers_ask_whether_the_model_takes_weights(wrapper):
    """They decide by the signature of `fit`."""
    assert wrapper.fit(X, Y).score(X, Y) > 0.7
    targets = np.column_stack([Y, 1 - Y])
    assert MultiOutputClassifier(NEIGHBORS).fit(X, targets).predict(X).shape == (N, 2)


def test_the_signature_follows_the_model():
    """Weights that the model cannot honor are refused all the same."""
    assert has_fit_parameter(WinduEstimator("linear"), "sample_weight")
    assert not has_fit_parameter(NEIGHBORS, "sample_weight")
    with pytest.raises(PartError, match="must take sample_weight"):
        NEIGHBORS.fit(X, Y, sample_weight=np.ones(N))


def test_metadata_through_a_pipeline():
    """A model that takes any parameter hands it on."""
    weight = RNG.random(N)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        linear = LogisticRegression().set_fit_request(sample_weight=True)
        est = WinduEstimator(make_pipeline(scaler, linear), **PLAIN)
        routed = est.fit(X, Y, sample_weight=weight).predict_proba(X)
    plain = make_pipeline(StandardScaler(), LogisticRegression())
    named = WinduEstimator(plain, **PLAIN)
    named.fit(X, Y, logisticregression__sample_weight=weight)
    np.testing.assert_allclose(named.predict_proba(X), routed)
    assert not np.allclose(named.predict_proba(X), named.fit(X, Y).predict_proba(X))


def test_names_of_features_are_unique():
    """Level b_c of column a, and level c of column a_b."""
    table = pd.DataFrame(
        {"a": ["b_c", "d"] * 30, "a_b": ["c", "d", "d"] * 20, "f": np.arange(60.0)}
    )
    names = WinduEstimator(model=None).fit(table).get_feature_names_out()
    assert len(set(names)) == len(names)


@pytest.mark.skipif(
    int(pd.__version__.partition(".")[0]) < 3,
    reason="texts are objects before pandas 3, and hold it",
)
@pytest.mark.parametrize("form", ["frame", "rows", "columns", "name"])
def test_half_of_a_surrogate_pair_is_told(form):
    """JSON may hold it; neither pandas nor Arrow does."""
    half = "x\ud800"
    n = 30
    good = pd.DataFrame({"city": ["Bern", "Oslo", "Rome"] * n, "n": range(3 * n)})
    y = [0, 1, 1] * n
    est = WinduEstimator("decision_tree").fit(good, y)
    rows = good.astype(object).to_dict("records")
    bad = {
        "frame": good.astype(object).replace("Bern", half),
        "rows": [*rows[1:], {**rows[0], "city": half}],
        "columns": {"city": [half, "Oslo", "Rome"] * n, "n": list(range(3 * n))},
        "name": [{**row, half: 1} for row in rows],
    }[form]
    for use in (est.predict, est.validate, lambda X: clone(est).fit(X, y)):
        with pytest.raises(SchemaError, match="surrogate pair"):
            use(bad)
