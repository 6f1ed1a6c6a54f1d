"""Pages about runs: every task, runs with little in them, hostile texts."""

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from windu import Metastore, Report, TrainingPipeline, WinduEstimator, report, save
from windu.exceptions import NotStoredError

N = 300
RNG = np.random.default_rng(0)
HOSTILE = "<script>alert(1)</script>"
X = pd.DataFrame(
    {
        HOSTILE: RNG.normal(size=N),
        "$\\frac{": RNG.normal(size=N),
        "q" * 400: RNG.choice(["<img src=x onerror=alert(2)>", "b"], N),
    }
)
NOISY = X[HOSTILE] + RNG.normal(size=N) / 2
LABELS = pd.DataFrame({"_up": NOISY > 0, "$big": NOISY.abs() > 1})
TARGETS = {
    "binary": np.where(NOISY > 0, "</style><script>", "_$\\no"),
    "multiclass": [f"{HOSTILE}{i % 32}" for i in range(N)],
    "regression": NOISY + 0,
}


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def sections(made):
    """Return the titles of the sections, of a page that neither runs nor fetches."""
    found = Tags(made.html)
    assert not {"script", "img", "link", "iframe", "object"} & found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert "://" not in made.html
    assert "not of the form" not in made.html
    return re.findall("<h2>(.*?)</h2>", made.html)


def trained(store, y, threshold=None, **settings):
    """Return the page about a run of a pipeline."""
    y = y if isinstance(y, pd.DataFrame) else pd.DataFrame({"<t>": y})
    target = list(y) if y.shape[1] > 1 else "<t>"
    pipe = TrainingPipeline(
        settings.pop("estimator", None)
        or WinduEstimator("linear", threshold=threshold),
        data=pd.concat([X, y], axis="columns"),
        target=target,
        split={"test": 0.3},
        metastore=store,
        name="run",
        **settings,
    )
    result = pipe.run()
    return result, report(result.run.reference, store)


@pytest.fixture
def store(tmp_path):
    """An empty metastore."""
    return Metastore(tmp_path / "store")


ALWAYS = ["Summary", "Scores", "Alarms", "Data"]
LAST = ["Importance", "Schema", "How to load"]
OF_CLASSES = ["Classes", "Confusion matrix", "Calibration"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("y", "threshold", "expected"),
    [
        (TARGETS["binary"], "f1", [*OF_CLASSES, "Thresholds"]),
        (TARGETS["multiclass"], None, OF_CLASSES),
        (LABELS, "f1", ["Classes", "Calibration", "Thresholds"]),
        (TARGETS["regression"], None, ["Residuals"]),
        (pd.DataFrame({"a<b": NOISY, "c": -NOISY}), None, ["Residuals"]),
    ],
    ids=["binary", "multiclass", "multilabel", "regression", "outputs"],
)
def test_every_task(store, y, threshold, expected):
    """All that there is, escaped, with pictures."""
    result, made = trained(store, y, threshold)
    assert sections(made) == [*ALWAYS, *expected, *LAST]
    assert "<svg" in made.html
    assert result.stats["rows"] == {"train": 210, "test": 90}
    kept = store.load_part(result.run.reference, "stats")
    assert kept["rows"] == result.stats["rows"]
    assert store.load_part(result.run.reference, "metrics") == result.metrics


@pytest.mark.slow
def test_what_is_not_there(store, tmp_path):
    """Runs without an evaluation, a model, or anything say so."""
    y = TARGETS["binary"]
    _, made = trained(store, y, estimator=WinduEstimator(None))
    assert "No model" in made.html
    assert sections(made) == [*ALWAYS, "Schema", "Not in this run", "How to load"]
    _, made = trained(store, y, evaluate={"importance": False})
    assert "No importance" in made.html
    est = WinduEstimator("linear", threshold="f1").fit(X, y)
    made = report(save(est, tmp_path / "est.windu"))
    assert "No evaluation" in made.html
    assert "Thresholds" in sections(made)
    made = report(save(LogisticRegression().fit([[0], [1]], [0, 1]), tmp_path / "a"))
    assert sections(made) == ["Summary", "Scores", "Not in this run", "How to load"]


def test_alarms(store):
    """They are warnings, in the result, and on the page."""
    y = TARGETS["binary"]
    leaking = pd.DataFrame({"<t>": y})
    pipe = TrainingPipeline(
        WinduEstimator("linear"),
        data=X.assign(**{HOSTILE: (leaking["<t>"] == y[0]) * 1.0, "<t>": y}),
        target="<t>",
        metastore=store,
        name="run",
    )
    with pytest.warns(UserWarning, match="alone gives the target"):
        result = pipe.run()
    assert result.stats["alarms"][0]["columns"] == [HOSTILE]
    assert pipe.describe() == result.stats
    made = report("run", store)
    assert "alone gives the target" in made.html
    sections(made)


def test_metrics_of_another_form(store):
    """What somebody saved with a run is shown where it can be."""
    est = WinduEstimator("linear").fit(X, TARGETS["binary"])
    odd = {"test": {"classes": 3, "residuals": [1]}, "importance": [1], "auc": 0.25}
    store.save(est, "run", metrics=odd)
    made = report("run", store)
    assert made.html.count("not of the form that windu writes") == 3
    assert "0.25" in made.html


def test_files(store, tmp_path):
    """A page is a file, a frame of a notebook, and short in a console."""
    made = Report("a<b", "<p>x</p>")
    assert made.save(tmp_path / "r.html").read_text() == "<p>x</p>"
    assert "&lt;p&gt;" in made._repr_html_()
    assert "sandbox" in made._repr_html_()
    assert repr(made) == "Report('a<b', 8 characters)"
    with pytest.raises(NotStoredError, match="none"):
        report("none", store)


def test_without_matplotlib(tmp_path, monkeypatch):
    """The page has everything but the pictures, and says what to install."""
    pipe = TrainingPipeline(
        WinduEstimator("linear", random_state=0),
        data=X.assign(target=TARGETS["binary"]),
        target="target",
        split={"test": 0.3},
        metastore=tmp_path / "store",
        name="plain",
    )
    run = pipe.run().run
    whole = report(run.reference, tmp_path / "store").html
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = report(run.reference, tmp_path / "store").html
    assert "<figure>" in whole
    assert "<figure>" not in page
    assert "windu[plot]" in page
    titles = re.compile("<h2[^>]*>([^<]*)</h2>").findall
    assert set(titles(whole)) == set(titles(page)) - {"Pictures"}
