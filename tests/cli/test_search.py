"""`windu search`, as a user types it."""

import pytest

from windu import Metastore, TrainingPipeline, load
from windu.cli.train import search
from windu.datasets import load_penguins
from windu.exceptions import ConfigError, TableError

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
def folder(tmp_path):
    load_penguins().frame.to_csv(tmp_path / "birds.csv", index=False)
    (tmp_path / "birds.yaml").write_text(CONFIG)
    return tmp_path


@pytest.mark.slow
def test_search(windu, folder):
    """It tells the trials, writes the winner, trains it and stores one run."""
    done = windu("search", "birds.yaml", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Stored as birds@1" in done.stdout
    # The best trials, one line each: what was chosen, and nothing that was not asked.
    best = [line for line in done.stdout.splitlines() if line.split()[:1] == ["1"]]
    assert {line.split()[-1] for line in best} == {"linear"}
    won = (folder / "birds.best.yaml").read_text()
    assert "fit_on: train+dev" in won
    # On these rows a line tells the species apart, and two cuts do not.
    assert "model: linear" in won
    found = Metastore(folder / "metastore").load_part("birds@1", "metrics")
    assert found["test_evaluations"] == 1
    # The winner trains as any other.
    done = windu("train", "birds.best.yaml", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
def test_without_training(windu, folder):
    """The YAML alone, elsewhere; and the same line goes on."""
    words = ("search", "birds.yaml", "--no-train", "-o", "won.yaml", "-q")
    for more in ((), ("--set", "search.n_trials=4")):
        done = windu(*words, *more, cwd=folder)
        assert (done.returncode, done.stdout) == (0, "")
    assert "model: linear" in (folder / "won.yaml").read_text()
    assert len(Metastore(folder / "metastore").runs()) == 0


@pytest.mark.slow
def test_mistakes(windu, folder):
    """One line, with the place, and an exit code of configurations."""
    (folder / "birds.yaml").write_text(CONFIG.replace("n_trials", "n_trils"))
    done = windu("search", "birds.yaml", cwd=folder)
    assert done.returncode == 3
    assert "Did you mean 'n_trials'?" in done.stderr
    (folder / "birds.yaml").write_text(CONFIG)
    elsewhere = ("-o", "none/won.yaml", "-q")
    assert windu("search", "birds.yaml", *elsewhere, cwd=folder).returncode == 4


@pytest.mark.slow
def test_winner_is_kept(folder, monkeypatch):
    """What fails after a search does not lose its winner."""
    config = folder / "birds.yaml"
    options = {"quiet": True, "metastore": str(folder / "metastore")}

    def refuse(*_):
        raise ConfigError("no form in YAML")

    monkeypatch.chdir(folder)
    with monkeypatch.context() as patch:
        patch.setattr(TrainingPipeline, "to_yaml", refuse)
        with pytest.raises(ConfigError, match="no form in YAML"):
            search(config, **options)
    assert len(Metastore(folder / "metastore").runs()) == 1
    with monkeypatch.context() as patch:
        patch.setattr(TrainingPipeline, "run", refuse)
        with pytest.raises(ConfigError, match="no form in YAML"):
            search(config, **options)
    X, _ = load_penguins(return_X_y=True)
    assert len(load(folder / "birds.best.windu").predict(X)) == len(X)


def test_place_of_the_winner(folder):
    """A folder that is not there is told before the search."""
    with pytest.raises(TableError, match="no such folder"):
        search(folder / "birds.yaml", output=folder / "none" / "won.yaml", quiet=True)
    assert not (folder / "search.db").exists()
