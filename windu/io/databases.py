"""Tables of databases, through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd

from windu.exceptions import MissingLibraryError, TableError, did_you_mean
from windu.io.cells import plain_value, settle_objects

__all__ = ["is_database", "needs", "place_of", "read_query", "write_query"]


def is_database(place: Any) -> bool:
    """Tell ``"sqlite:///file.db#table"`` from the names of files."""
    if not isinstance(place, str):
        return False
    url, sign, _ = place.partition("#")
    scheme, separator, _ = url.partition("://")
    protocols = fsspec.available_protocols()
    return bool(sign and separator) and scheme.partition("+")[0] not in protocols


def place_of(data: Any) -> Any:
    """Return the table or query of a database that a text names behind ``#``."""
    if not is_database(data):
        return data
    url, _, query = data.partition("#")
    return {"sql": query, "url": url}


def read_query(data: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of a database, or the rows that a query gives.

    Raises
    ------
    TableError
        Without what may be a password.
    """
    engine = _engine(data["url"])
    query = str(data["sql"])
    file = engine.url.database
    if engine.url.get_backend_name() == "sqlite" and file and not _is_there(file):
        raise TableError(f"The database {file!r} must exist. Got none. Check the path.")
    try:
        with engine.connect() as connection:
            return _rows(connection, query)
    except Exception as error:
        # A driver may raise any exception; its message may hold the password.
        raise TableError(
            f"The query must be one that {engine.url.render_as_string()!r} answers. "
            f"Got {type(error).__name__}. Query: {query[:200]!r}."
            + _near_table(engine, query)
        ) from None


def _rows(connection: Any, query: str) -> pd.DataFrame:
    """Return the rows of a table or a query, each value as the driver gives it."""
    import sqlalchemy

    if query.isidentifier():
        table = sqlalchemy.Table(query, sqlalchemy.MetaData(), autoload_with=connection)
        result = connection.execute(sqlalchemy.select(table))
    else:
        result = connection.exec_driver_sql(query)
    rows, names = result.fetchall(), list(result.keys())
    columns = {}
    for position in range(len(names)):
        values = [row[position] for row in rows]
        columns[position] = settle_objects(pd.Series(values, dtype=object))
    return pd.DataFrame(columns).set_axis(names, axis=1)


def _is_there(file: str) -> bool:
    return file == ":memory:" or Path(file).exists()


def _near_table(engine: Any, query: str) -> str:
    import sqlalchemy

    try:
        return did_you_mean(query, sqlalchemy.inspect(engine).get_table_names())
    except sqlalchemy.exc.SQLAlchemyError:
        return ""


def write_query(frame: pd.DataFrame, table: str, url: str) -> None:
    """Write a table of a database in the place of one of that name."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            _for_sql(frame, engine).to_sql(
                table, connection, index=False, if_exists="replace"
            )
    except Exception as error:
        # A driver may raise any exception; its message may hold the password.
        raise TableError(
            f"The table {table!r} must be writable in "
            f"{engine.url.render_as_string()!r}. Got {type(error).__name__}."
        ) from None


def _for_sql(frame: pd.DataFrame, engine: Any) -> pd.DataFrame:
    """Return a table with what few databases can hold as texts."""
    changed = frame.copy(deep=False)
    for position, dtype in enumerate(frame.dtypes):
        values = frame.iloc[:, position]
        if isinstance(dtype, pd.CategoricalDtype):
            values = values.astype(object)
            changed.isetitem(position, values.array)
        inferred = pd.api.types.infer_dtype(values, skipna=True)
        mixed = inferred in ("mixed", "mixed-integer", "interval", "period", "time")
        long = dtype == "uint64" or (
            inferred == "integer" and int(values.dropna().abs().max()) >= 2**63
        )
        is_sqlite = engine.url.get_backend_name() == "sqlite"
        if is_sqlite and inferred == "decimal":
            numbers = settle_objects(pd.Series(map(plain_value, values), dtype=object))
            changed.isetitem(position, numbers.array)
        zoned = is_sqlite and isinstance(dtype, pd.DatetimeTZDtype)
        if mixed or long or zoned or pd.api.types.is_timedelta64_dtype(dtype):
            texts = values.astype(object).map(str, na_action="ignore")
            changed.isetitem(position, texts.array)
    return changed


def _engine(url: str) -> Any:
    needs("sqlalchemy", "sql")
    import sqlalchemy

    try:
        # Without a pool a connection is closed where it is left.
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    except Exception as error:
        raise TableError(
            "url must be one of SQLAlchemy, such as sqlite:///file.db. Got one that it "
            f"refuses with {type(error).__name__}."
        ) from None


def needs(package: str, extra: str) -> None:
    """Raise unless a package is installed."""
    if find_spec(package) is None:
        raise MissingLibraryError(
            f"{package} must be installed for this. Got none. Install it: "
            f"pip install 'windu[{extra}]'."
        )
