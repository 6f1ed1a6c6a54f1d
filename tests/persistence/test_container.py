"""The one-file form: an ordinary zip, in one layout."""

import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.persistence.forging import archive_of
from windu.exceptions import IntegrityError, PersistenceError
from windu.persistence.format import container
from windu.persistence.format.container import check_archive, pack, unpack

NAMES = st.text(st.characters(codec="ascii", exclude_characters="\0/"), min_size=1)
MEMBERS = st.dictionaries(NAMES, st.binary(max_size=200), max_size=5)


@given(MEMBERS)
def test_what_is_packed_comes_back(members):
    """In order; and it is a zip for everybody else."""
    data = pack(members)
    assert {name: bytes(held) for name, held in unpack(data).items()} == members
    with zipfile.ZipFile(BytesIO(data)) as file:
        assert file.testzip() is None
        assert file.namelist() == list(members)
        assert all(file.read(name) == held for name, held in members.items())


@given(MEMBERS.filter(bool), st.data())
def test_every_byte_outside_the_members_counts(members, drawn):
    """One changed bit of a header is another file."""
    data = pack(members)
    position = drawn.draw(st.integers(0, len(data) - 1))
    bad = bytearray(data)
    bad[position] ^= 1 << drawn.draw(st.integers(0, 7))
    try:
        found = unpack(bytes(bad))
    except IntegrityError:
        return
    # It was inside a member, which the manifest knows.
    assert {name: len(held) for name, held in found.items()} == {
        name: len(held) for name, held in members.items()
    }
    assert {name: bytes(held) for name, held in found.items()} != members


def test_sizes_that_lie():
    """Members that reach behind the file, or over each other."""
    data = pack({"a": b"12345", "b": b"67890"})
    for size in (2**32 - 1, 6, 4, 0):
        bad = bytearray(data)
        struct.pack_into("<L", bad, 18, size)
        struct.pack_into("<L", bad, 22, size)
        with pytest.raises(IntegrityError):
            unpack(bytes(bad))
    for length in range(len(data)):
        with pytest.raises(IntegrityError):
            unpack(data[:length])


def test_names_that_stand_twice():
    """Two members of one name are no run."""
    data = pack({"aa": b"1", "ab": b"2"})
    with pytest.raises(IntegrityError):
        unpack(data.replace(b"ab", b"aa"))


def test_too_large_for_one_file(monkeypatch):
    """The error says what holds more."""
    monkeypatch.setattr(container, "MAX_FILE", 10)
    with pytest.raises(PersistenceError, match="Save to a folder"):
        pack({"a": bytes(11)})


@pytest.mark.parametrize("gap", [b"\0", b"something hidden"])
def test_nothing_hides_between_members_and_directory(gap):
    """Also where the directory says that it is there."""
    data = pack({"a": b"12345"})
    start = data.index(b"PK\1\2")
    bad = bytearray(data[:start] + gap + data[start:])
    place = len(bad) - 6
    struct.pack_into("<L", bad, place, start + len(gap))
    with zipfile.ZipFile(BytesIO(bytes(bad))) as file:
        assert file.read("a") == b"12345"
    with pytest.raises(IntegrityError):
        unpack(bytes(bad))


def test_an_archive_of_skops_names_each_member_once():
    """Of two, another tool might read the other."""
    header = BytesIO()
    np.save(header, np.zeros(2))
    members = {"1.npy": header.getvalue(), "2.npy": header.getvalue()}
    data = archive_of(members | {"schema.json": b"{}"})
    check_archive(data, "it")
    with pytest.raises(IntegrityError, match="it has 3 members, 2 by name"):
        check_archive(data.replace(b"2.npy", b"1.npy"), "it")


def test_nesting_has_a_bound():
    """Files of earlier versions may be as deep as it says."""
    check_archive(archive_of({"schema.json": b"[" * 400 + b"]" * 400}), "it")
    with pytest.raises(IntegrityError, match="its JSON is nested 401 deep"):
        check_archive(archive_of({"schema.json": b"[" * 401 + b"]" * 401}), "it")
