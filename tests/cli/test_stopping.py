"""How commands end: exit codes, signals, a reader that has seen enough."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.test_cli import MAIN
from windu import Metastore
from windu.cli import main
from windu.cli.exit_codes import code_of
from windu.datasets import load_penguins
from windu.exceptions import (
    ConfigError,
    FeatureError,
    IntegrityError,
    NotStoredError,
    SchemaError,
    StepError,
    TableError,
    TargetError,
    UntrustedTypesError,
)

pytestmark = pytest.mark.slow

SLOW = """
import pathlib, time
def slow(frame):
    pathlib.Path("begun").touch()
    time.sleep(600)
def fail(frame):
    raise ZeroDivisionError("of its own")
"""
CONFIG = """
data: {path: birds.csv, target: species}
estimator: {model: linear, featurizer: {use: "slow_features:slow"}}
name: birds
"""
COMMAND = [sys.executable, "-c", MAIN, "train", "birds.yaml", "--allow"]


@pytest.fixture
def place(tmp_path):
    """A folder with a table, and a configuration that takes ten minutes."""
    load_penguins().frame.to_csv(tmp_path / "birds.csv", index=False)
    (tmp_path / "birds.yaml").write_text(CONFIG)
    (tmp_path / "slow_features.py").write_text(SLOW)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("x"), 3),
        (StepError("x"), 3),
        (SchemaError("x"), 4),
        (TableError("x"), 4),
        (TargetError("x"), 4),
        (IntegrityError("x"), 5),
        (NotStoredError("x"), 5),
        (UntrustedTypesError("x", ["a"]), 5),
        (FeatureError("x"), 6),
    ],
)
def test_codes(error, code):
    """One number a kind of error."""
    assert code_of(error) == code


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signals(place, sent, code):
    """One line, a code of its own, and a store in which nothing is half there."""
    with subprocess.Popen(
        [*COMMAND, "slow_features"], cwd=place, stderr=subprocess.PIPE, text=True
    ) as running:
        while running.poll() is None and not (place / "begun").exists():
            time.sleep(0.05)
        running.send_signal(sent)
        said = running.stderr.read()
    assert running.returncode == code
    assert said == "windu: stopped.\n"
    store = Metastore(place / "metastore")
    assert store.runs().empty
    assert store.verify().empty
    assert store.gc(older_than="0s").empty


def test_unforeseen_errors(windu, place, monkeypatch):
    """One line, unless the traceback is asked for."""
    text = CONFIG.replace(":slow", ":fail")
    (place / "birds.yaml").write_text(text)
    monkeypatch.syspath_prepend(place)
    asked = ["train", "birds.yaml", "--allow", "slow_features"]
    done = windu(*asked, cwd=place)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.count("\n") == 1
    monkeypatch.setenv("WINDU_DEBUG", "1")
    with pytest.raises(ZeroDivisionError, match="of its own"):
        main()


def test_output_that_nobody_reads(place):
    """As with `windu runs | head`: no traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "schema", "config"],
        cwd=place,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(write)
    assert "Traceback" not in done.stderr
