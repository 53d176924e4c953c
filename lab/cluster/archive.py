"""An image as one file, in the form of the Open Container Initiative (image-layout), which every engine imports."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True, slots=True)
class Archive:
    """``digest``: of its manifest; an engine that has the image under this digest has this one."""

    name: str
    path: Path
    digest: str


def write(path: Path, name: str, layers: Sequence[Path], command: Sequence[str]) -> None:
    digests = [_digest(layer) for layer in layers]
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": list(command), "Env": ["PATH=/usr/bin:/bin", "PYTHONUNBUFFERED=1"]},
            "rootfs": {"type": "layers", "diff_ids": digests},
        }
    )
    parts = [_part(_LAYER, digest, layer.stat().st_size) for layer, digest in zip(layers, digests, strict=True)]
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _part(_CONFIG, _hash(config), len(config)),
            "layers": parts,
        }
    )
    # Engines of old read manifest.json alone; it names the same files.
    old = {"Config": _blob(_hash(config)), "RepoTags": [name], "Layers": [_blob(digest) for digest in digests]}
    annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    index = {**_part(_MANIFEST, _hash(manifest), len(manifest)), "annotations": annotations}
    with tarfile.open(path, "w") as out:
        _add(out, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(out, "index.json", _json({"schemaVersion": 2, "manifests": [index]}))
        _add(out, "manifest.json", _json([old]))
        for content in (config, manifest):
            _add(out, _blob(_hash(content)), content)
        for layer, digest in zip(layers, digests, strict=True):
            out.add(layer, _blob(digest), filter=_plain)


def read(path: Path) -> Archive:
    with tarfile.open(path) as archive:
        member = archive.extractfile("index.json")
        assert member is not None
        (manifest,) = json.load(member)["manifests"]
    return Archive(manifest["annotations"]["io.containerd.image.name"], path, manifest["digest"])


def _part(kind: str, digest: str, size: int) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest, "size": size}


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(out: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    out.addfile(entry, io.BytesIO(content))


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same bytes whoever made it, and when."""
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode = 0, 0, 0, "", "", 0o644
    return entry


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _hash(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
