"""One contract for every storage target."""

import errno
import os
import threading
import time
import zipfile

import pytest

from windu.exceptions import IntegrityError, MetastoreError, StorageError
from windu.metastore.local import LocalTarget, ZipTarget
from windu.metastore.places import FileSystemTarget
from windu.metastore.target import Listed

CAP = 10_000


class TestContract:
    """What holds for a storage target of any kind."""

    @pytest.mark.slow
    def test_what_is_written_is_read(self, target):
        """Bytes come back as they are, also none at all."""
        files = {"runs/a/model.skops": bytes(range(256)) * 9, "runs/a/empty": b""}
        target.write(files)
        assert {key: target.read(key, CAP) for key in files} == files

    def test_a_file_is_replaced(self, target):
        """A second write takes the place of the first."""
        target.write({"aliases/credit/production.json": b"a longer one"})
        target.write({"aliases/credit/production.json": b"b"})
        assert target.read("aliases/credit/production.json", CAP) == b"b"

    @pytest.mark.parametrize("key", ["none", "runs/none", "runs/a/b/c"])
    def test_what_is_not_there(self, target, key):
        """It is a FileNotFoundError to read it, and no error to remove it."""
        for _ in range(2):
            with pytest.raises(FileNotFoundError):
                target.read(key, CAP)
            target.delete([key])
            assert target.list("runs") == {}
            target.write({"mirror.json": b"there is a store now"})

    def test_a_file_above_the_cap(self, target):
        """No more than the cap and one byte is read."""
        target.write({"runs/a/model.skops": b"x" * 100})
        assert len(target.read("runs/a/model.skops", 100)) == 100
        with pytest.raises(IntegrityError, match="must have at most 99 bytes"):
            target.read("runs/a/model.skops", 99)

    def test_a_claim_has_one_winner(self, target):
        """Of writers at the same time one creates the file; the others are told."""
        won = []

        def claim(number):
            for version in range(5):
                try:
                    target.create(f"names/credit/{version}.json", b"%d" % number)
                except FileExistsError:
                    continue
                won.append((version, number))

        threads = [threading.Thread(target=claim, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(version for version, _ in won) == list(range(5))
        for version, number in won:
            held = target.read(f"names/credit/{version}.json", CAP)
            assert held == b"%d" % number

    def test_a_listing_is_of_one_folder(self, target):
        """Names, sizes and times of what is in it, however deep; nothing beside."""
        start = time.time()
        target.write(
            {"runs/a/x": b"1", "runs/b/y": b"22", "runs2/c": b"", "names/n/1.json": b""}
        )
        listed = target.list("runs")
        assert {key: one.bytes for key, one in listed.items()} == {
            "runs/a/x": 1,
            "runs/b/y": 2,
        }
        for one in listed.values():
            assert isinstance(one, Listed)
            assert start - 3 < one.modified < time.time() + 3
        assert list(target.list("runs/b")) == ["runs/b/y"]

    def test_removed_files_are_gone(self, target):
        """The others stay, and the folder can be filled again."""
        target.write({"runs/a/x": b"1", "runs/a/y": b"2"})
        target.delete(["runs/a/x", "runs/a/x"])
        assert list(target.list("runs")) == ["runs/a/y"]
        target.delete(["runs/a/y"])
        target.write({"runs/a/z": b"3"})
        assert list(target.list("runs")) == ["runs/a/z"]

    @pytest.mark.parametrize(
        "key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\0", "ü"]
    )
    def test_a_key_stays_inside(self, target, key):
        """What is no key is refused by every operation."""
        operations = [
            lambda: target.read(key, CAP),
            lambda: target.write({key: b""}),
            lambda: target.create(key, b""),
            lambda: target.delete([key]),
            lambda: target.list(key),
        ]
        for operation in operations:
            with pytest.raises(MetastoreError, match="letters, digits"):
                operation()


def test_a_file_system_without_links(tmp_path, monkeypatch):
    """There the file itself is opened by one writer only."""

    def refused(*_):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refused)
    target = LocalTarget(tmp_path)
    target.create("names/credit/1.json", b"one")
    with pytest.raises(FileExistsError):
        target.create("names/credit/1.json", b"two")
    assert target.read("names/credit/1.json", CAP) == b"one"


def test_a_link_does_not_lead_out_of_a_folder(tmp_path):
    """Nothing is read, written or removed through a link of the store."""
    (tmp_path / "outside").mkdir()
    secret = tmp_path / "outside" / "x"
    secret.write_bytes(b"secret")
    target = LocalTarget(tmp_path / "store")
    target.write({"runs/b/x": b"1"})
    os.symlink(tmp_path / "outside", tmp_path / "store" / "runs" / "a")
    for operation in [
        lambda: target.read("runs/a/x", CAP),
        lambda: target.write({"runs/a/x": b""}),
        lambda: target.delete(["runs/a/x"]),
    ]:
        with pytest.raises(StorageError, match="leads out of the folder"):
            operation()
    assert secret.read_bytes() == b"secret"
    assert list(target.list("runs")) == ["runs/b/x"]


def test_a_pipe_is_no_file(tmp_path):
    """Reading does not wait for a writer that never comes."""
    (tmp_path / "runs").mkdir()
    os.mkfifo(tmp_path / "runs" / "x")
    with pytest.raises(StorageError, match="is not a file"):
        LocalTarget(tmp_path).read("runs/x", CAP)


def test_a_folder_that_is_a_file(tmp_path):
    """A clear error, and not a version that seems to be taken."""
    (tmp_path / "store").write_bytes(b"")
    target = LocalTarget(tmp_path / "store")
    for write in (lambda: target.create("a/b", b""), lambda: target.write({"a": b""})):
        with pytest.raises(StorageError, match="must be writable"):
            write()


def test_a_store_that_overwrites_is_found_out(tmp_path):
    """A target where two writers win cannot give versions."""

    class Overwriting(FileSystemTarget):
        def _claim(self, fs, path, data):
            fs.pipe_file(path, data)

    target = Overwriting("memory://overwriting")
    with pytest.raises(StorageError, match="must let one of several writers win"):
        target.create("names/credit/1.json", b"")


class TestZip:
    """What is special about a zip."""

    def test_a_broken_zip(self, tmp_path):
        """It is told, and never written over."""
        path = tmp_path / "store.zip"
        path.write_bytes(b"not a zip")
        target = ZipTarget(path)
        with pytest.raises(IntegrityError, match="It is damaged"):
            target.read("runs/x", CAP)
        with pytest.raises(StorageError, match="must be writable"):
            target.write({"runs/x": b""})
        assert path.read_bytes() == b"not a zip"

    def test_a_zip_that_unpacks_to_more_than_it_has(self, tmp_path):
        """Nothing is written anew from a bomb."""
        path = tmp_path / "store.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("runs/a/x", bytes(10**7))
        target = ZipTarget(path)
        with pytest.raises(IntegrityError, match="at most 10000 bytes"):
            target.read("runs/a/x", CAP)
        with pytest.raises(StorageError, match="claim more bytes"):
            target.write({"runs/b/x": b""})

    def test_a_writer_waits_for_the_other(self, tmp_path, monkeypatch):
        """One that waits too long says so."""
        monkeypatch.setattr("windu.metastore.local._PATIENCE", 0.05)
        target = ZipTarget(tmp_path / "store.zip")
        with (
            target._locked(),
            pytest.raises(StorageError, match="another process has written"),
        ):
            ZipTarget(tmp_path / "store.zip").write({"runs/x": b""})
        target.write({"runs/x": b"1"})

    def test_one_damaged_member(self, tmp_path):
        """It is refused; the others are read, and writing mends it."""
        target = ZipTarget(tmp_path / "store.zip")
        target.write({"runs/a/x": b"first", "runs/a/y": b"other"})
        data = (tmp_path / "store.zip").read_bytes()
        (tmp_path / "store.zip").write_bytes(data.replace(b"first", b"fIrst", 1))
        with pytest.raises(IntegrityError, match="It is damaged"):
            target.read("runs/a/x", CAP)
        assert target.read("runs/a/y", CAP) == b"other"
        target.write({"runs/a/x": b"first"})
        assert target.read("runs/a/x", CAP) == b"first"
        assert target.read("runs/a/y", CAP) == b"other"
