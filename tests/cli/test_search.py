"""`windu search`, as a user types it."""

import pytest

from windu import Metastore
from windu.cli import main
from windu.datasets import load_penguins

CONFIG = """
data: {path: birds.csv, target: species}
split: {test: 0.25, dev: 0.25, seed: 0}
estimator: {task: multiclass, random_state: 0}
search:
  n_trials: 3
  storage: search.db
  space: {model: [linear, {DecisionTreeClassifier: {max_depth: 2}}]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    load_penguins().frame.to_csv("birds.csv", index=False)
    (tmp_path / "birds.yaml").write_text(CONFIG)
    return tmp_path


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["windu", *words])
    with pytest.raises(SystemExit) as raised:
        main()
    return raised.value.code or 0


def test_search(folder, monkeypatch, capsys):
    """It tells the trials, writes the winner, trains it and stores one run."""
    assert run(monkeypatch, "search", "birds.yaml") == 0
    said = capsys.readouterr().out
    assert "Stored as birds@1" in said
    assert "fit_on: train+dev" in (folder / "birds.best.yaml").read_text()
    run_of = Metastore("metastore").load_part("birds@1", "metrics")
    assert run_of["test_evaluations"] == 1
    # The winner trains as any other.
    assert run(monkeypatch, "train", "birds.best.yaml", "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_without_training(folder, monkeypatch, capsys):
    """The YAML alone, elsewhere; and the same line goes on."""
    words = ("search", "birds.yaml", "--no-train", "-o", "won.yaml", "-q")
    assert run(monkeypatch, *words) == 0
    assert run(monkeypatch, *words, "--set", "search.n_trials=4") == 0
    assert capsys.readouterr().out == ""
    assert "LogisticRegression" in (folder / "won.yaml").read_text() or (
        "linear" in (folder / "won.yaml").read_text()
    )
    assert len(Metastore("metastore").runs()) == 0


def test_mistakes(folder, monkeypatch, capsys):
    """One line, with the place, and an exit code of configurations."""
    (folder / "birds.yaml").write_text(CONFIG.replace("n_trials", "n_trils"))
    assert run(monkeypatch, "search", "birds.yaml") == 3
    assert "Did you mean 'n_trials'?" in capsys.readouterr().err
    (folder / "birds.yaml").write_text(CONFIG)
    assert run(monkeypatch, "search", "birds.yaml", "-o", "none/won.yaml", "-q") == 4
