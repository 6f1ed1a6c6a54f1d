"""Runs of a few bytes, for tests of the store alone."""

import hashlib

from windu.metastore.copies import Copies
from windu.metastore.saving import join, store_files
from windu.persistence.format.manifest import MANIFEST, Manifest

VERSIONS = {"windu": "0.1.0"}


def make_files(text, key=None, **lineage):
    """Return the files of a run whose two artifacts follow from a text."""
    made = {
        "metrics.json": hashlib.sha256(text.encode()).hexdigest().encode() * 20,
        "model.skops": text.encode() * 50,
    }
    manifest = Manifest.of(made, VERSIONS, {"text": text, **lineage}, key)
    return {**made, MANIFEST: manifest.to_bytes()}


def save(store, name, text, alias=None):
    """Store a run that follows from a text; return where it is."""
    join(store._copies)
    files = make_files(text, store._copies.key)
    return store_files(store._copies, name, alias, files)[0]


def load(store, reference):
    """Return the text of a run, of which every byte must be its own."""

    def read(run):
        return run.manifest, {name: run.read(name) for name in run.manifest.artifacts}

    manifest, files = store._read(reference, read, level=3)
    text = manifest.lineage["text"]
    expected = make_files(text)
    assert files == {name: expected[name] for name in files}
    return text


def whole(store, texts):
    """Assert that a store has just these runs, by version, and each of them whole."""
    for reference, text in texts.items():
        assert load(store, reference) == text


__all__ = ["Copies", "load", "make_files", "save", "whole"]
