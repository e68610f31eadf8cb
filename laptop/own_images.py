"""A folder of one's own photographs as a project: the project file that `studio apply` is given."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from laptop.settings import ROOT, LaptopError
from weights.catalogue import Kind, Model

GARMENTS = ROOT / "templates/labeling/garments.xml"
TEMPLATE = ROOT / "templates/laptop/photographs.yaml"
# What `studio apply` uploads; the unit tests compare the two lists.
SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"}
# Label Studio's limits of a title.
SHORTEST, LONGEST = 3, 50
# The title of the demo's own project.
DEMO_TITLE = "Garments"


def require_images(folder: Path) -> None:
    """Raises LaptopError for a folder that is missing or has no image in it."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise LaptopError(f"IMAGES: {folder} {what}. Give the folder of your photographs.")
    # Unpacked from an old archive, for example.
    shown = os.fsencode(folder.resolve()).decode("utf-8", "backslashreplace")
    if shown != str(folder.resolve()):
        raise LaptopError(
            f"IMAGES: {shown}: this name is not in UTF-8, which a project file cannot hold. "
            "Rename the folder."
        )
    if "${" in str(folder):
        raise LaptopError(f"IMAGES: {folder} has ${{ in its name, which a project file cannot hold")
    if not own_images(folder):
        raise LaptopError(
            f"IMAGES: there is no image in {folder}: files must end in "
            f"{', '.join(sorted(SUFFIXES))}."
        )


def own_images(folder: Path) -> list[Path]:
    """The images below the folder, hidden ones left out, as `studio apply` finds them."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def project_name(folder: Path) -> str:
    """The name of a folder's project file, the same every time, and another for another folder."""
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "photographs"
    return f"{slug}-{digest}.yaml"


def labeling_config(models: Mapping[Kind, Model]) -> Path:
    """The labels that the segmentation model's pre-labels have."""
    model = models.get("segmentation")
    return ROOT / model.labeling_config if model and model.labeling_config else GARMENTS


def write_project(projects: Path, folder: Path, images: str, config: Path = GARMENTS) -> Path:
    """Writes the folder's project file and, beside it, its labeling config. The same folder gets
    the same two files every time.

    Args:
        projects: where project files are.
        folder: the photographs. Another folder is another project, also if its name is the same.
        images: the folder as the project file has to say it.
        config: the labeling config.
    """
    path = projects / project_name(folder)
    labels = path.with_suffix(".xml")
    values = {
        "title": read_title(path) or new_title(projects, folder),
        "images": images,
        "labeling_config": labels.name,
    }
    projects.mkdir(parents=True, exist_ok=True)
    labels.write_text(without_facts(config.read_text()))
    text = TEMPLATE.read_text()
    for name, value in values.items():
        # A JSON string is a YAML one.
        text = text.replace(f"<{name}>", json.dumps(value, ensure_ascii=False))
    path.write_text(text)
    return path


def new_title(projects: Path, folder: Path) -> str:
    """The folder's name, made different from the titles that are taken."""
    taken = {DEMO_TITLE.lower()}
    taken |= {(read_title(path) or "").lower() for path in projects.glob("*.yaml")}
    # A reference to the environment would be looked up.
    name = folder.resolve().name.replace("$", "").strip() or "Photographs"
    base = f"{name} photographs" if len(name) < SHORTEST else name
    ends = itertools.chain([""], (f" {number}" for number in itertools.count(2)))
    titles = (base[: LONGEST - len(end)].strip() + end for end in ends)
    return next(title for title in titles if title.lower() not in taken)


def read_title(path: Path) -> str | None:
    """The title in a project file that was written here."""
    if not path.is_file():
        return None
    found = re.search(r'^title: (".*")$', path.read_text(), re.MULTILINE)
    return json.loads(found[1]) if found else None


def without_facts(config: str) -> str:
    """A labeling config without the lines that show a catalogue's facts: a folder has none, and
    Label Studio would show the bare names of its columns."""
    return re.sub(r'^[ \t]*<Header value="[^"]*\$[^"]*"[^>]*/>\n', "", config, flags=re.MULTILINE)
