"""A user's pandera schema as closed JSON: what comes back, what is refused."""

import datetime as dt
import json
import subprocess
import sys
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from tests.conftest import make_ugly
from windu import infer_schema
from windu.exceptions import PersistenceError
from windu.schema.user.stored import from_json, to_json
from windu.schema.user.values import check_pattern

X, _ = make_ugly()


def model():
    """Return the schema of a model."""

    class Visits(pa.DataFrameModel):
        visits: int = pa.Field(ge=0, isin=[1, 2], coerce=True)
        name: str = pa.Field(str_startswith="a", nullable=True)

        class Config:
            strict = True
            unique = ["visits", "name"]

    return Visits.to_schema()


def whole():
    """Return a schema that says something of everything."""
    text = [
        pa.Check.isin(["x", "y"], name="mine"),
        pa.Check.notin({"q", "r"}),
        pa.Check.str_matches("^x"),
        pa.Check.str_contains("x"),
        pa.Check.str_startswith("x"),
        pa.Check.str_endswith("x"),
        pa.Check.str_length(1, 3),
        pa.Check.unique_values_eq(["x"]),
    ]
    number = [
        pa.Check.eq(1),
        pa.Check.ne(np.float64(2)),
        pa.Check.gt(0, ignore_na=False, title="positive", description="d"),
        pa.Check.ge(0, error="oops", raise_warning=True, n_failure_cases=3),
        pa.Check.lt(float("inf")),
        pa.Check.le(9),
        pa.Check.in_range(0, 1, include_min=False),
    ]
    metadata = {"windu": {"kind": "numeric", "tolerance": {"null": "raise"}}}
    return pa.DataFrameSchema(
        {
            "a": pa.Column(float, number, nullable=True, title="t", metadata=metadata),
            "b": pa.Column(str, text, unique=True, default="x", description="d"),
            r"^n\d$": pa.Column(int, pa.Check.le(3), regex=True, required=False),
            "c": pa.Column(pd.CategoricalDtype(["u", "v"], ordered=True), coerce=True),
            3: pa.Column(report_duplicates="exclude_first"),
        },
        index=pa.Index(int, pa.Check.ge(0), name="i"),
        strict="filter",
        ordered=True,
        unique=["a", "b"],
        unique_column_names=True,
        name="whole",
        metadata={"x": [1, {"y": None}]},
    )


@pytest.mark.parametrize(
    "make",
    [
        whole,
        model,
        lambda: infer_schema(X),
        lambda: pa.DataFrameSchema(dtype=float, coerce=True, checks=pa.Check.gt(0)),
        pa.DataFrameSchema,
    ],
    ids=["whole", "model", "inferred", "frame-wide", "empty"],
)
def test_a_schema_comes_back_equal(make):
    """For pandera, and in every attribute that its own equality looks at."""
    # To pandera, checks made before its first use are unlike those made after.
    schema = make()
    again = from_json(to_json(schema))
    assert again == schema
    assert to_json(again) == to_json(schema)


@pytest.mark.parametrize(
    "dtype",
    [
        *(int, "int8", "uint16", float, "float32", bool, str, object),
        *("Int64", "UInt8", "Float32", "boolean", "string", "category"),
        *("datetime64[ns]", "timedelta64[ns]", pa.DateTime, pa.Date),
        *("int64[pyarrow]", "double[pyarrow]", "date32[pyarrow]"),
        pd.CategoricalDtype([3, 1]),
        pd.CategoricalDtype([pd.Timestamp("2020-01-01")]),
        pd.DatetimeTZDtype("us", "Europe/Berlin"),
        pd.DatetimeTZDtype("ns", "UTC"),
        pd.DatetimeTZDtype("ns", dt.timezone(dt.timedelta(hours=-2))),
    ],
    ids=str,
)
def test_dtypes_come_back_equal(dtype):
    """Zones, categories and their order included."""
    column = pa.Column(dtype)
    again = from_json(to_json(pa.DataFrameSchema({"x": column}))).columns["x"]
    assert type(again.dtype) is type(column.dtype)
    assert again.dtype == column.dtype
    assert again.dtype.type == column.dtype.type


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 1.5, True, "text", 2**63, float("inf"), float("-inf")),
        pd.Timestamp("2020-01-01"),
        pd.Timestamp("2020-01-01 10:00:00.123456789", tz="Europe/Berlin"),
        pd.Timedelta("-1 day 3 ns"),
        dt.datetime(2020, 1, 1, 3, 4, 5, 6),
        dt.datetime(2020, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")),
        dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3))),
        dt.date(2020, 2, 29),
        dt.timedelta(days=-1, microseconds=3),
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrap", [None, list, tuple, frozenset, set])
def test_values_come_back_equal(value, wrap):
    """Alone and in collections; times of Python as those of pandas."""
    check = pa.Check.ne(value) if wrap is None else pa.Check.isin(wrap([value]))
    schema = pa.DataFrameSchema({"x": pa.Column(None, check)})
    (again,) = from_json(to_json(schema)).columns["x"].checks
    (found,) = again.statistics.values()
    (given,) = check.statistics.values()
    assert found == given
    assert type(found) is type(given) or isinstance(found, (pd.Timestamp, pd.Timedelta))


def column(**options):
    return pa.DataFrameSchema({"x": pa.Column(**options)})


def own(values):
    return values > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (column(checks=pa.Check(own)), "column 'x', the check 'own', which is code"),
        (column(checks=pa.Check(lambda v: v > 0, name="mine")), "the check 'mine'"),
        (column(checks=pa.Check.gt(0, element_wise=True)), "element_wise=True"),
        (column(checks=pa.Check.gt(0, strategy=own)), "strategy=<function"),
        (column(checks=pa.Check.isin([b"x"])), "b'x' of type bytes"),
        (column(checks=pa.Check.isin([pd.NaT])), "NaT of type NaTType"),
        (column(checks=pa.Check.isin(range(10**6))), "at most 100000"),
        (column(checks=pa.Check.str_matches("a" * 2000)), "2000 characters"),
        (column(checks=pa.Check.str_matches("(a+)+")), "repeats a group at will"),
        (column(dtype=list[str]), "dtype"),
        (column(dtype="period[D]"), "dtype"),
        (column(parsers=pa.Parser(own)), "parsers="),
        (column(drop_invalid_rows=True), "drop_invalid_rows=True"),
        (column(metadata={"f": own}), "metadata="),
        (column(metadata={"f": float("nan")}), "metadata"),
        (column(metadata={"f": (1, 2)}), "metadata"),
        (pa.DataFrameSchema({("a", "b"): pa.Column(int)}), "name=\\('a', 'b'\\)"),
        (
            pa.DataFrameSchema(index=pa.MultiIndex([pa.Index(int), pa.Index(int)])),
            "the index, a MultiIndex",
        ),
    ],
)
def test_what_cannot_be_written_is_refused(schema, message):
    """With the column, the check and the way out."""
    with pytest.raises(PersistenceError, match=message) as caught:
        to_json(schema)
    assert "est.set_params(schema='infer') before save" in str(caught.value)


def test_groups_are_refused():
    """pandera wants their column to be there."""
    columns = {"x": pa.Column(int, pa.Check.gt(0, groupby="g")), "g": pa.Column(str)}
    with pytest.raises(PersistenceError, match="groupby"):
        to_json(pa.DataFrameSchema(columns))


def put(*path, **changes):
    """Return what changes a part of the JSON."""

    def edit(data):
        for key in path:
            data = data[key]
        data.update(changes)

    return edit


FIRST = ("columns", 0)
CHECK = (*FIRST, "checks", 0)
HOSTILE = {
    "unknown key": put(trusted=["os.system"]),
    "unknown key of a column": put(*FIRST, knd=1),
    "unknown key of a check": put(*CHECK, groupby="a"),
    "unknown check": put(*CHECK, check="os.system"),
    "a method of Check": put(*CHECK, check="from_builtin_check_name"),
    "other statistics": put(*CHECK, statistics={"check_fn": 1}),
    "no statistics": put(*CHECK, statistics={}),
    "a list for a number": put(*CHECK, statistics={"value": [1]}),
    "an object for a number": put(*CHECK, statistics={"value": {"a": 1}}),
    "a number for a pattern": put(
        *CHECK, check="str_matches", statistics={"pattern": 1}
    ),
    "an empty range": put(
        *CHECK, check="in_range", statistics={"min_value": 2, "max_value": 1}
    ),
    "a nested list": put(
        *CHECK, check="isin", statistics={"allowed_values": [[1], [2]]}
    ),
    "a huge list": put(
        *CHECK, check="isin", statistics={"allowed_values": [1] * 100_001}
    ),
    "many checks": put(*FIRST, checks=[{"check": "isin", "statistics": {}}] * 101),
    "a huge number": put(*CHECK, statistics={"value": 10**400}),
    "a moment of today": put(
        *CHECK, statistics={"value": {"type": "timestamp", "value": "now"}}
    ),
    "no number": put(*CHECK, statistics={"value": {"type": "float", "value": "1_0"}}),
    "an unknown tag": put(*CHECK, statistics={"value": {"type": "eval", "value": "1"}}),
    "an unknown zone": put(
        *CHECK,
        statistics={
            "value": {
                "type": "timestamp",
                "value": "2020-01-01T00:00:00",
                "zone": "Nowhere/City",
            }
        },
    ),
    "a dtype that is code": put(*FIRST, dtype="__import__('os').system('true')"),
    "a dtype of numpy's grammar": put(*FIRST, dtype="i4,(2,3)f8"),
    "a dtype of a registered class": put(*FIRST, dtype="Sparse[int]"),
    "a zone that is a file": put(*FIRST, dtype="datetime64[ns, dateutil//etc/passwd]"),
    "a zone that climbs": put(*FIRST, dtype="datetime64[ns, a/../../b]"),
    "a long dtype": put(*FIRST, dtype="int64" * 100),
    "duplicate categories": put(*FIRST, dtype={"categories": ["a", "a"]}),
    "a long text": put(*FIRST, title="x" * 10_001),
    "a text for a boolean": put(*FIRST, nullable="yes"),
    "another strict": put(strict="maybe"),
    "another format": put(format=2),
    "a pattern for names": put(*FIRST, name="(a+)+$", regex=True),
    "a number with regex": put(*FIRST, name=3, regex=True),
    "the same column twice": lambda data: data["columns"].append(data["columns"][0]),
    "no format": lambda data: data.pop("format"),
    "an unknown kind": put(*FIRST, dtype={"tolerant": {"name": "a", "kind": "x"}}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_json_is_refused(case):
    """By one clear error, before anything is built."""
    data = json.loads(to_json(whole()))
    HOSTILE[case](data)
    with pytest.raises(PersistenceError, match="A stored schema must be one"):
        from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "null", "[" * 100_000, '{"columns":' * 5_000, "\ud800"),
        '{"format":1,"columns":[{"name":"a","metadata":'
        + '{"a":' * 500
        + "1"
        + "}" * 9,
        *(None, 5, b"{}", ["{}"]),
    ],
    ids=range(12),
)
def test_what_is_no_json_is_refused(text):
    """However deep it is."""
    with pytest.raises(PersistenceError, match="A stored schema must be one"):
        from_json(text)


def test_numbers_as_names_have_the_bounds_of_int64():
    """What is beyond them comes from no table."""
    schema = pa.DataFrameSchema({-(2**63): pa.Column(int), 2**63 - 1: pa.Column(int)})
    text = to_json(schema)
    assert list(from_json(text).columns) == [-(2**63), 2**63 - 1]
    for name, beyond in ((-(2**63), -(2**63) - 1), (2**63 - 1, 2**63)):
        with pytest.raises(PersistenceError, match="A stored schema must be one"):
            from_json(text.replace(str(name), str(beyond)))


@pytest.mark.slow
def test_a_dtype_seen_in_training_opens_no_file(tmp_path):
    """The name of windu's own dtype comes from the file as well."""
    data = json.loads(to_json(infer_schema(X[["when"]])))
    (tmp_path / "zone").write_bytes(b"TZif")
    zone = f"dateutil/{tmp_path / 'zone'}"
    data["columns"][0]["dtype"]["tolerant"]["dtype"] = f"datetime64[ns, {zone}]"
    script = (
        "import sys; from windu.schema.user.stored import from_json; opened = []\n"
        "sys.addaudithook(lambda n, a: n == 'open' and opened.append(str(a[0])))\n"
        "from_json(sys.argv[1]); assert not any('zone' in x for x in opened), opened"
    )
    subprocess.run([sys.executable, "-c", script, json.dumps(data)], check=True)


GOOD = [
    *("", "^x", r"^\d{4}-\d\d-\d\d$", r"[\w.+-]+@[\w-]+\.[\w.-]+", ".*foo.*bar"),
    *(r"^(?:\d{1,3}\.){3}\d{1,3}$", "[]a]*", "[^]]+", "^(male|female|other)$"),
    *("(?i)^abc.*$", r"(https?|ftp)://[^\s/]+(/\S*)?", r"\(\+*?", "(?P<n>a?)"),
    *(r"^((25[0-5]|[01]?\d?\d)\.){3}\d+$", "|".join(f"A{i}" for i in range(50))),
    *(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
    *(r"^(?!000|666)\d{3}-\d\d$", "(?i:a)b"),
]
BAD = [
    *("(a+)+b", "(a|a)*b", "(?i)(ab|AB)*c", "([^a]|b)*c", r"(\w+\s?)*$", "(x+x+)+y"),
    *("(?:a?){30}a{30}", "a?" * 30 + "a" * 30, "(a|aa)" * 50, ".*a.*a.*a.*a"),
    *(r"(a)\1", "(", "(" * 500 + ")" * 500, "(?:a(?:b?)(?:b?))*", "(é|[^a])*b"),
    *(
        r"\w*,?\w*,?\w*,?\w*$",
        "(((a{1,20}){1,20}){1,20}){1,20}b",
        "(?i)(\u212a[j-l]*)*$",
    ),
    *(r"(?a:(é\W*)*$)", r"(,\w*\w*)*$", "(?=(a+)+b)", "(?:a|b|ab)*c", "(.+;)+$"),
    *("(?:(?:(?:ab|ab){1,3}){2}){1,3}!$", "(?:(?:|)(?:|)(?:|)){9}!$"),
    *(r"^\w+(\.\w+)*@\w+$", "(?P<a>x)(?P=a)", "(a)?(?(1)b|c)", "(?x)a # (", "(?#()a"),
]


@pytest.mark.parametrize("pattern", GOOD)
def test_ordinary_patterns_are_stored(pattern):
    """Mail addresses, dates, names."""
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize("pattern", BAD, ids=range(len(BAD)))
def test_patterns_that_may_take_for_ever_are_not(pattern):
    """Nested, ambiguous and rival repeats."""
    with pytest.raises(ValueError, match="^the pattern"):
        check_pattern(pattern)
