"""Names of columns that stand twice."""

import pandas as pd
import pytest

from windu.exceptions import TableError
from windu.io.batches import read_batches
from windu.io.tables import read_table

TWICE = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
TOLD = r"different names. Got more than once: \['a'\]"


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "xlsx"])
@pytest.mark.parametrize("read", [read_table, lambda at: next(read_batches(at, 10))])
def test_twice_in_a_file(tmp_path, ending, read):
    """pandas makes ``a.1`` of it; here it is told, with the name."""
    path = str(tmp_path / f"twice.{ending}")
    if ending == "xlsx":
        pytest.importorskip("openpyxl")
        TWICE.to_excel(path, index=False)
    else:
        TWICE.to_csv(path, index=False)
    with pytest.raises(TableError, match=TOLD):
        read(path)


def test_twice_behind_another_sign(tmp_path):
    """The header is read as the rows are."""
    path = tmp_path / "twice.csv"
    path.write_text("a;ä;a\n1;2;3\n", encoding="latin-1")
    options = {"sep": ";", "encoding": "latin-1"}
    with pytest.raises(TableError, match=TOLD):
        read_table({"path": path, "options": options})


def test_twice_in_a_frame():
    """Wherever a table comes from."""
    with pytest.raises(TableError, match=TOLD):
        read_table(TWICE)


def test_once(tmp_path):
    """A name that pandas could have made is a name; columns may have none."""
    path = tmp_path / "once.csv"
    path.write_text("a,a.1,,\n1,2,3,4\n")
    assert read_table(str(path)).shape == (1, 4)
    assert next(read_batches(str(path), 10)).frame.shape == (1, 4)
