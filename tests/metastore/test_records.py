"""Records: what is not just as windu wrote it is refused."""

import json

import pytest

from tests.metastore.raw import load, save
from windu.exceptions import IntegrityError
from windu.metastore import Metastore
from windu.metastore.records import AliasRecord, DeletedRecord, VersionRecord

KEY = b"a key of enough bytes"
RECORD = VersionRecord(
    time="2026-01-01T00:00:00.000+00:00",
    name="credit",
    version=3,
    run="20260101T120000000000-0a1b2c3d",
    manifest="0" * 64,
)


@pytest.mark.parametrize("key", [None, KEY])
def test_there_and_back(key):
    """A record is read as it was written."""
    assert VersionRecord.of_bytes(RECORD.to_bytes(key), "It", key) == RECORD


@pytest.mark.parametrize("key", [None, KEY])
def test_every_edit_is_seen(key):
    """Each byte left out, doubled or changed is an IntegrityError."""
    data = RECORD.to_bytes(key)
    for i in range(len(data)):
        for edited in (
            data[:i] + data[i + 1 :],
            data[:i] + data[i : i + 1] + data[i:],
            data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :],
            data[:i] + b" " + data[i:],
            data[:i],
        ):
            if edited == data:
                continue
            with pytest.raises(IntegrityError):
                VersionRecord.of_bytes(edited, "It", key)


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"",
            b"[]",
            b"null",
            b"{}",
            b"3",
            b'"x"',
            b"\xff",
            b"[" * 9000,
            b'{"a":' * 3000,
        ),
        json.dumps({"digest": "x", "signature": None, "format": 2}).encode(),
    ],
)
def test_what_is_no_record(data):
    """Any other bytes are refused in the same way."""
    with pytest.raises(IntegrityError, match="as windu wrote it"):
        VersionRecord.of_bytes(data, "It")


def test_a_record_of_another_kind():
    """An alias is no version, whatever it says."""
    deleted = DeletedRecord(time="now", run="x").to_bytes()
    alias = AliasRecord(time="now", name="a", alias="b", version=1).to_bytes()
    for data in (deleted, alias):
        with pytest.raises(IntegrityError, match="as windu wrote it"):
            VersionRecord.of_bytes(data, "It")


def test_a_key_asks_for_its_signature():
    """None, and one of another key, are refused."""
    for other in (None, b"another key of enough bytes"):
        with pytest.raises(IntegrityError, match="must be signed with your key"):
            VersionRecord.of_bytes(RECORD.to_bytes(other), "It", KEY)


class TestSignedStore:
    """With a key, nothing signed for one place is good for another."""

    @pytest.fixture
    def store(self, tmp_path):
        store = Metastore(tmp_path, key=KEY)
        save(store, "credit", "one", alias="production")
        save(store, "credit", "two")
        save(store, "other", "three")
        return store

    def test_signed_and_read(self, store, tmp_path):
        """With the key, and without one; not with another."""
        assert load(store, "credit@production") == "one"
        assert Metastore(tmp_path).open("credit@2").manifest.lineage["text"] == "two"
        wrong = Metastore(tmp_path, key=b"another key of enough bytes")
        with pytest.raises(IntegrityError, match="must be signed with your key"):
            wrong.load("credit@2")

    @pytest.mark.parametrize(
        ("source", "place"),
        [
            ("names/credit/1.json", "names/credit/2.json"),
            ("names/other/1.json", "names/credit/2.json"),
            ("names/credit/2.json", "names/credit/9.json"),
        ],
    )
    def test_a_version_of_another_place(self, store, tmp_path, source, place):
        """A good record that was copied elsewhere is refused."""
        (tmp_path / place).write_bytes((tmp_path / source).read_bytes())
        version = place.split("/")[2].removesuffix(".json")
        with pytest.raises(IntegrityError, match="it was moved"):
            store.load(f"credit@{version}")

    def test_another_signed_run(self, store, tmp_path):
        """A whole run in the place of another is refused."""
        first, second = sorted((tmp_path / "runs").iterdir())[:2]
        for file in first.iterdir():
            (second / file.name).write_bytes(file.read_bytes())
        with pytest.raises(IntegrityError, match="it was exchanged"):
            store.load("credit@2")
        assert load(store, "credit@1") == "one"

    def test_an_unsigned_store_beside(self, store, tmp_path):
        """Who has no key can write, and is not believed."""
        forger = Metastore(tmp_path)
        save(forger, "credit", "forged", alias="production")
        for reference in ("credit@3", "credit@production", "credit"):
            with pytest.raises(IntegrityError, match="must be signed with your key"):
                store.load(reference)

    def test_an_unsigned_mark_deletes_nothing(self, store, tmp_path):
        """Neither gc nor repair believes a mark without a signature."""
        run = store.find("credit@2").id
        mark = DeletedRecord(time="now", run=run).to_bytes()
        (tmp_path / "deleted").mkdir()
        (tmp_path / "deleted" / f"{run}.json").write_bytes(mark)
        assert store.gc(older_than="0s").empty
        assert store.repair()["action"].unique().tolist() == ["lost"]
        assert load(store, "credit@2") == "two"
