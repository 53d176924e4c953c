"""Files by their content, in a bucket: S3 and what speaks like it, GCS, Azure."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from oakum.model.blob import Blob
from oakum.model.errors import CallerError, MachineError, TargetError
from oakum.store.blobs import DIGEST, missing, verified

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore, RetryConfig

_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}

IN_MEMORY_BYTES = 8 << 20
"""More than this is written to a temporary file on its way: its address is known only at its end."""


class BucketBlobs:
    """``Blobs`` of the ports. A bucket shows an object whole or not at all: nothing is left half-written."""

    def __init__(self, store: ObjectStore, place: str) -> None:
        self._store, self._place = store, place

    def put(self, parts: Iterable[bytes]) -> str:
        import obstore  # noqa: PLC0415  (an extra)

        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
            file.seek(0)
            name = digest.hexdigest()
            with self._told(name):
                obstore.put(self._store, _key(name), file)
        return name

    def get(self, digest: str) -> bytes:
        import obstore  # noqa: PLC0415

        if not DIGEST.fullmatch(digest):
            raise missing(digest, self._place)
        with self._told(digest):
            content = bytes(obstore.get(self._store, _key(digest)).bytes())
        return verified(content, digest, f"{self._place}/{_key(digest)}")

    def has(self, digest: str) -> bool:
        import obstore  # noqa: PLC0415

        try:
            with self._told(digest):
                obstore.head(self._store, _key(digest))
        except CallerError:
            return False
        return True

    def digests(self) -> Sequence[str]:
        import obstore  # noqa: PLC0415

        with self._told(""):
            names = [row["path"].rpartition("/")[2] for page in obstore.list(self._store) for row in page]
        return sorted(name for name in names if DIGEST.fullmatch(name))

    def kept(self) -> Sequence[Blob]:
        import obstore  # noqa: PLC0415

        with self._told(""):
            found = [_blob(row) for page in obstore.list(self._store) for row in page]
        return sorted((blob for blob in found if DIGEST.fullmatch(blob.digest)), key=lambda blob: blob.digest)

    def remove(self, digest: str, *, put_at_s: float | None = None) -> int:
        import obstore  # noqa: PLC0415

        if not DIGEST.fullmatch(digest):
            return 0
        try:
            with self._told(digest):
                there = _blob(obstore.head(self._store, _key(digest)))
                if put_at_s is not None and there.at_s != put_at_s:
                    return 0
                obstore.delete(self._store, _key(digest))
        except CallerError:
            return 0
        return there.size_bytes

    def sweep(self) -> int:
        return 0

    @contextmanager
    def _told(self, digest: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, NotFoundError  # noqa: PLC0415

        try:
            yield
        except (NotFoundError, FileNotFoundError):
            raise missing(digest, self._place) from None
        except (BaseError, OSError) as exc:
            raise TargetError(
                f"the bucket {self._place} refused",
                why=" ".join(str(exc).split())[:300],
                next_step="look at its address and credentials, or keep evidence in a folder",
            ) from exc


def bucket(url: str) -> BucketBlobs:
    """``s3://BUCKET/PREFIX`` and what else obstore knows. Raises CallerError, or MachineError without the extra."""
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError as exc:
        raise MachineError(
            "this Oakum cannot speak to buckets", why=str(exc), next_step="pip install 'oakum[s3]'"
        ) from exc
    try:
        return BucketBlobs(from_url(url, retry_config=_RETRIES), url)
    except (BaseError, ValueError) as exc:
        raise CallerError(
            f"{url} is no address of a bucket",
            why=" ".join(str(exc).split())[:300],
            next_step='[store] blobs = "s3://BUCKET/PREFIX"',
        ) from exc


def _blob(row: ObjectMeta) -> Blob:
    # Some servers list milliseconds, and date the same object to the second.
    return Blob(row["path"].rpartition("/")[2], row["size"], float(int(row["last_modified"].timestamp())))


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
