"""Signatures by a pair of keys: what the public one checks, it cannot make."""

import builtins
import json
import shutil
import subprocess

import numpy as np
import pytest

from tests.persistence.forging import forged
from windu import Metastore, WinduEstimator, inspect, load, load_part, save
from windu.exceptions import IntegrityError, MissingLibraryError, PersistenceError
from windu.persistence.format.signature import sign

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
Y = np.where(X[:, 0] > 0, "good", "bad")


def pair(seed):
    """Return the private and the public key in PEM."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return written(private), written(private.public_key())


def written(key, password=None):
    """Return a key in PEM."""
    if hasattr(key, "public_key"):
        hidden = (
            forms.BestAvailableEncryption(password)
            if password
            else forms.NoEncryption()
        )
        return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, hidden)
    form = forms.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(forms.Encoding.PEM, form)


PRIVATE, PUBLIC = pair(1)
OTHER_PRIVATE, OTHER_PUBLIC = pair(2)


@pytest.fixture(scope="module")
def fitted():
    """A fitted estimator."""
    return WinduEstimator("linear").fit(X, Y)


@pytest.fixture(scope="module")
def signed(fitted, tmp_path_factory):
    """A file that was signed with the private key."""
    path = tmp_path_factory.mktemp("signed") / "est.windu"
    return save(fitted, path, key=PRIVATE)


def test_either_key_opens(signed, fitted, tmp_path, monkeypatch):
    """As text, bytes, file, and from the environment."""
    file = tmp_path / "key.pub"
    file.write_bytes(PUBLIC)
    for key in (PUBLIC, PUBLIC.decode(), file, PRIVATE, None):
        assert load(signed, key=key).task_ == "binary"
    assert "signed" in str(inspect(signed, key=PUBLIC))
    monkeypatch.setenv("WINDU_KEY", PUBLIC.decode())
    assert load(signed).task_ == "binary"
    monkeypatch.setenv("WINDU_KEY", OTHER_PUBLIC.decode())
    with pytest.raises(IntegrityError, match="another signature"):
        load(signed)
    monkeypatch.delenv("WINDU_KEY")
    monkeypatch.setenv("WINDU_KEY_FILE", str(file))
    assert load(signed).task_ == "binary"
    with pytest.raises(PersistenceError, match="needs the private key"):
        save(fitted, tmp_path / "est.windu")


def test_no_downgrade(signed, fitted, tmp_path):
    """Neither no signature, nor one by a secret, passes for one by a pair."""
    secret = "a secret of at least 16 bytes"
    plain = save(fitted, tmp_path / "plain.windu")
    by_secret = save(fitted, tmp_path / "secret.windu", key=secret)
    stripped = forged(signed, {}, tmp_path / "stripped.windu")
    for path in (plain, by_secret, stripped):
        for read in (load, inspect, lambda p, key: load_part(p, "schema", key=key)):
            with pytest.raises(IntegrityError, match="must be signed with your key"):
                read(path, key=PUBLIC)
    for key in (secret, OTHER_PUBLIC, OTHER_PRIVATE):
        with pytest.raises(IntegrityError, match="another signature"):
            load(signed, key=key)


def test_the_public_key_is_no_secret(fitted, tmp_path, monkeypatch):
    """An HMAC with the public key, which everybody has, is refused."""
    with monkeypatch.context() as patched:
        patched.setattr("windu.persistence.format.signature.is_pair", lambda _: False)
        path = save(fitted, tmp_path / "est.windu", key=PUBLIC)
        assert load(path, key=PUBLIC).task_ == "binary"
    with pytest.raises(IntegrityError, match="another signature"):
        load(path, key=PUBLIC)


def test_edits_and_replays(fitted, tmp_path):
    """200 edits, other signatures, and the manifest of another signed run."""
    folder = save(fitted, tmp_path / "est", key=PRIVATE)
    manifest = folder / "manifest.json"
    good = manifest.read_bytes()
    for position in RNG.choice(len(good), 200, replace=False):
        bad = bytearray(good)
        bad[position] ^= 1 << RNG.integers(8)
        manifest.write_bytes(bytes(bad))
        with pytest.raises(IntegrityError):
            load(folder, key=PUBLIC)
    stated = json.loads(good)
    right = stated["signature"]
    others = ["0" * 128, "", None, 0, [], right[:64], right.upper(), f" {right}", "ü"]
    others += [right + right, sign(stated["digest"], OTHER_PRIVATE), right[::-1]]
    for signature in others:
        text = json.dumps(stated | {"signature": signature}, indent=1, sort_keys=True)
        manifest.write_text(text + "\n")
        with pytest.raises(IntegrityError):
            load(folder, key=PUBLIC)
    other = save(
        WinduEstimator("linear").fit(X, Y == "bad"), tmp_path / "b", key=PRIVATE
    )
    shutil.copy(other / "manifest.json", manifest)
    with pytest.raises(IntegrityError, match="damaged or was edited"):
        load(folder, key=PUBLIC)
    stated["signature"] = json.loads((other / "manifest.json").read_bytes())[
        "signature"
    ]
    manifest.write_text(json.dumps(stated, indent=1, sort_keys=True) + "\n")
    with pytest.raises(IntegrityError, match="another signature"):
        load(folder, key=PUBLIC)
    manifest.write_bytes(good)
    assert load(folder, key=PUBLIC).task_ == "binary"


def test_a_store_that_others_read(fitted, tmp_path):
    """The private key writes, the public one reads, and cannot write."""
    Metastore(tmp_path, key=PRIVATE).save(fitted, "credit", alias="production")
    store = Metastore(tmp_path, key=PUBLIC)
    assert store.load("credit@production").task_ == "binary"
    with pytest.raises(PersistenceError, match="needs the private key"):
        store.save(fitted, "credit")
    assert len(store.runs()) == 1
    stranger = Metastore(tmp_path, key=OTHER_PRIVATE)
    with pytest.raises(IntegrityError, match="another signature"):
        stranger.load("credit@production")


@pytest.mark.parametrize(
    ("key", "got"),
    [
        (written(ec.generate_private_key(ec.SECP256R1())), "ECPrivateKey"),
        (written(ed25519.Ed25519PrivateKey.generate(), b"word"), "Password"),
        (PRIVATE[:60], "Error"),
        (b"-----BEGIN PUBLIC KEY-----\nno\n-----END PUBLIC KEY-----\n", "Error"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nno\n", "Error"),
    ],
)
def test_other_keys(key, got, fitted, tmp_path):
    """What is in PEM and no key of ed25519 is never taken for a secret."""
    path = save(fitted, tmp_path / "est.windu")
    with pytest.raises(PersistenceError, match=rf"must be one of ed25519.*{got}"):
        load(path, key=key)


def test_keys_of_openssl(fitted, tmp_path):
    """The commands of the guide make keys that work."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    private, public = tmp_path / "key.pem", tmp_path / "key.pub"
    for command in (
        ["genpkey", "-algorithm", "ed25519", "-out", private],
        ["pkey", "-in", private, "-pubout", "-out", public],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    path = save(fitted, tmp_path / "est.windu", key=private)
    assert load(path, key=public).task_ == "binary"


def test_without_the_package(signed, monkeypatch):
    """It says what to install, and a secret needs nothing."""
    imported = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "cryptography":
            raise ImportError(f"No module named {name!r}")
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingLibraryError, match=r"pip install 'windu\[ed25519\]'"):
        load(signed, key=PUBLIC)
    with pytest.raises(IntegrityError, match="another signature"):
        load(signed, key="a secret of at least 16 bytes")
