"""Read a project file, and report everything that is wrong with it together."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from studio.errors import ProjectFileError
from studio.project.encodings import read_text
from studio.project.project_file import (
    Backend,
    Catalogue,
    Column,
    Labeler,
    Overlap,
    ProjectFile,
    Source,
    Target,
)
from studio.project.references import Location, resolve

# The model at each place of the file, to suggest its keys; list positions and headers left out.
MODELS: dict[Location, type[BaseModel]] = {
    (): ProjectFile,
    ("backends",): Backend,
    ("labelers",): Labeler,
    ("source",): Source,
    ("catalogue",): Catalogue,
    ("target",): Target,
    ("overlap",): Overlap,
    ("catalogue", "columns"): Column,
}


@dataclass(frozen=True)
class Named:
    """By what a project is found: the id of its file, else its title."""

    title: str
    id: str = ""


def load_project(path: Path, environment: Mapping[str, str]) -> ProjectFile:
    """Return the project that the file at ``path`` describes.

    Paths in it are relative to the file; ``${NAME}`` is looked up in ``environment``.

    Raises:
        ProjectFileError: with one line for each fault, none of them showing a secret.
    """
    content = _read_yaml(path)
    resolved, missing = resolve(content, environment)
    problems = {at: f"${{{name}}} is not set in the environment" for at, name in missing.items()}
    try:
        project = ProjectFile.model_validate(resolved, context={"folder": path.resolve().parent})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        # One sentence a place: an undefined reference explains whatever else is wrong there.
        for item in found:
            at = _known_place(item["loc"])
            if not any(at[: len(place)] == place for place in missing):
                problems.setdefault(at, _sentence(at, item["type"], item["msg"]))
        project = None
    if project is None or problems:
        lines = "".join(
            f"\n  {_path(at)}: {text}" for at, text in sorted(problems.items(), key=str)
        )
        raise ProjectFileError(f"{path} cannot be applied:{lines}")
    if project.id:
        return project
    return project.model_copy(update={"id": own_id(path)})


def own_id(path: Path) -> str:
    """Return the id of a project file that gives none; where it is not known, the title counts."""
    return f"file-{hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:16]}"


def read_named(path: Path, environment: Mapping[str, str]) -> Named:
    """Return a project file's title and id alone; nothing else in it needs to be right.

    Raises:
        ProjectFileError: it has no title, or its id is no text.
    """
    content = _read_yaml(path)
    (title, number), missing = resolve([content.get("title"), content.get("id", "")], environment)
    if (0,) in missing or not isinstance(title, str):
        raise ProjectFileError(f"{path} has no title")
    if missing or not isinstance(number, str):
        raise ProjectFileError(f"{path}: its id is no text")
    return Named(title.strip(), number or own_id(path))


def read_target(path: Path, environment: Mapping[str, str]) -> str | None:
    """Return a project file's target, a folder's path or a bucket's address, None if it has none;
    nothing else in it needs to be right.

    Raises:
        ProjectFileError: it cannot be read.
    """
    target = _read_yaml(path).get("target")
    resolved, missing = resolve(target, environment)
    if missing:
        names = ", ".join(f"${{{name}}}" for name in missing.values())
        raise ProjectFileError(f"{path}: target: {names} is not set in the environment")
    if not isinstance(resolved, dict):
        return None
    folder = resolved.get("folder")
    if isinstance(folder, str):
        return str(path.resolve().parent / Path(folder).expanduser())
    return resolved.get("bucket")


def _read_yaml(path: Path) -> Any:
    try:
        content = yaml.safe_load(read_text(path))
    except OSError as error:
        raise ProjectFileError(f"cannot read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ProjectFileError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise ProjectFileError(f"{path} has no keys; templates/projects/ has examples")
    return content


def _known_place(location: Iterable[int | str]) -> Location:
    """Drop what pydantic adds to a path to tell the members of a union apart."""
    return tuple(part for part in location if isinstance(part, int) or not part.endswith("]"))


def _sentence(at: Location, kind: str, message: str) -> str:
    if kind == "missing":
        return "required"
    if kind == "extra_forbidden":
        return f"unknown key{_suggestion(at)}"
    if kind == "string_pattern_mismatch":
        return "must be an e-mail address"
    return message.removeprefix("Value error, ")


def _suggestion(at: Location) -> str:
    names = tuple(part for part in at[:-1] if isinstance(part, str))
    model = MODELS.get(names) or MODELS.get(names[:-1])
    known = sorted(model.model_fields) if model else []
    close = get_close_matches(str(at[-1]), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; the keys here are {', '.join(known)}" if known else ""


def _path(at: Location) -> str:
    text = ""
    for part in at:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "project"
