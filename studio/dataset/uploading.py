"""A finished data set is copied to a place where no folder can be replaced at once: a bucket.

While it is copied, `.uploading` lists the files of it and of an earlier one, and nothing is marked
as a data set. So a run that was cut off is known, and the next one goes on from there.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from studio.buckets.place import Place
from studio.dataset.earlier import MADE_BY, MARKER, SUMS, is_made_by_us, named, not_of, summed
from studio.errors import ExportError
from studio.output import counted
from studio.version import read_version

UPLOADING = ".uploading"

Tell = Callable[[int, int], None]


def require_replaceable_at(place: Place) -> None:
    """Return if there is nothing at a place, or an export alone, whole or cut off.

    Raises:
        ExportError: something else is there, or was put beside the export's files.
        StorageError: the place cannot be listed.
    """
    names = place.names("")
    if not names:
        return
    ours = _ours(place, names)
    if not ours:
        raise ExportError(
            f"{place} has {counted(len(names), 'file')}, such as {names[0]}, and is no data set; "
            "choose another address with --to"
        )
    if added := not_of(ours, names):
        raise ExportError(
            f"{place} is an earlier export, with files that are not of it: {named(added)}. Move "
            "them, or choose another address with --to"
        )


def upload(folder: Path, place: Place, tell: Tell) -> None:
    """Make a place hold what a finished data set's folder holds, and nothing else.

    What is there already is not copied again.
    """
    require_replaceable_at(place)  # Again: hours may have passed.
    files = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    there = place.checksums("")
    if there == {name: _checksum(path) for name, path in files.items()}:
        return
    earlier = [name for name in there if name not in files and name != UPLOADING]
    listed = {"made_by": f"{MADE_BY}{read_version()}", "files": sorted([*files, *earlier])}
    place.write(UPLOADING, json.dumps(listed).encode())
    # From here on nobody takes what is there for a data set, until it is one.
    if MARKER in there:
        place.remove(MARKER)
    names = [name for name in sorted(files) if name != MARKER]
    for done, name in enumerate(names, start=1):
        if there.get(name) != _checksum(files[name]):
            place.write(name, files[name].read_bytes())
        tell(done, len(files))
    for name in earlier:
        place.remove(name)
    place.write(MARKER, files[MARKER].read_bytes())
    place.remove(UPLOADING)
    tell(len(files), len(files))


def _ours(place: Place, names: list[str]) -> set[str]:
    """The names that an export has or had there; none if there was no export."""
    ours: set[str] = set()
    begun = place.read(UPLOADING) if UPLOADING in names else None
    if begun is not None and is_made_by_us(begun):
        ours |= {UPLOADING, *json.loads(begun)["files"]}
    marker = place.read(MARKER) if MARKER in names else None
    if marker is not None and is_made_by_us(marker):
        ours |= summed(place.read(SUMS) or b"")
    return ours


def _checksum(path: Path) -> str:
    """MD5 in the form in which Cloud Storage gives it."""
    with path.open("rb") as file:
        return base64.b64encode(hashlib.file_digest(file, "md5").digest()).decode()
