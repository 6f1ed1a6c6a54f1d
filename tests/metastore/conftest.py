"""Storage targets of every kind, and a server of S3 on loopback."""

import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from windu.metastore.filesystem import RenamingTarget
from windu.metastore.places import open_target

COUNT = itertools.count()
KINDS = ("local", "memory", "zip", "renaming", "s3")
#: Each with its own place in the same bucket.
BUCKET = "windu-tests"


@pytest.fixture(scope="session")
def s3():
    """Storage options of a server of S3, with one bucket."""
    for package in ("moto", "s3fs"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'windu[test]'")
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


@pytest.fixture
def place(request, tmp_path):
    """Return a function from a kind of target to a new place and its options."""

    def new(kind):
        number = next(COUNT)
        if kind == "s3":
            options = request.getfixturevalue("s3")
            return f"s3://{BUCKET}/{tmp_path.name}-{number}/models", options
        return {
            "local": (str(tmp_path / f"store{number}"), None),
            "memory": (f"memory://{tmp_path.name}-{number}/models", None),
            "zip": (str(tmp_path / f"store{number}.zip"), None),
            "renaming": (f"file://{tmp_path}/renamed{number}", None),
        }[kind]

    return new


@pytest.fixture(params=KINDS)
def kind(request):
    """A kind of storage target."""
    return request.param


@pytest.fixture
def target(kind, place):
    """An empty storage target."""
    url, options = place(kind)
    # SFTP is of this kind; here it is tried on the disk.
    return RenamingTarget(url) if kind == "renaming" else open_target(url, options)
