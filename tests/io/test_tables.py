"""Tables from files, URLs, databases and functions, and back."""

import gzip
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from windu.datasets import load_penguins
from windu.exceptions import MissingLibraryError, TableError, TargetError
from windu.io.batches import write_table
from windu.io.tables import read_table, source_digest
from windu.pipeline.splitting import split_target

TABLE = load_penguins().frame.head(40).reset_index(drop=True)
ENDINGS = ["csv", "csv.gz", "parquet", "jsonl", "jsonl.gz", "xlsx"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_files(tmp_path, ending):
    """What is written is read, by the ending of the name."""
    if ending == "xlsx":
        pytest.importorskip("openpyxl")
    path = tmp_path / f"new.{ending}"
    write_table(TABLE, path)
    again = read_table(str(path))
    # JSON and Excel have no whole floats; what stands for nothing differs.
    assert list(again) == list(TABLE)
    for name in TABLE:
        assert again[name].isna().tolist() == TABLE[name].isna().tolist()
        assert again[name].dropna().tolist() == TABLE[name].dropna().tolist()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_json_says_what_is_a_text(tmp_path):
    """Nothing is made a number or a date; numbers are."""
    path = tmp_path / "new.jsonl"
    path.write_text('{"code": "007", "modified": "2020-01-02", "n": 1}\n\n{"n": 2}\n')
    read = read_table(str(path))
    assert read["code"].tolist()[0] == "007"
    assert read["modified"].tolist()[0] == "2020-01-02"
    assert read["n"].tolist() == [1, 2]


def test_several_files(tmp_path):
    """Rows stand under one another, in the order of names; columns must agree."""
    for i, start in enumerate((0, 10, 20)):
        write_table(TABLE.iloc[start : start + 10], tmp_path / f"part{i}.csv")
    pattern = str(tmp_path / "part*.csv")
    assert read_table(pattern).shape == (30, TABLE.shape[1])
    files = [tmp_path / "part1.csv", tmp_path / "part0.csv"]
    assert read_table(files)["island"].tolist() == [
        *TABLE["island"][10:20],
        *TABLE["island"][:10],
    ]
    write_table(TABLE.rename(columns={"sex": "gender"}), tmp_path / "part3.csv")
    with pytest.raises(TableError, match=r"part3.csv' lacks \['sex'\] and adds"):
        read_table(pattern)


def test_other_sources(tmp_path):
    """A function, a frame, memory, SQLite by query and by name."""
    pytest.importorskip("sqlalchemy")
    pd.testing.assert_frame_equal(read_table(lambda: TABLE), TABLE)
    write_table(TABLE, "memory://sources/new.csv")
    assert read_table("memory://sources/new.csv").shape == TABLE.shape
    url = f"sqlite:///{tmp_path}/new.db"
    write_table(TABLE, {"sql": "birds", "url": url})
    with closing(sqlite3.connect(tmp_path / "new.db")) as base:
        assert base.execute("select count(*) from birds").fetchone() == (40,)
    assert read_table({"sql": "birds", "url": url}).shape == TABLE.shape
    assert read_table(f"{url}#birds").shape == TABLE.shape
    with pytest.raises(TableError, match="Did you mean 'birds'"):
        read_table(f"{url}#brids")
    with pytest.raises(TableError, match="database .* must exist"):
        read_table(f"sqlite:///{tmp_path}/none.db#birds")
    assert not (tmp_path / "none.db").exists()
    query = {"sql": "select * from birds where year = 2007", "url": url}
    assert set(read_table(query)["year"]) == {2007}


def test_options(tmp_path):
    """How a file is written can be said."""
    path = tmp_path / "new.txt"
    path.write_text("a;b\n1,5;x\n", encoding="latin-1")
    data = {"path": str(path), "format": "csv", "options": {"sep": ";", "decimal": ","}}
    assert read_table(data).to_dict("list") == {"a": [1.5], "b": ["x"]}


def test_digest(tmp_path):
    """It follows the bytes and how they are read, and nothing else."""
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("x\n1\n")
    other.write_text("x\n1\n")
    assert source_digest(one) == source_digest(str(other)) == source_digest([one])
    before = source_digest(one)
    one.write_text("x\n2\n")
    assert source_digest(one) != before
    assert source_digest({"path": other, "options": {"sep": ";"}}) != before
    assert source_digest(TABLE) is source_digest(lambda: TABLE) is None


def _broken(folder):
    (folder / "empty.csv").write_text("")
    (folder / "names.csv").write_text("a,b\n")
    (folder / "latin.csv").write_bytes("a\nüb\n".encode("latin-1"))
    (folder / "bad.parquet").write_bytes(b"PAR1 no")
    (folder / "table.txt").write_text("a\n1\n")
    (folder / "bad.jsonl").write_text('{"a": 1}\n{"a":\n')
    (folder / "list.jsonl").write_text("[1]\n")
    (folder / "deep.jsonl").write_text("[" * 100_000)
    (folder / "text.xlsx").write_text("a,b\n")
    packed = gzip.compress(b"a,b\n1,2\n" * 1000)
    (folder / "torn.csv.gz").write_bytes(packed[:-20])
    return folder


WRONG = {
    "missing": ("none.csv", "must exist"),
    "a folder": (".", "must be a file. Got a folder"),
    "nothing in it": ("empty.csv", "must be readable as csv"),
    "names alone": ("names.csv", "must have rows and columns. Got 0 rows"),
    "other encoding": ("latin.csv", "must be readable as csv. Got UnicodeDecode"),
    "broken": ("bad.parquet", "must be readable as parquet"),
    "broken JSON": ("bad.jsonl", "readable as jsonl. Got .* in line 2. Write one"),
    "lists": ("list.jsonl", "line 1 holds no object"),
    "deep": ("deep.jsonl", "must be readable as jsonl"),
    "no Excel": ("text.xlsx", "must be readable as excel"),
    "torn": ("torn.csv.gz", "must be readable. Got EOFError"),
    "unknown ending": ("table.txt", "must end in one of"),
    "no file of a pattern": ("*.ndjson", "must name files. Got none"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_files(tmp_path, case):
    """Each says what must hold."""
    name, said = WRONG[case]
    path = _broken(tmp_path) / name
    with pytest.raises(TableError, match=said):
        read_table(str(path))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "must have data. Got none"),
        ({"path": "a.csv", "formt": "csv"}, "Did you mean 'format'"),
        ({"sql": "birds"}, "must say either path, or sql and url"),
        ({"path": "a.csv", "format": "cvs"}, "Did you mean 'csv'"),
        ({"sql": "birds", "url": "nothing://"}, "url must be one of SQLAlchemy"),
        ([], "at least one file"),
        (5, "data must be a table, .* Got int"),
        (lambda: None, "must be a table, .* Got NoneType"),
        (lambda: {}["a"], "must return a table. Got KeyError"),
        ({"path": 5}, "must be a text or a list of them. Got 5"),
        ({"path": "a.csv", "options": "sep"}, "options of data must be a mapping"),
        ("nothing.db", "sqlite:///file.db#table"),
    ],
)
def test_wrong_data(data, said):
    """Near misses are told."""
    with pytest.raises(TableError, match=said):
        read_table(data)


def test_no_password_in_messages(tmp_path):
    """Neither of databases nor of URLs."""
    pytest.importorskip("sqlalchemy")
    for data in (
        {"sql": "birds", "url": f"sqlite://me:hunter2@/{tmp_path}/x.db"},
        {"sql": "select 1", "url": "postgresql+nothing://me:hunter2@here/x"},
        "memory://me:hunter2@here/none.csv",
    ):
        with pytest.raises((TableError, MissingLibraryError)) as raised:
            read_table(data)
        assert "hunter2" not in str(raised.value)


def test_target():
    """A column or a list of them; absent and missing ones are told."""
    X, y = split_target(TABLE, "species")
    assert "species" not in X
    assert y.name == "species"
    assert list(split_target(TABLE, ["species", "year"])[1]) == ["species", "year"]
    with pytest.raises(TableError, match="Did you mean 'species'"):
        split_target(TABLE, "specis")
    with pytest.raises(TargetError, match="Missing in .* first at row"):
        split_target(TABLE, "sex")
