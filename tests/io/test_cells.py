"""Cells of files, which are texts, become values."""

import numpy as np
import pandas as pd
import pytest

from windu import PredictionPipeline, TrainingPipeline, WinduEstimator
from windu.exceptions import TableError, WinduWarning
from windu.io.batches import read_batches, write_table
from windu.io.cells import TrainedColumn, plain_numbers, settle_objects, typed_cells
from windu.io.tables import columns_of, read_table


def typed(texts, storage=None, **how):
    """Return a column of cells with types."""
    trained = None if storage is None else {"a": TrainedColumn(storage, **how)}
    return typed_cells(pd.DataFrame({"a": texts}), trained)["a"]


@pytest.mark.parametrize(
    ("texts", "dtype"),
    [
        (["1", "2"], "int64"),
        (["1", "", "NA"], "float64"),
        (["1.5", "1e3", "-inf"], "float64"),
        (["True", "FALSE"], "bool"),
        (["007", "8"], "str"),
        (["1", "x"], "str"),
        ([str(2**63), "1"], "uint64"),
        (["", "NA"], "float64"),
    ],
)
def test_a_column_is_typed_by_all_of_its_cells(texts, dtype):
    """Numbers and booleans where all are, and codes keep their zeros."""
    assert str(typed(texts).dtype) in (dtype, "object" if dtype == "str" else dtype)


def test_long_numbers_beside_missing_ones_stay_exact():
    """As floats they would be the same."""
    assert typed([str(2**60 + 1), ""]).tolist()[0] == 2**60 + 1
    assert settle_objects(pd.Series([2**60 + 1, None], dtype=object))[0] == 2**60 + 1


def test_a_cell_of_training_is_read_alone():
    """One bad cell changes no other, so that batches are equal to the whole."""
    assert typed(["1", "x", ""], "numeric").tolist()[:2] == [1, "x"]
    assert typed(["True", "0", "maybe"], "boolean").tolist() == [True, False, "maybe"]
    assert typed(["1", "NA"], "text", literal_texts=frozenset({"NA"})).tolist() == [
        *("1", "NA")
    ]


@pytest.mark.parametrize("number", [0.1, 1e-300, 1.7976931348623157e308, 2 / 3])
def test_numbers_are_exact(number):
    """To the last bit."""
    assert plain_numbers([repr(number)])[0][0] == number


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_recognized_and_said(tmp_path, separator):
    """One column was found, and its name holds the separator."""
    path = tmp_path / "table.csv"
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_csv(
        path, sep=separator, index=False
    )
    with pytest.warns(WinduWarning, match="is read with the separator"):
        assert list(read_table(path)) == ["a", "b"]
    with pytest.warns(WinduWarning, match="is read with the separator"):
        assert list(next(read_batches(path, 1)).frame) == ["a", "b"]
    assert read_table({"path": path, "options": {"sep": separator}}).shape == (2, 2)


def test_options_of_a_file_in_batches(tmp_path):
    """Decimal commas, thousands and an encoding, whole and in batches."""
    path = tmp_path / "table.csv"
    path.write_bytes("ä;b\n1.234,5;x\n2,25;y\n".encode("latin-1"))
    options = {"sep": ";", "decimal": ",", "thousands": ".", "encoding": "latin-1"}
    place = {"path": str(path), "options": options}
    whole = read_table(place)
    assert whole["ä"].tolist() == [1234.5, 2.25]
    parts = [batch.frame for batch in read_batches(place, 1)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    with pytest.raises(TableError, match="The options of csv are"):
        next(read_batches({"path": str(path), "options": {"sepp": ";"}}, 1))


def test_files_in_a_list_are_typed_together(tmp_path):
    """A code of one file decides for the column of both."""
    pd.DataFrame({"code": ["7", "8"]}).to_csv(tmp_path / "a.csv", index=False)
    pd.DataFrame({"code": ["007"]}).to_csv(tmp_path / "b.csv", index=False)
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert read_table(files)["code"].tolist() == ["7", "8", "007"]


def test_test_rows_are_read_as_training_rows(tmp_path):
    """Codes that all look like numbers in the test file are texts."""
    rng = np.random.default_rng(0)
    codes = [f"{i:03d}" for i in range(60)] + [f"A{i:02d}" for i in range(10)]
    effect = dict(zip(codes, rng.normal(size=70) * 3, strict=True))
    drawn = rng.choice(codes, 700)
    train = pd.DataFrame({"code": drawn, "y": [effect[code] for code in drawn]})
    test = pd.DataFrame({"code": codes[:60], "y": [effect[c] for c in codes[:60]]})
    train.to_csv(tmp_path / "train.csv", index=False)
    for suffix in ("csv", "parquet", "jsonl", "xlsx"):
        write_table(test, tmp_path / f"test.{suffix}")
        pipe = TrainingPipeline(
            WinduEstimator("linear"),
            data=tmp_path / "train.csv",
            target="y",
            split={"files": {"test": str(tmp_path / f"test.{suffix}")}},
            evaluate=["r2"],
        )
        with pytest.warns(WinduWarning, match="'code'.* alone gives the target"):
            run = pipe.run()
        assert run.metrics["test.r2"] > 0.9, suffix


def test_a_path_and_a_series_get_their_own_message(tmp_path):
    """With what works; a Series whose index holds the columns is one row."""
    X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": list("xyxy")})
    est = WinduEstimator("decision_tree").fit(X, [0, 0, 1, 1])
    X.to_csv(tmp_path / "new.csv", index=False)
    for path in (tmp_path / "new.csv", str(tmp_path / "new.csv")):
        with pytest.raises(TypeError, match=r"PredictionPipeline\(est\).run\(path\)"):
            est.predict(path)
        assert len(PredictionPipeline(est).run(path)) == 4
    with pytest.raises(
        ValueError, match="a Series, which may be one row or one column"
    ):
        est.predict(X["a"])
    assert est.predict(X.iloc[3]).tolist() == [1]


def test_a_point_in_a_file_with_decimal_commas_is_no_number():
    """It separates thousands that nobody spoke of; 1.234 may be 1234."""
    cells = typed_cells(pd.DataFrame({"a": ["1.234", "2,5"]}), decimal=",")
    assert cells["a"].tolist() == ["1.234", "2,5"]


def test_categories_of_numbers_in_training_rows():
    """A test file beside them is read as numbers."""
    table = pd.DataFrame({"a": pd.Categorical([3, 1]), "b": pd.Categorical(["x", "y"])})
    storages = {name: column.storage for name, column in columns_of(table).items()}
    assert storages == {"a": "numeric", "b": "text"}
