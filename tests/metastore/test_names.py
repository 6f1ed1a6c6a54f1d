"""Names, references, URLs: nothing leads out, nothing secret is told."""

import sys

import pytest

from tests.metastore.raw import save
from windu.exceptions import MetastoreError, StorageError, WinduError
from windu.metastore import Metastore
from windu.metastore.places import open_target
from windu.metastore.records import Reference, read_reference

PARTS = [
    *("..", ".", "", "/", "\\", "~", ".hidden", "...", "../x", "x/..", "x/../../y"),
    *("/etc/passwd", "\\\\host\\share", "C:\\x", "C:/x", "file:///etc", "s3://b/k"),
    *(
        "a\0b",
        "a\nb",
        "a\rb",
        "a\tb",
        "a b",
        " a",
        "a ",
        "a\x7fb",
        "a\x1b[0m",
        "\ufeffa",
    ),
    *(
        "ü",
        "Ⅷ",
        "\u0663",
        "\uff11",
        "a\u200bb",
        "a\u202eb",
        "\u2024\u2024",
        "\uff0e\uff0e",
    ),
    *("%2e%2e", "%2F", "a%00", "$HOME", "${x}", "`x`", "$(x)", "a;b", "a|b", "a&b"),
    *("a*", "a?", "[a]", "{a}", "<a>", "'a'", '"a"', "a,b", "a:b", "a=b", "a#b", "a!"),
    *("x" * 101, "-" * 1000, "\ud800", "a" * 100 + "/", "con:", "a::b", "zip::x"),
]
HOSTILE = [
    *PARTS,
    *(f"credit@{part}" for part in PARTS),
    *(f"{part}@3" for part in PARTS),
    *("credit@0", "credit@03", "credit@-1", "credit@3.0", "credit@1e3", "credit@+3"),
    *("credit@3@4", "@", "@3", "credit@1000000000", "credit@٣", "@production"),
]
OTHERS = [None, 3, b"credit", ("credit", 3), float("nan"), object()]


@pytest.mark.parametrize("kind", ["local", "memory", "zip"])
def test_hostile_references(kind, place, tmp_path, monkeypatch):
    """Each is refused by every method, and no file appears anywhere."""
    monkeypatch.chdir(tmp_path)
    store = Metastore(place(kind)[0])
    save(store, "credit", "one")
    before = sorted(map(str, tmp_path.rglob("*")))
    assert len(HOSTILE) >= 200
    for text in [*HOSTILE, *OTHERS]:
        for method in (
            store.load,
            store.open,
            store.delete,
            store.lineage,
            store.remove_alias,
            lambda text: store.alias(text, "production"),
            lambda text: store.load_part(text, "model"),
            lambda text: store.save(object(), "credit", parent=text or 0),
        ):
            with pytest.raises(WinduError):
                method(text)
    assert sorted(map(str, tmp_path.rglob("*"))) == before
    assert store.runs()["reference"].tolist() == ["credit@1"]


@pytest.mark.parametrize("text", [*PARTS, *OTHERS])
def test_hostile_names_and_aliases(text, tmp_path):
    """None is a name, an alias or a tag."""
    store = Metastore(tmp_path / "store")
    save(store, "credit", "one")
    with pytest.raises(MetastoreError, match="must"):
        store.save(object(), text)
    with pytest.raises(MetastoreError, match="must"):
        store.alias("credit", text)
    with pytest.raises(MetastoreError, match="must"):
        store.save(object(), "credit", tags={text: "x"})
    with pytest.raises(WinduError):
        store.runs(text if text is not None else "")


@pytest.mark.parametrize("alias", ["3", "007", "latest"])
def test_an_alias_is_no_version(alias, tmp_path):
    """A number and 'latest' mean versions."""
    with pytest.raises(MetastoreError, match="must not be a number or 'latest'"):
        Metastore(tmp_path).alias("credit", alias)


def test_a_name_is_no_id(tmp_path):
    """A name that looks like the id of a run would hide that run."""
    with pytest.raises(MetastoreError, match="must not look like the id of a run"):
        Metastore(tmp_path).save(object(), "20260101T120000000000-0a1b2c3d")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("credit", Reference("credit", bare=True)),
        ("credit@latest", Reference("credit")),
        ("credit@12", Reference("credit", 12)),
        ("a.b-c_D@prod.eu-1", Reference("a.b-c_D", alias="prod.eu-1")),
    ],
)
def test_references(text, expected):
    """Name, version and alias are told apart."""
    assert read_reference(text) == expected


@pytest.mark.parametrize(
    ("place", "match"),
    [
        ("http://host/x", "must be one of"),
        ("sfpt://host/x", "Did you mean 'sftp'"),
        ("github://me:repo@/x", "must be one of"),
        ("simplecache::s3://bucket/x", "without '::'"),
        ("zip://x.zip::s3://u:pw@bucket/x", "without '::'"),
        ("", "must be a path or a URL"),
        (None, "must be a path or a URL"),
        (b"x", "must be a path or a URL"),
    ],
)
def test_places_that_are_none(place, match):
    """Only schemes of the list, and one at a time; no password in the message."""
    with pytest.raises(MetastoreError, match=match) as caught:
        Metastore(place)
    assert "pw" not in str(caught.value)


def test_a_library_that_is_not_installed(monkeypatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MetastoreError, match=r"pip install 'windu\[gcs\]'"):
        open_target("gs://bucket/x")


def test_options_of_a_folder(tmp_path):
    """A folder has none; they were meant for something else."""
    with pytest.raises(MetastoreError, match="storage_options are for a URL"):
        Metastore(tmp_path, storage_options={"key": "x"})


def test_mirrors_are_other_places(tmp_path):
    """A list of them, without the first target."""
    with pytest.raises(MetastoreError, match="must be another place"):
        Metastore(tmp_path, mirrors=[tmp_path])
    with pytest.raises(MetastoreError, match="mirrors must be a list"):
        Metastore(tmp_path, mirrors="backup")


SECRETS = ("hunter2-password", "AKIA-THE-ID", "the-token-itself", "inner-secret")


def make_leaky(monkeypatch):
    """Return a store whose storage tells its credentials in every error."""
    store = Metastore(
        "memory://user:hunter2-password@host/models",
        storage_options={
            "key": "AKIA-THE-ID",
            "token": "the-token-itself",
            "client_kwargs": {"deep": ["inner-secret"]},
            "endpoint_url": "http://u:hunter2-password@host",
        },
    )

    def leak(*_):
        raise ConnectionError(
            f"cannot reach s3://user:hunter2-password@host with {SECRETS}"
        )

    monkeypatch.setattr(store._copies.first, "_at", leak)
    return store


def test_no_credentials_anywhere(monkeypatch, capsys, caplog):
    """Not in repr, messages, causes, warnings or logs."""
    store = make_leaky(monkeypatch)
    told = [repr(store), str(store), repr(store._copies.first.label)]
    for method in (store.load, store.delete, store.find, store.runs):
        with pytest.raises(StorageError) as caught:
            method("credit")
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        told += [str(error), repr(error), error.__reduce__()[1][0]]
    told += [store.verify().to_string(), store.sync().to_string(), caplog.text]
    told += capsys.readouterr()
    for text in told:
        for secret in SECRETS:
            assert secret not in text
    assert "memory://***@host/models" in repr(store)


def test_options_that_are_no_secrets_stay(tmp_path):
    """A region in a message is of use."""
    target = open_target("memory://x", {"region": "eu-west-1", "secret": "abcdef"})
    assert target.secrets == ("abcdef",)


def test_no_credentials_on_the_disk(tmp_path):
    """What is written holds nothing of the options."""
    store = Metastore(
        tmp_path / "store",
        mirrors=[("memory://no-credentials", {"token": "the-token-itself"})],
    )
    save(store, "credit", "one", alias="production")
    for path in (tmp_path / "store").rglob("*.*"):
        assert b"the-token-itself" not in path.read_bytes()
