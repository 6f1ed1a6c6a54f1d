"""Tables that several tests share, a server of S3, and how far laws are searched."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# For the minimum versions: laws are searched in depth at the newest ones.
settings.register_profile("few", max_examples=20)
BUCKET = "windu-tests"


def make_ugly(n_rows=240, seed=0):
    """Return a table with one column of every kind, and a target that follows it."""
    rng = np.random.default_rng(seed)
    words = ["late", "paid", "good", "bad", "customer", "phone", "mail", "again"]
    X = pd.DataFrame(
        {
            "city": rng.choice(["Rome", "Oslo", "Bern"], n_rows),
            "amount": rng.normal(size=n_rows),
            "visits": rng.integers(0, 9, n_rows),
            "when": pd.date_range("2020-01-01", periods=n_rows),
            "signed": pd.date_range("2021-03-01", periods=n_rows, freq="7h").strftime(
                "%d/%m/%Y"
            ),
            "flag": rng.random(n_rows) > 0.5,
            "note": [" ".join(rng.choice(words, 5)) for _ in range(n_rows)],
            "agent": [f"agent {i}" for i in rng.integers(0, 70, n_rows)],
            "uid": [f"K{i:05d}X" for i in range(n_rows)],
            "fixed": "same",
            "price": [f"{value:.2f}" for value in rng.normal(size=n_rows)],
        }
    )
    X.loc[::7, "amount"] = np.nan
    X.loc[::11, "city"] = None
    X.loc[3::50, "price"] = "n/a"
    y = pd.Series(
        np.where((X["amount"].fillna(0) > 0) ^ X["flag"], "good", "bad"), name="risk"
    )
    return X, y


@pytest.fixture
def ugly():
    """A raw table and a target of two classes."""
    return make_ugly()


@pytest.fixture(scope="session")
def s3():
    """Storage options of a server of S3, with one bucket."""
    for package in ("moto", "s3fs"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'windu[test-s3]'")
    import s3fs

    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("s3_server.py")],
        stdout=subprocess.PIPE,
        text=True,
    )
    options = {
        "key": "an-access-key",
        "secret": "a-secret-key",
        "endpoint_url": server.stdout.readline().strip(),
    }
    try:
        s3fs.S3FileSystem(**options).call_s3("create_bucket", Bucket=BUCKET)
        yield options
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
