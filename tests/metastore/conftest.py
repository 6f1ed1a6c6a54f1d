"""Storage targets of every kind."""

import itertools

import pytest

from tests.conftest import BUCKET
from windu.metastore.places import RenamingTarget, open_target

COUNT = itertools.count()
KINDS = ("local", "memory", "zip", "renaming", "s3")


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
