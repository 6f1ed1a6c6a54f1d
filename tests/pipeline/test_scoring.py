"""Predictions for tables in files: the same as in memory, batch by batch."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator, predict_file
from windu.exceptions import PersistenceError, SchemaError, TableError
from windu.io.batches import read_batches
from windu.pipeline.scoring import predictions

X, Y = make_ugly()
LABELS = pd.DataFrame({"good": Y == "good", "flag": X["flag"]})
TARGETS = {
    "binary": Y,
    "regression": X["visits"] * 1.5,
    "outputs": (X[["visits", "visits"]] * 1.5).set_axis(["a", "b"], axis=1),
    "labels": LABELS,
    "indicators": LABELS.to_numpy().astype(int),
    "lists": [["a"] * int(flag) + ["b"] for flag in X["flag"]],
}


@pytest.fixture(scope="module")
def fitted():
    """An estimator trained on what a CSV gives."""
    return WinduEstimator("linear").fit(X.assign(code="007"), Y)


def written(frame, path):
    """Write a table by the ending of its name."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


def read(path):
    """Read a table by the ending of its name."""
    return (pd.read_parquet if path.suffix == ".parquet" else pd.read_csv)(path)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["new.csv", "new.csv.gz", "new.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.parquet"])
@pytest.mark.parametrize("size", [7, 1000])
def test_batches_give_what_memory_gives(source, target, size, fitted, tmp_path):
    """In the order of the rows, with the columns to keep as they were written."""
    table = X.assign(code="007", ticket=[f"{n:04d}" for n in range(len(X))])
    seen = []
    n_rows = predict_file(
        fitted,
        written(table, tmp_path / source),
        tmp_path / target,
        keep=["ticket", "city"],
        batch_size=size,
        progress=lambda done, rows: seen.append((done, rows)),
    )
    out = read(tmp_path / target)
    assert n_rows == len(X)
    assert list(out) == [
        *("ticket", "city", "prediction"),
        *("probability_bad", "probability_good"),
    ]
    assert out["prediction"].tolist() == fitted.predict(table).tolist()
    np.testing.assert_allclose(
        out[["probability_bad", "probability_good"]],
        fitted.predict_proba(table),
        rtol=1e-12,
    )
    if target.endswith(".parquet"):
        assert out["ticket"].tolist() == table["ticket"].tolist()
    assert out["city"].isna().tolist() == table["city"].isna().tolist()
    assert seen[-1][1] == len(X)
    assert seen == sorted(seen)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([source, target])


def test_texts_of_digits_stay_texts(tmp_path):
    """A code of training that CSV would read as a number."""
    codes = np.where(Y == "good", "007", "070")
    est = WinduEstimator("linear").fit(pd.DataFrame({"code": codes}), Y)
    source = written(pd.DataFrame({"code": codes}), tmp_path / "new.csv")
    predict_file(est, source, tmp_path / "out.csv")
    assert read(tmp_path / "out.csv")["prediction"].tolist() == Y.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_every_task_has_its_columns(name):
    """One a label, output and class."""
    est = WinduEstimator("linear").fit(X, TARGETS[name])
    made = predictions(est, X)
    columns = {
        "binary": ["prediction", "probability_bad", "probability_good"],
        "regression": ["prediction"],
        "outputs": ["prediction_0", "prediction_1"],
        "labels": ["prediction_good", "prediction_flag"],
        "indicators": ["prediction_0", "prediction_1"],
        "lists": ["prediction_a", "prediction_b"],
    }[name]
    if name in ("labels", "indicators", "lists"):
        columns = [*columns, *(f"probability_{one[11:]}" for one in columns)]
    assert list(made) == columns
    assert len(made) == len(X)
    without = predictions(est, X, probabilities=False)
    assert list(without) == [c for c in columns if not c.startswith("prob")]


def test_no_rows(fitted, tmp_path):
    """A table with names alone gives one."""
    for source in ("new.csv", "new.parquet"):
        table = X.assign(code="007").head(0)
        path = written(table, tmp_path / source)
        assert predict_file(fitted, path, tmp_path / "out.csv") == 0
        assert list(read(tmp_path / "out.csv")) == [
            *("prediction", "probability_bad", "probability_good"),
        ]


def test_a_bad_batch_writes_nothing(fitted, tmp_path):
    """The error says where; an earlier result stays."""
    table = X.assign(code="007", visits=X["visits"].astype(object))
    table.loc[100, "visits"] = "many"
    source = written(table, tmp_path / "new.csv")
    target = tmp_path / "out.csv"
    target.write_text("earlier")
    with pytest.raises(SchemaError, match=r"rows from 90 on: .*'visits'") as caught:
        predict_file(fitted, source, target, batch_size=30)
    assert caught.value.report is not None
    assert target.read_text() == "earlier"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("source", "target", "options", "message"),
    [
        ("none.csv", "out.csv", {}, "must exist. Got none"),
        ("folder.csv", "out.csv", {}, "must exist. Got a folder"),
        ("new.csv", "out.txt", {}, "must end in one of"),
        ("new.txt", "out.csv", {}, "must end in one of"),
        ("new.csv", "new.csv", {}, "must go to another file"),
        ("new.csv", "out.csv", {"keep": ["citi"]}, "Did you mean 'city'"),
        ("new.csv", "out.csv", {"keep": ["prediction"]}, "must have other names"),
        ("latin.csv", "out.csv", {}, "must be readable as csv.*UnicodeDecodeError"),
        ("empty.csv", "out.csv", {}, "must be readable as csv.*EmptyDataError"),
        ("ragged.csv", "out.csv", {}, "must be readable as csv.*ParserError"),
        ("text.parquet", "out.csv", {}, "must be readable as parquet"),
        ("text.csv.gz", "out.csv", {}, "must be readable as csv.*BadGzipFile"),
    ],
)
def test_files_that_cannot_be_used(source, target, options, message, fitted, tmp_path):
    """One error that says what to do, and nothing is written."""
    table = X.assign(code="007", prediction=1)
    table.to_csv(tmp_path / "new.csv", index=False)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "latin.csv").write_bytes("city\nMünchen\n".encode("latin-1"))
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    (tmp_path / "text.csv.gz").write_text("a,b\n1,2\n")
    before = {p.name for p in tmp_path.iterdir()}
    with pytest.raises(TableError, match=message):
        predict_file(fitted, tmp_path / source, tmp_path / target, **options)
    assert {p.name for p in tmp_path.iterdir()} == before


def test_what_has_no_model(tmp_path):
    """A partial pipeline gives its features."""
    est = WinduEstimator(None).fit(X)
    source = written(X, tmp_path / "new.parquet")
    predict_file(est, source, tmp_path / "out.parquet", keep=["city"], batch_size=50)
    made = read(tmp_path / "out.parquet")
    assert list(made) == ["city", *est.get_feature_names_out()]
    np.testing.assert_array_equal(made.drop(columns="city"), est.transform(X))


def test_a_full_disk(fitted, tmp_path, monkeypatch):
    """One line, and the earlier result stays."""
    source = written(X.assign(code="007"), tmp_path / "new.csv")
    target = tmp_path / "out.csv"
    target.write_text("earlier")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(PersistenceError, match="No space left"):
        predict_file(fitted, source, target)
    assert target.read_text() == "earlier"


LARGE = """
import resource, sys
from windu import WinduEstimator, predict_file
import pandas as pd
train = pd.read_csv(sys.argv[1], nrows=500)
est = WinduEstimator("linear").fit(train.drop(columns="y"), train["y"])
predict_file(est, sys.argv[1], sys.argv[2], batch_size=1000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
predict_file(est, sys.argv[3], sys.argv[2], batch_size=1000)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path):
    """A hundred times the rows take the memory of one batch."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(1000, 20))).add_prefix("x")
    frame["y"] = np.where(frame["x0"] > 0, "yes", "no")
    frame.to_csv(tmp_path / "small.csv", index=False)
    pd.concat([frame] * 100).to_csv(tmp_path / "large.csv", index=False)
    arguments = ["small.csv", "out.parquet", "large.csv"]
    done = subprocess.run(
        [sys.executable, "-c", LARGE, *(str(tmp_path / name) for name in arguments)],
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    size = (tmp_path / "large.csv").stat().st_size / 2**20
    assert size > 35
    assert float(done.stdout) < size / 2


def test_first_rows_are_counted(tmp_path):
    """Each batch says where it starts."""
    path = written(X, tmp_path / "new.csv")
    batches = list(read_batches(path, 100))
    assert [batch.first for batch in batches] == [0, 100, 200]
    assert batches[-1].done == 1.0
