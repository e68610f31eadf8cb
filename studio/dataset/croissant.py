"""A data set's description for machines: croissant.json, in the form of MLCommons' Croissant 1.0.

Written here, as the library for it (mlcroissant) would bring a dozen more packages to every studio;
it validates and reads what is written in the tests.
"""

import hashlib
import json
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.dataset.formats.format import Format, Records, write_table

NAME = "croissant.json"
PICTURES, CLASSES = "pictures.csv", "classes.csv"
CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
UNKNOWN = "application/octet-stream"
# Python's own table, without this machine's: the same on every one.
MEDIA_TYPES = mimetypes.MimeTypes().types_map[True] | {
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".md": "text/markdown",
}
# As the specification asks every file to repeat it: mlcroissant's core/rdf.py.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    **{
        term: f"cr:{term}"
        for term in (
            *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty"),
            *("fileObject", "fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key"),
            *("md5", "parentField", "path", "recordSet", "references", "regex", "repeated"),
            *("replace", "samplingRate", "separator", "source", "subField", "transform"),
        )
    },
}


def write_pictures(folder: Path, format_: Format, records: Records, with_pictures: bool) -> None:
    """Write pictures.csv: of each picture its file, part, size and number of objects.

    Args:
        with_pictures: whether the files are there; otherwise `file` is the picture's name.
    """

    def rows() -> Iterator[tuple[object, ...]]:
        for one in records():
            place = format_.picture(one.path, one.part).relative_to(folder).as_posix()
            file = place if with_pictures else one.path
            yield file, one.part, one.width, one.height, len(one.things), one.task

    write_table(folder / PICTURES, ("file", "part", "width", "height", "objects", "task"), rows())


def write_croissant(
    folder: Path,
    *,
    title: str,
    description: str,
    licence: str,
    changed: str,
    models: Sequence[str],
    parts: Sequence[str],
) -> None:
    """Describe what is in a data set's folder; nothing is written there afterwards but hashes.

    Args:
        licence: of the pictures; "" if it was not stated.
        changed: date of the last change of an annotation, ISO 8601.
        models: versions of the models whose pre-labels were corrected.
        parts: train, val and test.
    """
    described: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": title,
        "description": description,
        "conformsTo": CONFORMS_TO,
        **({"license": licence} if licence else {}),
        "datePublished": changed,
        "rai:dataAnnotationPlatform": "Label Studio",
        **({"rai:machineAnnotationTools": list(models)} if models else {}),
        "distribution": _distribution(folder),
        "recordSet": [
            _parts(parts),
            _table("classes", CLASSES, {"number": "Integer", "name": "Text", "colour": "Text"}),
            _pictures(),
        ],
    }
    text = json.dumps(described, ensure_ascii=False, indent=1)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def _distribution(folder: Path) -> list[dict[str, Any]]:
    """One set of files for each folder, and each other file by itself."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file():
            found.append(_file(path))
        elif types := sorted({_media_type(one) for one in path.rglob("*") if one.is_file()}):
            found.append(
                {
                    "@type": "cr:FileSet",
                    "@id": path.name,
                    "name": path.name,
                    "includes": f"{path.name}/**",
                    "encodingFormat": types if len(types) > 1 else types[0],
                }
            )
    return found


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": path.name,
        "encodingFormat": _media_type(path),
        "sha256": digest,
    }


def _media_type(path: Path) -> str:
    return MEDIA_TYPES.get(path.suffix.lower(), UNKNOWN)


def _parts(parts: Sequence[str]) -> dict[str, Any]:
    name = _field("parts", "name", "sc:Text")
    return {
        "@type": "cr:RecordSet",
        "@id": "parts",
        "name": "parts",
        "description": "The parts of the data set, for training, validation and test.",
        "dataType": "cr:Split",
        "key": {"@id": name["@id"]},
        "field": [name],
        "data": [{name["@id"]: part} for part in parts],
    }


def _pictures() -> dict[str, Any]:
    columns = dict.fromkeys(("width", "height", "objects", "task"), "Integer")
    table = _table("pictures", PICTURES, {"file": "Text", "part": "Text", **columns})
    part = next(one for one in table["field"] if one["name"] == "part")
    # What makes it a split is the type of the records that it refers to.
    part["references"] = {"field": {"@id": "parts/name"}}
    return table


def _table(name: str, file: str, columns: dict[str, str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [
            _field(name, column, f"sc:{kind}")
            | {"source": {"fileObject": {"@id": file}, "extract": {"column": column}}}
            for column, kind in columns.items()
        ],
    }


def _field(records: str, name: str, kind: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{records}/{name}", "name": name, "dataType": kind}
