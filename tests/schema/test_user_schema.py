"""A pandera schema of a user's own, at fit, predict and validate."""

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator, infer_schema
from windu.estimator.chain import chain_of
from windu.exceptions import SchemaError
from windu.schema.user.check import user_check

X, Y = make_ugly()
NUMBERS = X[["visits", "amount"]]
CITY = X[["city", "visits"]].fillna("Rome")


def fitted(schema, table=X):
    return WinduEstimator("linear", schema=schema).fit(table, Y)


def checked(columns, **options):
    return pa.DataFrameSchema(columns, **options)


SIMPLE = {
    "visits": pa.Column(int, [pa.Check.ge(0), pa.Check.in_range(0, 100)]),
    "amount": pa.Column(float, pa.Check.lt(50), nullable=True),
    "city": pa.Column(str, pa.Check.isin(["Rome", "Oslo", "Bern"]), nullable=True),
    "when": pa.Column(pa.DateTime, pa.Check.ge(pd.Timestamp("2019-01-01"))),
    "uid": pa.Column(str, pa.Check.str_matches("^K[0-9]+X$"), unique=True),
}


def test_a_table_that_passes():
    """Many rows, few rows, one row, and what windu's own check has put right."""
    est = fitted(checked(SIMPLE, unique=["uid", "visits"]))
    expected = est.predict(X)
    np.testing.assert_array_equal(est.predict(X.head(3)), expected[:3])
    np.testing.assert_array_equal(est.predict(X.iloc[[3]]), expected[3:4])
    other = X[X.columns[::-1]].assign(visits=X["visits"].astype("int8"))
    np.testing.assert_array_equal(est.predict(other), expected)
    assert est.validate(X).ok


def test_an_edited_schema_acts_at_once():
    """What was compiled of it before does not count."""
    schema = checked({"visits": pa.Column(int)})
    est = fitted(schema)
    bad = X.assign(visits=200)
    est.predict(bad)
    est.predict(bad.iloc[[0]])
    schema.columns["visits"].checks.append(pa.Check.lt(100))
    for table in (bad, bad.iloc[[0]], bad.iloc[0].to_dict()):
        with pytest.raises(SchemaError, match="less_than"):
            est.predict(table)
    est.set_params(schema="infer").predict(bad)


def test_the_check_is_made_once():
    """And again for another schema."""
    schema = checked(SIMPLE)
    est = fitted(schema)
    est.predict(X)
    made = user_check(schema, est._table_schema)
    assert user_check(schema, est._table_schema) is made
    assert user_check(checked(SIMPLE), est._table_schema) is not made


ROWS = {
    "visits": pa.Column(int, [pa.Check.ge(0), pa.Check.isin(range(9))]),
    "city": pa.Column(str, [pa.Check.notin(["Paris"]), pa.Check.str_length(1, 9)]),
}


def test_single_rows_keep_their_short_way():
    """A frame, a dict; what fails goes to pandera, which explains."""
    est = fitted(checked(ROWS), CITY)
    for bad in ({"visits": -1}, {"visits": 9}, {"city": "Paris"}, {"city": ""}):
        row = {"visits": 1, "city": "Rome"} | bad
        assert chain_of(est).matrix(row) is None
        with pytest.raises(SchemaError, match="must pass the check"):
            est.predict(row)
    with pytest.raises(SchemaError, match="not_nullable"):
        est.predict({"visits": 1, "city": None})


def thrice(values):
    return values * 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "columns",
    [
        ROWS,
        {"city": pa.Column(str, pa.Check.str_matches("^[A-Z]"))},
        {"visits": pa.Column(int, pa.Check(lambda v: v >= 0))},
        {"visits": pa.Column(float, coerce=True)},
        {"visits": pa.Column(int, parsers=pa.Parser(thrice))},
    ],
)
def test_single_rows_are_as_in_the_batch(columns):
    """The model gets the same bits, with checks and conversions of every sort."""
    est = fitted(checked(columns), CITY)
    matrix, expected = est._matrix(CITY)[0], est.predict_proba(CITY)
    for i in range(20):
        one = CITY.iloc[[i]]
        row = one.to_dict("records")[0]
        np.testing.assert_array_equal(chain_of(est).matrix(one), matrix[[i]])
        np.testing.assert_array_equal(chain_of(est).matrix(row), matrix[[i]])
        # A product of one row may round otherwise than one of many.
        np.testing.assert_allclose(est.predict_proba(one), expected[[i]], rtol=1e-12)
        np.testing.assert_allclose(est.predict_proba([row]), expected[[i]], rtol=1e-12)


def test_patterns_of_names():
    """Each matching column is checked; tolerances and kinds are theirs too."""
    metadata = {"windu": {"tolerance": {"null": "raise"}}}
    column = pa.Column(
        checks=pa.Check.lt(1000), regex=True, nullable=True, metadata=metadata
    )
    est = fitted(checked({"^(visits|amount)$": column}), NUMBERS)
    with pytest.raises(SchemaError, match="'visits' must pass the check less_than"):
        est.predict(NUMBERS.assign(visits=5000))
    assert est._table_schema.by_name["visits"].tolerance == {"null": "raise"}
    with pytest.raises(SchemaError, match="'visits' must have no missing value"):
        est.predict(NUMBERS.assign(visits=np.nan))
    with pytest.raises(SchemaError, match="no_regex_column_match"):
        fitted(checked({"^nothing": pa.Column(regex=True)}))


def test_an_optional_column_may_be_absent():
    """It counts as missing and is not checked; the others are."""
    schema = checked(
        {
            "visits": pa.Column(int, pa.Check.ge(0), required=False),
            "amount": pa.Column(float, pa.Check.lt(50), nullable=True),
            "never seen": pa.Column(int, required=False),
        }
    )
    est = fitted(schema, NUMBERS)
    without = NUMBERS[["amount"]]
    missing = WinduEstimator("linear").fit(NUMBERS, Y)
    np.testing.assert_array_equal(
        est.predict(without), missing.predict(NUMBERS.assign(visits=np.nan))
    )
    assert est.validate(without).ok
    np.testing.assert_array_equal(
        est.predict(without.iloc[0].to_dict()), est.predict(without.head(1))
    )
    with pytest.raises(SchemaError, match="'amount' must pass the check less_than"):
        est.predict(without.assign(amount=60.0))
    with pytest.raises(SchemaError, match="'visits' must pass the check greater"):
        est.predict(NUMBERS.assign(visits=-1))
    with pytest.raises(SchemaError, match="Missing|'amount' must be in the table"):
        est.predict(NUMBERS[["visits"]])


TEXTS = NUMBERS.assign(visits=X["visits"].astype(str))


def test_coercion_takes_what_it_took_at_fit():
    """The raw table, and one that needs nothing."""
    est = fitted(checked({"visits": pa.Column(int, coerce=True)}), TEXTS)
    assert est._table_schema.by_name["visits"].dtype == "int64"
    expected = est.predict(NUMBERS)
    np.testing.assert_array_equal(est.predict(TEXTS), expected)
    np.testing.assert_array_equal(est.predict(TEXTS.iloc[0].to_dict()), expected[:1])
    assert est.validate(TEXTS).ok


def test_what_cannot_be_coerced_is_told_by_cell():
    """Together with everything else."""
    columns = {"visits": pa.Column(int, coerce=True), "flag": pa.Column(coerce=True)}
    table = TEXTS.assign(flag=X["flag"])
    est = fitted(checked(columns), table)
    bad = table.assign(visits=np.where(X.index == 5, "x", "1"), amount="much")
    with pytest.raises(SchemaError) as caught:
        est.predict(bad)
    found = {(d.column, d.difference, d.first_row) for d in caught.value.report.errors}
    assert found == {("visits", "check", 5), ("amount", "meaning", 0)}
    assert len(est.validate(bad).errors) == 2


def test_defaults_fill_and_missing_columns_are_added():
    """As at fit."""
    schema = checked(
        {"amount": pa.Column(float, default=0.5), "more": pa.Column(float, default=1)},
        add_missing_columns=True,
    )
    est = fitted(schema, NUMBERS)
    filled = NUMBERS.fillna(0.5).assign(more=1.0)
    assert not est._table_schema.by_name["amount"].nullable
    np.testing.assert_array_equal(est.predict(NUMBERS), est.predict(filled))


def test_parsers_run_once():
    """On the raw table, at predict as at fit."""
    parser = pa.Parser(lambda values: values.str.strip("$").astype(int))
    table = NUMBERS.assign(visits="$" + X["visits"].astype(str))
    schema = checked({"visits": pa.Column(int, pa.Check.ge(0), parsers=parser)})
    est = fitted(schema, table)
    plain = WinduEstimator("linear").fit(NUMBERS, Y)
    np.testing.assert_array_equal(est.predict(table), plain.predict(NUMBERS))
    with pytest.raises(SchemaError, match="greater_than_or_equal_to"):
        est.predict(table.assign(visits="$-5"))


@pytest.mark.parametrize("where", ["table", "column"])
def test_rows_must_stay(where):
    """y and the predictions go with them."""
    drop = {"drop_invalid_rows": True}
    column = pa.Column(int, pa.Check.gt(3), **(drop if where == "column" else {}))
    schema = checked({"visits": column}, **(drop if where == "table" else {}))
    with pytest.raises(SchemaError, match="must keep the rows.*drop_invalid_rows"):
        fitted(schema)
    parser = pa.Parser(lambda frame: frame.head(9))
    with pytest.raises(SchemaError, match="must keep the rows.*9 rows for 240"):
        fitted(checked({}, parsers=parser))


def test_the_index_is_the_tables_own():
    """It is checked, and rows of other failures are told by position."""
    columns = {"visits": pa.Column(int, pa.Check.ge(0))}
    schema = checked(columns, index=pa.Index(str, pa.Check.str_startswith("r")))
    named = NUMBERS.set_axis([f"r{i}" for i in range(len(X))])
    est = fitted(schema, named)
    np.testing.assert_array_equal(est.predict(named.iloc[[3]]), est.predict(named)[[3]])
    other = named.set_axis([f"q{i}" for i in range(len(X))])
    with pytest.raises(SchemaError, match="an index to pass the check str_startswith"):
        est.predict(other)
    bad = named.assign(visits=np.where(X.index == 7, -1, 1))
    (difference,) = est.validate(bad).errors
    assert (difference.column, difference.first_row) == ("visits", 7)
    assert len(est.validate(bad.set_axis(other.index)).errors) == 2


def test_rows_that_must_be_unique():
    """Together, and within one table."""
    est = fitted(checked({"uid": pa.Column(str)}, unique=["uid", "visits"]))
    assert len(est.predict(X)) == len(X)
    with pytest.raises(SchemaError, match="multiple_fields_uniqueness"):
        est.predict(X.assign(uid="K", visits=1))
    est.predict(X.assign(uid="K", visits=1).head(1))


def test_strict_and_ordered_hold_at_predict():
    """As they do at fit; 'filter' drops."""
    columns = {name: pa.Column(nullable=True) for name in NUMBERS}
    est = fitted(checked(columns, strict=True, ordered=True), NUMBERS)
    with pytest.raises(SchemaError, match="'more' must be known from training"):
        est.predict(NUMBERS.assign(more=1))
    with pytest.raises(SchemaError, match="columns in order"):
        est.predict(NUMBERS[["amount", "visits"]])
    with pytest.raises(SchemaError, match="column_in_schema"):
        fitted(checked(columns, strict=True))
    est = fitted(checked(columns, strict="filter"))
    assert est.n_features_in_ == 2
    est.predict(X)


def test_no_rows():
    """Nothing to check."""
    est = fitted(checked(SIMPLE))
    assert len(est.predict(X.head(0))) == 0
    assert est.validate(X.head(0)).ok


def test_an_inferred_schema_that_was_edited():
    """Its own edits count, windu's tolerances stay."""
    schema = infer_schema(X)
    schema.columns["visits"].nullable = False
    schema.columns["amount"].checks = [pa.Check.lt(50)]
    est = fitted(schema)
    with pytest.raises(SchemaError, match="'visits' must pass the check not_nullable"):
        est.predict(X.assign(visits=X["visits"].where(X.index > 3)))
    with pytest.raises(SchemaError, match="less_than"):
        est.predict(X.assign(amount=60.0))
    est.predict(X.assign(visits=X["visits"].astype("float64"), amount=1))


def test_what_the_table_fails_is_told_once():
    """Not of each column; rows by position, the first of them first."""
    wide = pa.Check(lambda table: table["visits"] < 100, name="few")
    est = fitted(checked({}, checks=wide))
    with pytest.raises(SchemaError) as caught:
        est.predict(X.assign(visits=np.where(X.index.isin([9, 7]), 500, 1)))
    (difference,) = caught.value.report.errors
    assert (difference.column, difference.n_rows, difference.first_row) == (None, 2, 7)
    with pytest.raises(SchemaError, match="The table must .*Got 'uid'"):
        fitted(
            checked({"visits": pa.Column()}, strict=True), X[["visits", "uid", "when"]]
        )


def said(**options):
    return checked({"city": pa.Column(nullable=True, metadata={"windu": options})})


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (said(tolerence={}), "'windu'. of the column 'city'.*mean 'tolerance'"),
        (said(tolerance="warn"), "A tolerance must be a dict"),
        (said(kind="categoric"), "The kind of the column 'city'.*mean 'categorical'"),
        (said(kind="numeric"), "'city' must hold values that can be numeric"),
        (checked({}, metadata={"windu": {"x": 1}}), "of the schema must have keys"),
        (pa.SeriesSchema(int), "The schema must be 'infer'"),
    ],
)
def test_what_nobody_can_follow_is_refused(schema, message):
    """At fit, with the nearest name."""
    with pytest.raises(SchemaError, match=message):
        fitted(schema)


def test_an_inferred_schema_holds_for_a_part_of_the_rows():
    """Where a column has one value or none, as in a fold, it is left out."""
    table = NUMBERS.assign(note=np.where(X.index < 9, None, "12"), code="7")
    table.loc[200:, "code"] = "8"
    est = fitted(infer_schema(table), table)
    part = WinduEstimator("linear", schema=est.schema).fit(table.head(9), Y[:9])
    kinds = {c: part._table_schema.by_name[c].kind for c in ("note", "code")}
    assert kinds == {"note": "constant", "code": "constant"}
    assert len(part.predict(table)) == len(table)
