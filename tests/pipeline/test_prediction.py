"""Prediction pipelines: from a run, from YAML; rows set aside."""

import numpy as np
import pandas as pd
import pytest

from windu import PredictionPipeline, TrainingPipeline, WinduEstimator, save
from windu.datasets import load_penguins
from windu.exceptions import ConfigError, SchemaError, TableError
from windu.io.batches import write_table
from windu.io.tables import read_table

TABLE = load_penguins().frame
X, Y = TABLE.drop(columns="species"), TABLE["species"]
EST = WinduEstimator("linear").fit(X, Y)


@pytest.mark.slow
def test_from_training(tmp_path, table):
    """What was trained and stored predicts a file, by its reference."""
    store = str(tmp_path / "store")
    given = {"data": table, "target": "species", "split": {"test": 0.25}}
    pipe = TrainingPipeline(
        WinduEstimator("linear"), **given, metastore=store, name="birds"
    )
    pipe.run()
    predicting = pipe.to_prediction(keep=["island"])
    text = predicting.to_yaml()
    assert text == f"run: birds@1\nmetastore: {store}\nkeep:\n- island\n"
    again = PredictionPipeline.from_yaml(text)
    out = tmp_path / "out.parquet"
    assert again.run(table, out) == len(X)
    scored = pd.read_parquet(out)
    assert list(scored)[:2] == ["island", "prediction"]
    assert np.array_equal(scored["prediction"], pipe.estimator_.predict(X))
    pd.testing.assert_frame_equal(again.run(X), scored, check_dtype=False)


def test_sources(tmp_path):
    """An estimator, or a file."""
    save(EST, tmp_path / "est.windu")
    for source in (EST, tmp_path / "est.windu", str(tmp_path / "est.windu")):
        made = PredictionPipeline(source, probabilities=False).run(X)
        assert list(made) == ["prediction"]
    text = PredictionPipeline(tmp_path / "est.windu", probabilities=False).to_yaml()
    assert "probabilities: false" in text
    assert list(PredictionPipeline.from_yaml(text).run(X)) == ["prediction"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rejects(tmp_path, ending):
    """Rows that do not fit are set aside with their reason; the rest is predicted."""
    table = X.astype({"bill_length_mm": object, "year": object}).copy()
    table.loc[[7, 60, 200], "bill_length_mm"] = "oops"
    table.loc[[60], "year"] = "later"
    source, out = tmp_path / f"new.{ending}", tmp_path / "out.csv"
    if ending == "csv":
        table.to_csv(source, index=False)
    else:
        table.astype({"bill_length_mm": "str", "year": "str"}).to_parquet(source)
    pipe = PredictionPipeline(EST, keep=["island"])
    with pytest.raises(SchemaError, match="'bill_length_mm' must be numeric"):
        pipe.run(source, out)
    assert not out.exists()
    if ending == "parquet":
        # Numbers that are stored as texts are texts.
        assert pipe.run(source, out, rejects=tmp_path / "bad.csv") == 0
        return
    assert pipe.run(source, out, rejects=tmp_path / "bad.csv") == len(X) - 3
    bad = pd.read_csv(tmp_path / "bad.csv")
    assert bad["row"].tolist() == [7, 60, 200]
    # Where it stands is told by the column beside it.
    assert bad["reason"].str.contains("Got text, 'oops'.", regex=False).all()
    fitting = X.drop(index=[7, 60, 200])
    assert np.array_equal(pd.read_csv(out)["prediction"], EST.predict(fitting))


@pytest.mark.parametrize(
    "place", ["new.jsonl", "new.xlsx", "new.csv.gz", "memory://predict/new.csv", "base"]
)
def test_other_forms(tmp_path, place):
    """In and out; as a frame without a place to go to."""
    if place.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    if place == "base":
        pytest.importorskip("sqlalchemy")
    local = f"sqlite:///{tmp_path}/b.db#new" if place == "base" else tmp_path / place
    source = place if "://" in place else local
    target = source.replace("new", "out") if "://" in str(source) else "out.jsonl"
    target = target if "://" in target else tmp_path / target
    write_table(X, source)
    pipe = PredictionPipeline(EST, keep=["island"])
    assert pipe.run(source, target) == len(X)
    scored = read_table(target if "://" in str(target) else str(target))
    assert scored["prediction"].tolist() == EST.predict(X).tolist()
    assert scored["island"].tolist() == X["island"].tolist()
    np.testing.assert_allclose(
        scored.filter(like="probability"), EST.predict_proba(X), atol=1e-9
    )
    direct = pipe.run(source)
    assert direct["prediction"].tolist() == scored["prediction"].tolist()


def test_how_files_are_written(tmp_path):
    """A separator and a decimal point are said once, also in YAML."""
    X.to_csv(tmp_path / "new.csv", sep=";", decimal=",", index=False)
    save(EST, tmp_path / "est.windu")
    pipe = PredictionPipeline(
        str(tmp_path / "est.windu"), options={"sep": ";", "decimal": ","}
    )
    again = PredictionPipeline.from_yaml(pipe.to_yaml())
    assert again.to_yaml() == pipe.to_yaml()
    made = again.run(tmp_path / "new.csv")
    assert made["prediction"].tolist() == EST.predict(X).tolist()


def test_the_report_names_the_wrong_cell(tmp_path):
    """One wrong cell makes texts of a column of CSV; it alone is told."""
    table = X.astype({"bill_length_mm": object})
    table.loc[[7, 60], "bill_length_mm"] = "oops"
    table.to_csv(tmp_path / "new.csv", index=False)
    report = tmp_path / "report.html"
    with pytest.raises(SchemaError, match="2 of 344 rows, first 'oops' at row 7"):
        PredictionPipeline(EST).run(
            tmp_path / "new.csv", tmp_path / "o.csv", report=report
        )
    page = report.read_text()
    assert "2 of 344 rows" in page
    assert "row 7" in page


def test_rejects_of_a_good_table(tmp_path):
    """Nothing is set aside, and no file is made."""
    X.to_csv(tmp_path / "new.csv", index=False)
    pipe = PredictionPipeline(EST)
    rejects = tmp_path / "bad.csv"
    assert pipe.run(tmp_path / "new.csv", tmp_path / "o.csv", rejects=rejects) == len(X)
    assert not rejects.exists()


def test_rejects_are_no_way_around_the_columns(tmp_path):
    """A table with other columns is refused whole."""
    X.drop(columns="sex").to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(SchemaError, match="sex"):
        PredictionPipeline(EST).run(
            tmp_path / "new.csv", tmp_path / "o.csv", rejects=tmp_path / "bad.csv"
        )


def test_wrong():
    """What is missing is told."""
    with pytest.raises(ConfigError, match="in memory has no form in YAML"):
        PredictionPipeline(EST).to_yaml()
    with pytest.raises(TableError, match="Got rejects without a target"):
        PredictionPipeline(EST).run("new.csv", rejects="bad.csv")
    with pytest.raises(ConfigError, match="Did you mean 'keep'"):
        PredictionPipeline.from_yaml("{run: a@1, kep: [x]}")
    with pytest.raises(ConfigError, match="'run' must be there"):
        PredictionPipeline.from_yaml("{keep: [x]}")
    with pytest.raises(ConfigError, match="cannot say what is trusted"):
        PredictionPipeline.from_yaml("{run: a@1, trusted: [os.system]}")
