"""A table in a file, and a module of a user's own."""

import importlib
import sys

import pytest

from windu.datasets import load_penguins


@pytest.fixture
def table(tmp_path):
    """A file with the target in a column."""
    path = tmp_path / "birds.csv"
    load_penguins().frame.to_csv(path, index=False)
    return path


FEATURES = """
from windu import register

@register("featurizer", "add", version=1)
def add_ratio(frame):
    return frame.assign(ratio=frame["bill_length_mm"] / frame["bill_depth_mm"])

@register("featurizer", "add", version=2)
def add_product(frame):
    return frame.assign(ratio=frame["bill_length_mm"] * frame["bill_depth_mm"])

def swap(frame):
    return frame.assign(ratio=frame["bill_depth_mm"] / frame["bill_length_mm"])

def only_2007(table):
    return table[table["year"] == 2007]

def read():
    from windu.datasets import load_penguins
    return load_penguins().frame
"""


@pytest.fixture
def features(tmp_path, monkeypatch):
    """The module ``own_features``, which a configuration may allow."""
    (tmp_path / "own_features.py").write_text(FEATURES)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("own_features", None)
    yield importlib.import_module("own_features")
    sys.modules.pop("own_features", None)
