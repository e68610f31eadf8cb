"""Objects and their generations, kept in memory and in files.

    FOLDER/buckets/BUCKET/<percent-encoded name>/<generation>        the bytes
    FOLDER/buckets/BUCKET/<percent-encoded name>/<generation>.json   what is known of them

FOLDER may be that of tests.cloud.gcp, which looks there to see whether a bucket is empty.

Each file appears whole, by rename, the bytes before what is known of them. There is no fsync: safe
against a killed process, not against a power cut.
"""

import base64
import dataclasses
import hashlib
import json
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import google_crc32c

from tests.cloud.storage.refusal import Refused

FOLDER_NAME_LENGTH = 200


@dataclass(frozen=True)
class Version:
    """One generation of an object. `deleted`: when it stopped being the live one; "" until then."""

    bucket: str
    name: str
    generation: int
    content_type: str
    size: int
    crc32c: str
    md5: str
    created: str
    deleted: str = ""


class Objects:
    """All objects of all buckets; thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "buckets"
        self._lock = threading.RLock()
        self._last = 0
        self._versions: dict[str, dict[str, list[Version]]] = {}
        for file in self._root.glob("*/*/*.json"):
            self._all_of(version := Version(**json.loads(file.read_text()))).append(version)
        for names in self._versions.values():
            for versions in names.values():
                versions.sort(key=lambda version: version.generation)

    def put(
        self,
        bucket: str,
        name: str,
        content: bytes,
        *,
        content_type: str = "application/octet-stream",
        conditions: Mapping[str, str] | None = None,
        versioned: bool = False,
    ) -> Version:
        """Make `content` the live generation; with `versioned` the former one is kept.

        Raises:
            Refused: a precondition does not hold.
        """
        if not name or len(name.encode()) > 1024:
            raise Refused(400, "invalid", f"Invalid object name: '{name[:40]}'")
        with self._lock:
            former = self._live(bucket, name)
            check(former, conditions or {})
            self._last = max(self._last + 1, time.time_ns() // 1000)  # microseconds, as Google's
            version = Version(
                bucket,
                name,
                self._last,
                content_type,
                len(content),
                crc32c_of(content),
                base64.b64encode(hashlib.md5(content).digest()).decode(),
                _now(),
            )
            file = self._file(version)
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, content)
            self._save(version)
            self._all_of(version).append(version)
            if former:
                self._retire(former, versioned)
            return version

    def find(
        self, bucket: str, name: str, query: Mapping[str, str] | None = None
    ) -> tuple[Version, bytes]:
        """Return the generation that `query` asks for, or the live one, and its bytes.

        Raises:
            Refused: it is not there, or a precondition does not hold.
        """
        query = query or {}
        with self._lock:
            wanted = query.get("generation")
            version = self._live(bucket, name)
            if wanted:
                every = self._versions.get(bucket, {}).get(name, [])
                version = next((one for one in every if str(one.generation) == wanted), None)
            if version is None:
                raise Refused(404, "notFound", f"No such object: {bucket}/{name}")
            check(version, query)
            return version, self._file(version).read_bytes()

    def delete(
        self, bucket: str, name: str, query: Mapping[str, str], *, versioned: bool = False
    ) -> None:
        """Delete the live generation, or for good the one that `query` names.

        Raises:
            Refused: it is not there.
        """
        with self._lock:
            version, _ = self.find(bucket, name, query)
            self._retire(version, versioned and "generation" not in query)

    def versions(self, bucket: str) -> list[Version]:
        """Return all generations of all objects by name, oldest first."""
        with self._lock:
            names = self._versions.get(bucket, {})
            return [version for name in sorted(names) for version in names[name]]

    def _live(self, bucket: str, name: str) -> Version | None:
        versions = self._versions.get(bucket, {}).get(name)
        return versions[-1] if versions and not versions[-1].deleted else None

    def _all_of(self, version: Version) -> list[Version]:
        return self._versions.setdefault(version.bucket, {}).setdefault(version.name, [])

    def _retire(self, version: Version, keep: bool) -> None:
        versions = self._all_of(version)
        if keep:
            noncurrent = dataclasses.replace(version, deleted=_now())
            versions[versions.index(version)] = noncurrent
            self._save(noncurrent)
            return
        versions.remove(version)
        self._file(version).with_suffix(".json").unlink()
        self._file(version).unlink()
        if not versions:
            del self._versions[version.bucket][version.name]
            shutil.rmtree(self._file(version).parent)

    def _save(self, version: Version) -> None:
        content = json.dumps(dataclasses.asdict(version)).encode()
        _write(self._file(version).with_suffix(".json"), content)

    def _file(self, version: Version) -> Path:
        folder = quote(version.name, safe="")
        if len(folder) > FOLDER_NAME_LENGTH:
            folder = hashlib.sha256(folder.encode()).hexdigest()
        return self._root / version.bucket / folder / str(version.generation)


def check(version: Version | None, query: Mapping[str, str]) -> None:
    """Return if the preconditions in `query` hold for a live object (None: absent, generation 0).

    Raises:
        Refused: 412, or 304 for a condition that must not hold.
    """
    have = str(version.generation) if version else "0"
    if query.get("ifGenerationMatch", have) != have:
        text = "At least one of the pre-conditions you specified did not hold."
        raise Refused(412, "conditionNotMet", text)
    if query.get("ifGenerationNotMatch") == have:
        raise Refused(304, "notModified", "Not Modified")


def crc32c_of(content: bytes) -> str:
    """Return the checksum as Cloud Storage writes it: base64, big-endian."""
    return base64.b64encode(google_crc32c.Checksum(content).digest()).decode()


def _write(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.draft")
    draft.write_bytes(content)
    draft.replace(file)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
