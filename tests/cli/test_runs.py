"""Commands on stored runs: what they print, write and refuse."""

import os
import sys

import pandas as pd
import pytest

from tests.conftest import make_ugly
from windu import Metastore, WinduEstimator, save

X, Y = make_ugly()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a metastore, a file, and a table."""
    folder = tmp_path_factory.mktemp("place")
    est = WinduEstimator("linear").fit(X, Y)
    store = Metastore(folder / "metastore")
    store.save(est, "risk", metrics={"f1": 0.5}, alias="production")
    store.save(est.replace(threshold=0.3), "risk", metrics={"f1": 0.75})
    save(est, folder / "risk.windu")
    save(est, folder / "plain")
    X.to_csv(folder / "new.csv", index=False)
    return folder


@pytest.mark.slow
def test_runs(windu, place):
    """The newest first, filtered, sorted, as CSV."""
    done = windu("runs", cwd=place)
    assert not done.returncode, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split()[0] == "risk@2"
    assert lines[2].split()[0] == "risk@1"
    assert "production" in lines[2]
    done = windu("runs", "risk", "--where", "`metrics.f1` > 0.6", "--csv", cwd=place)
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == [
        "reference",
        "risk@2",
    ]
    done = windu("runs", "--sort-by", "metrics.f1", "--ascending", cwd=place)
    assert done.stdout.splitlines()[1].split()[0] == "risk@1"


def test_the_metastore_of_a_command(windu, place, tmp_path, monkeypatch):
    """The option, then the environment, then ./metastore."""
    done = windu("runs", cwd=tmp_path)
    assert done.returncode == 5
    assert "The metastore './metastore' must exist" in done.stderr
    done = windu("runs", "--metastore", str(place / "metastore"), cwd=tmp_path)
    assert "risk@2" in done.stdout
    monkeypatch.setenv("WINDU_METASTORE", str(place / "metastore"))
    assert "risk@2" in windu("runs", cwd=tmp_path).stdout


@pytest.mark.parametrize("run", ["risk@production", "risk", "risk.windu", "plain"])
def test_show_and_inspect(windu, run, place):
    """Artifacts and columns of a stored run, a file, a folder."""
    done = windu("show", run, cwd=place)
    assert not done.returncode, done.stderr
    for said in ("model.skops", "visits", "Types to trust: none", "not signed"):
        assert said in done.stdout
    card = windu("show", run, "--card", cwd=place)
    assert card.stdout.lstrip().startswith("# Model card")
    if run in ("risk.windu", "plain"):
        assert windu("inspect", run, cwd=place).stdout == done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("run", ["risk@production", "risk.windu", "plain"])
def test_predict(windu, run, place, tmp_path):
    """The same as in Python, with the columns to keep."""
    out = tmp_path / "out.parquet"
    arguments = ["--keep", "uid", "--keep", "city", "--batch-size", "50"]
    done = windu("predict", run, "new.csv", "-o", str(out), *arguments, cwd=place)
    assert not done.returncode, done.stderr
    assert done.stdout == f"Wrote {len(X)} rows to {out}.\n"
    assert not done.stderr
    scored = pd.read_parquet(out)
    est = Metastore(place / "metastore").load("risk@1")
    assert scored["prediction"].tolist() == est.predict(X).tolist()
    assert list(scored)[:2] == ["uid", "city"]
    assert "probability_good" in scored
    quiet = ["--quiet", "--no-probabilities"]
    done = windu("predict", run, "new.csv", "-o", str(out), *quiet, cwd=place)
    assert not done.stdout
    assert list(pd.read_parquet(out)) == ["prediction"]


def test_validate(windu, place, tmp_path):
    """All differences; 4 where predict would refuse."""
    done = windu("validate", "risk", "new.csv", cwd=place)
    assert not done.returncode
    page = tmp_path / "report.html"
    X.drop(columns="city").assign(visits="many", more=1).to_csv(
        tmp_path / "bad.csv", index=False
    )
    bad = [str(tmp_path / "bad.csv"), "--html", str(page)]
    done = windu("validate", "risk", *bad, cwd=place)
    assert done.returncode == 4
    for said in ("city", "visits", "more"):
        assert said in done.stdout
    assert "city" in page.read_text()


def test_functions_are_trusted_by_name(windu, tmp_path, monkeypatch):
    """As an option; nothing in the run can say so."""
    (tmp_path / "own_features.py").write_text(
        "def add_ratio(X):\n    return X.assign(r=X['amount'] / (1 + X['visits']))\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.syspath_prepend(tmp_path)
    from own_features import add_ratio

    est = WinduEstimator("linear", featurizer=add_ratio).fit(X, Y)
    save(est, tmp_path / "est.windu")
    X.to_csv(tmp_path / "new.csv", index=False)
    command = ["predict", "est.windu", "new.csv", "-o", "out.csv"]
    done = windu(*command, cwd=tmp_path)
    assert done.returncode == 5
    assert "own_features.add_ratio" in done.stderr
    done = windu(*command, "--trusted", "own_features.add_ratio", cwd=tmp_path)
    assert not done.returncode, done.stderr
    scored = pd.read_csv(tmp_path / "out.csv")
    assert scored["prediction"].tolist() == est.predict(X).tolist()


@pytest.mark.parametrize(
    ("code", "arguments", "message"),
    [
        (5, ["show", "risk@prodction"], "Did you mean 'production'"),
        (5, ["show", "rsik"], "Did you mean 'risk'"),
        (5, ["show", "risk@7"], "has the versions [1, 2]. Got 7"),
        (5, ["show", "none.windu"], "must exist. Got none"),
        (5, ["inspect", "new.csv"], "byte for byte"),
        (4, ["predict", "risk", "none.csv", "-o", "out.csv"], "must exist. Got none"),
        (4, ["predict", "risk", "new.csv", "-o", "out.xls"], "must end in one of"),
        (5, ["runs", "--sort-by", "f1"], "sort_by must be one of the columns"),
        (5, ["runs", "--where", "f1 >"], "where must be a condition"),
    ],
)
def test_mistakes_are_one_line(windu, code, arguments, message, place):
    """An exit code of the kind, no traceback, nothing written."""
    done = windu(*arguments, cwd=place)
    assert done.returncode == code
    assert done.stderr.startswith("windu: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(place.glob("out*"))


def test_store_sync(windu, place, tmp_path):
    """Whole runs go to a mirror; what is damaged there needs every byte read."""
    backup = tmp_path / "backup"
    command = ("store", "sync", "--mirror", str(backup))
    done = windu(*command, cwd=place)
    assert not done.returncode, done.stderr
    assert "copied" in done.stdout
    assert Metastore(backup).load("risk@1").predict(X[:3]).shape == (3,)
    assert "All targets are alike." in windu(*command, cwd=place).stdout
    model = next(backup.glob("runs/*/model.skops"))
    good = model.read_bytes()
    model.write_bytes(good[:-1] + b"x")
    assert "alike" in windu(*command, cwd=place).stdout
    assert "mended" in windu(*command, "--deep", cwd=place).stdout
    assert model.read_bytes() == good
    done = windu("store", "sync", "--mirror", str(place / "new.csv"), cwd=place)
    assert (done.returncode, "unreachable" in done.stdout) == (5, True)
