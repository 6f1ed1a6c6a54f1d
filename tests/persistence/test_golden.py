"""Runs that were saved with other versions load for good."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import sklearn

from windu import inspect, load, load_part
from windu.datasets import load_penguins
from windu.exceptions import WinduWarning
from windu.persistence.format.manifest import changed

FOLDER = Path(__file__).parents[1] / "golden"
GOLDEN = sorted(FOLDER.glob("format_*"))
X, Y = load_penguins(return_X_y=True)


def quietly(path):
    """Load without the message about versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WinduWarning)
        return load(path)


def test_they_are_there():
    """One of each model, from two versions of scikit-learn, in file and folder."""
    versions = {inspect(path).manifest["versions"]["scikit-learn"] for path in GOLDEN}
    assert {"1.8.0", "1.9.1"} <= versions
    assert {path.suffix for path in GOLDEN} == {"", ".windu"}
    assert len(GOLDEN) == 6


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_it_loads(path):
    """With one message where versions differ, and none where they do not."""
    differs = changed(inspect(path).manifest["versions"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        est = load(path)
    said = [str(w.message) for w in caught if issubclass(w.category, WinduWarning)]
    assert len(said) == bool(differs)
    assert len(caught) == len(said)
    if "scikit-learn" in differs:
        assert f"scikit-learn {sklearn.__version__} (was" in said[0]
    table = X.drop(columns="body_mass_g") if est.task_ == "regression" else X
    assert len(est.predict(table)) == len(X)
    for part in ("model", "transformer", "example", "schema", "expected", "stats"):
        assert load_part(path, part) is not None


@pytest.mark.parametrize("kind", ["linear", "auto"])
def test_both_versions_made_the_same(kind):
    """The same code and table: the same predictions (forests draw other samples)."""
    one, other = (
        quietly(path) for path in GOLDEN if path.name.startswith(f"format_1_{kind}")
    )
    if one.task_ == "regression":
        table = X.drop(columns="body_mass_g")
        np.testing.assert_allclose(one.predict(table), other.predict(table), rtol=1e-9)
    else:
        np.testing.assert_allclose(
            one.predict_proba(X), other.predict_proba(X), atol=1e-9
        )
        assert (one.predict(X) == Y).mean() > 0.9
