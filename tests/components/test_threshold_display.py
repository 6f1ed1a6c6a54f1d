"""`ThresholdCurveDisplay`: what is drawn is what was chosen."""

import sys

import matplotlib as mpl
import numpy as np
import pytest

from windu import ThresholdCurveDisplay, ThresholdSelector, WinduEstimator
from windu.datasets import load_nhefs, load_penguins
from windu.exceptions import PartError

mpl.use("agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def nhefs():
    X, y = load_nhefs(return_X_y=True)
    return X, y, WinduEstimator("linear", threshold="f1", random_state=0).fit(X, y)


def test_the_curve_of_the_selection(nhefs):
    _, _, est = nhefs
    display = ThresholdCurveDisplay.from_estimator(est, name="linear", color="red")
    curve = est.threshold_.curve_
    (line,) = display.line_
    assert (line.get_xdata() == curve["threshold"]).all()
    assert (line.get_ydata() == curve["score"]).all()
    assert line.get_color() == "red"
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["linear", "plain decision"]
    assert display.ax_.get_ylabel() == "f1"
    point = display.ax_.lines[1]
    assert point.get_xdata()[0] == est.threshold_.thresholds_[0]
    assert point.get_ydata()[0] == pytest.approx(est.threshold_.score_)


def test_the_curve_of_other_rows(nhefs):
    X, y, est = nhefs
    display = ThresholdCurveDisplay.from_estimator(est, X[:300], y[:300])
    same = ThresholdSelector("f1", thresholds=est.threshold_.thresholds_)
    same.fit(est.predict_proba(X[:300]), y[:300])
    assert display.score == same.score_
    assert display.ax_.lines[0].get_ydata().max() >= same.score_
    assert (est.threshold_.thresholds_ == display.thresholds).all()


def test_a_given_axis_and_several_classes():
    X, y = load_penguins(return_X_y=True)
    est = WinduEstimator("linear", threshold="f1").fit(X, y)
    _, ax = plt.subplots()
    display = ThresholdCurveDisplay.from_estimator(est, ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert len(display.line_) == 3
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "weight"


def test_from_predictions_and_from_a_selector():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    scores = np.clip(0.3 * y + 0.7 * rng.random(200), 0, 1)
    first = ThresholdCurveDisplay.from_predictions(y, scores, scoring="f1")
    selector = ThresholdSelector("f1").fit(scores, y)
    second = ThresholdCurveDisplay.from_estimator(selector)
    third = ThresholdCurveDisplay.from_estimator(selector, scores, y)
    assert first.score == second.score == third.score == selector.score_


def test_what_cannot_be_drawn(nhefs, monkeypatch):
    X, y, est = nhefs
    with pytest.raises(PartError, match="threshold=None"):
        ThresholdCurveDisplay.from_estimator(est.replace(threshold=None))
    with pytest.raises(PartError, match="fixed, not chosen"):
        ThresholdCurveDisplay.from_estimator(est.replace(threshold=0.3))
    fixed = est.replace(threshold=0.3)
    assert ThresholdCurveDisplay.from_estimator(fixed, X, y).thresholds == [0.3]
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"windu\[plot\]"):
        ThresholdCurveDisplay.from_estimator(est)
