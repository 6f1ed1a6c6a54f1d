"""The format can grow: files of today load tomorrow, and those of tomorrow today."""

import json
from io import BytesIO

import numpy as np
import pytest
from pyarrow import parquet

from tests.persistence.forging import artifacts_of
from tests.persistence.test_golden import GOLDEN, X, quietly
from windu import Metastore, WinduEstimator, inspect, load, save
from windu.exceptions import VersionError
from windu.metastore.records import VersionRecord
from windu.persistence.format import manifest as manifests
from windu.persistence.format.container import pack
from windu.persistence.format.manifest import (
    MANIFEST,
    Manifest,
    canonical_json,
    digest_of_fields,
)
from windu.persistence.format.runs import open_path
from windu.schema.columns import TableSchema

SEAL = ("digest", "signature")
LATER = {"of_a_newer_windu": [1, {"a": None}]}


def rewritten(path, out, change=lambda fields: fields, artifacts=None):
    """Write a run whose manifest states something else, with a digest that fits."""
    made = artifacts_of(path) | (artifacts or {})
    run = open_path(path)
    fields = Manifest.of(made, run.manifest.versions, run.manifest.lineage).model_dump()
    fields = change({k: v for k, v in fields.items() if k not in SEAL})
    sealed = fields | {"digest": digest_of_fields(fields), "signature": None}
    out.write_bytes(pack(made | {MANIFEST: canonical_json(sealed, indent=1)}))
    return out


def with_new_fields(path):
    """Return the artifacts of a run with a field more wherever one may be."""
    made = artifacts_of(path)
    for name in ("schema.json", "feature_schema.json"):
        table = json.loads(made[name]) | LATER
        table["columns"] = [column | LATER for column in table["columns"]]
        made[name] = json.dumps(table).encode()
    made["columns.json"] = json.dumps(json.loads(made["columns.json"]) | LATER).encode()
    table = parquet.read_table(BytesIO(made["example.parquet"]))
    notes = [note | LATER for note in json.loads(table.schema.metadata[b"windu"])]
    table = table.replace_schema_metadata({b"windu": json.dumps(notes).encode()})
    buffer = BytesIO()
    parquet.write_table(table, buffer)
    return made | {"example.parquet": buffer.getvalue()}


def predictions(est):
    """Return what a golden run predicts for the penguins."""
    regression = est.task_ == "regression"
    return est.predict(X.drop(columns="body_mass_g") if regression else X)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_optional_fields_of_a_newer_windu_are_kept(path, tmp_path):
    """In the manifest, of an artifact, a schema, a column and the example."""

    def change(fields):
        fields["artifacts"]["schema.json"].update(LATER)
        return fields | LATER

    newer = rewritten(path, tmp_path / "new.windu", change, with_new_fields(path))
    assert inspect(newer).manifest["of_a_newer_windu"] == LATER["of_a_newer_windu"]
    loaded = quietly(newer)
    np.testing.assert_array_equal(predictions(loaded), predictions(quietly(path)))
    again = quietly(save(loaded, tmp_path / "again.windu"))
    assert again._table_schema.columns[0].model_extra == LATER


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_a_new_number_leaves_the_old_ones_readable(path, tmp_path, monkeypatch):
    """Each number has a reader; what format 1 called lineage has another name here."""

    def read_2(fields):
        return Manifest.model_validate(
            {k: v for k, v in fields.items() if k != "origin"}
            | {"lineage": fields["origin"]}
        )

    def change(fields):
        origin = fields.pop("lineage")
        return fields | {"format": 2, "origin": origin}

    newer = rewritten(path, tmp_path / "new.windu", change)
    with pytest.raises(VersionError, match="of format 1 at most. Got 2"):
        load(newer)
    monkeypatch.setattr(manifests, "FORMAT", 2)
    monkeypatch.setitem(manifests._READERS, 2, read_2)
    expected = predictions(quietly(path))
    np.testing.assert_array_equal(predictions(quietly(newer)), expected)


def test_records_of_a_newer_windu():
    """A field more is kept, a newer number is told."""
    record = VersionRecord(
        time="now", name="credit", version=3, run="x", manifest="0" * 64
    )
    fields = {**record.model_dump(), **LATER}
    sealed = fields | {"digest": digest_of_fields(fields), "signature": None}
    read = VersionRecord.of_bytes(canonical_json(sealed), "It")
    assert read.model_extra == LATER
    assert read.to_bytes() == canonical_json(sealed)
    fields["format"] = 2
    sealed = fields | {"digest": digest_of_fields(fields), "signature": None}
    with pytest.raises(VersionError, match="It must be of format 1 at most. Got 2"):
        VersionRecord.of_bytes(canonical_json(sealed), "It")


def test_schemas_of_a_newer_windu():
    """A newer number is told."""
    est = WinduEstimator("linear").fit({"a": [1, 2, 3, 4]}, [0, 1, 0, 1])
    text = json.loads(est._table_schema.to_json()) | {"format": 2}
    with pytest.raises(VersionError, match="of format 1 at most. Got 2"):
        TableSchema.from_json(json.dumps(text))


def test_a_store_reads_a_run_of_a_newer_windu(tmp_path):
    """A store compares what it holds by digests, not by what it would write."""
    est = WinduEstimator("linear").fit({"a": [1, 2, 3, 4]}, [0, 1, 0, 1])
    store = Metastore(tmp_path)
    run = store.save(est, name="credit")
    (folder,) = (path.parent for path in tmp_path.rglob(MANIFEST))
    fields = json.loads((folder / MANIFEST).read_bytes()) | LATER
    bare = {k: v for k, v in fields.items() if k not in SEAL}
    sealed = bare | {"digest": digest_of_fields(bare), "signature": None}
    (folder / MANIFEST).write_bytes(canonical_json(sealed, indent=1))
    assert store.load(run.id).predict({"a": [1, 4]}).tolist() == [0, 1]
