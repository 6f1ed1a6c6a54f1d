"""Commands around pipelines, from training to predictions."""

import json

import pandas as pd
import pytest

from windu import Metastore
from windu.datasets import load_penguins

CONFIG = """\
data: {path: birds.csv, target: species}
split: {test: 0.2, dev: 0.2, seed: 0}
estimator:
  model: linear
  featurizer: {use: "features_of_train:add", version: 1}
  random_state: 0
evaluate: [accuracy, log_loss]
name: birds
"""
FEATURES = """\
from windu import register
@register("featurizer", "add", version=1)
def one(frame):
    return frame.assign(ratio=frame["bill_length_mm"] / frame["bill_depth_mm"])
@register("featurizer", "add", version=2)
def two(frame):
    return frame.assign(ratio=frame["bill_length_mm"] * frame["bill_depth_mm"])
"""
ALLOW = ["--allow", "features_of_train"]
TRUSTED = ["--trusted", "features_of_train.one"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of somebody's own: a table, a configuration, a module."""
    frame = load_penguins().frame
    frame.to_csv(tmp_path / "birds.csv", index=False)
    (tmp_path / "birds.yaml").write_text(CONFIG)
    (tmp_path / "features_of_train.py").write_text(FEATURES)
    return tmp_path


@pytest.mark.slow
def test_five_commands(windu, place):
    """Train, look, export, predict; rows that do not fit are set aside."""
    done = windu("train", "birds.yaml", *ALLOW, cwd=place)
    assert not done.returncode, done.stderr
    assert "Stored as birds@1." in done.stdout
    assert "accuracy" in done.stdout
    again = windu("train", "birds.yaml", *ALLOW, cwd=place)
    assert "cached" in again.stdout
    assert "birds@2" in windu("runs", cwd=place).stdout
    done = windu("export", "birds@1", "-o", "predict.yaml", "--keep", "sex", cwd=place)
    assert not done.returncode, done.stderr
    rows = (place / "birds.csv").read_text().splitlines()
    rows[5] = rows[5].replace(rows[5].split(",")[1], "oops", 1)
    (place / "new.csv").write_text("\n".join(rows))
    asked = ["predict", "predict.yaml", "new.csv", "-o", "out.parquet", *TRUSTED]
    done = windu(*asked, cwd=place)
    assert done.returncode == 4
    assert "'bill_length_mm' must be numeric" in done.stderr
    done = windu(*asked, "--rejects", "bad.csv", "--report", "r.html", cwd=place)
    assert not done.returncode, done.stderr
    assert len(pd.read_parquet(place / "out.parquet")) == 343
    assert pd.read_csv(place / "bad.csv")["row"].tolist() == [4]
    assert "bill_length_mm" in (place / "r.html").read_text()


@pytest.mark.slow
@pytest.mark.filterwarnings("always")
def test_changes_and_comparison(windu, place):
    """A version by --set; several files side by side."""
    change = ["--set", "estimator.featurizer.version=2", "--set", "split.test=50"]
    assert not windu("train", "birds.yaml", *ALLOW, *change, cwd=place).returncode
    text = Metastore(place / "metastore").load_part("birds@1", "config")
    assert "version: 2" in text
    assert "test: 50" in text
    (place / "forest.yaml").write_text(
        CONFIG.replace("linear", "random_forest").replace("birds\n", "forest\n")
    )
    done = windu("train", "birds.yaml", "forest.yaml", *ALLOW, cwd=place)
    assert not done.returncode, done.stderr
    last = done.stdout.rstrip().splitlines()
    assert any("birds@2" in line and "forest@1" in line for line in last)
    assert "shown to 2 different estimators" in done.stderr


@pytest.mark.slow
def test_cache(windu, place):
    """Its sizes, and nothing of it."""
    windu("train", "birds.yaml", *ALLOW, "--quiet", cwd=place)
    assert "fit_model" in windu("cache", cwd=place).stdout
    assert "Removed 6 entries" in windu("cache", "--clear", cwd=place).stdout
    assert "No entries." in windu("cache", cwd=place).stdout


@pytest.mark.slow
def test_part_of_a_pipeline(windu, place):
    """Until a step, and from one on."""
    done = windu("train", "birds.yaml", *ALLOW, "--until", "transform", cwd=place)
    assert "fit_model" not in done.stdout
    assert "Stored" not in done.stdout
    done = windu("train", "birds.yaml", *ALLOW, "--from", "fit_model", cwd=place)
    assert not done.returncode, done.stderr
    assert "Stored as birds@1." in done.stdout


def test_schema(windu, place):
    """A JSON schema."""
    done = windu("schema", "config", cwd=place)
    assert json.loads(done.stdout)["properties"]["data"]


@pytest.mark.parametrize(
    ("code", "arguments", "said"),
    [
        (3, ["train", "birds.yaml"], "pass --allow features_of_train."),
        (3, ["train", "none.yaml"], "must be readable"),
        (3, ["train", "birds.yaml", "--set", "name"], "--set must be key=value"),
        (5, ["export", "none@1"], "must exist"),
        (3, ["train", "birds.yaml", *ALLOW, "--from", "fit"], "start must name one of"),
    ],
)
def test_errors(windu, place, code, arguments, said):
    """One line and the exit code of the kind."""
    done = windu(*arguments, cwd=place)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
