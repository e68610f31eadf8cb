"""The machine's metadata attributes that are files of this repository, and Google's limits on all.

What depends on a resource (address, digests, key) is rendered by `infra.render.env` and
`infra.render.proxy` and joined to these by the machine component.

Limits: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import yaml

from infra.render.url import is_plain
from infra.settings.facts import REPOSITORY
from infra.settings.fields import Settings

VM = REPOSITORY / "templates" / "vm"

# Taken up without a word: at the next boot, or by the unit that watches the metadata.
SCRIPTS = {
    "startup-script": "startup.sh",
    "atelier-services": "services.sh",
    "atelier-database": "database.sh",
    "atelier-watch": "watch.sh",
    "atelier-backup": "backup.sh",
    "atelier-idle": "idle.sh",
}
TLS_FILES = {"atelier-compose-tls": "compose.tls.yml"}
GPU_FILES = {"atelier-compose-gpu": "compose.gpu.yml"}

KEY = re.compile(r"[a-zA-Z0-9_-]{1,127}")
MAX_VALUE_BYTES = 262_144
MAX_TOTAL_BYTES = 512 * 1024
# For attributes whose value is known only later. The largest is a service-account key in base64,
# 3 to 4 kB; an environment, the images or the Caddyfile take 1 to 2 kB each.
RESERVE_BYTES = 24 * 1024

# services.sh reads the line with the same expression.
LABELING_CONFIG_LINE = re.compile(
    r"""^labeling_config:[ \t]*["']?([^"'#\n]*[^"'#\s])""", re.MULTILINE
)

FLAGS = {
    # The startup script reports its phase there, and readiness is read from it.
    "enable-guest-attributes": "TRUE",
    "enable-oslogin": "TRUE",
    # A key in the project's metadata would otherwise open this machine too.
    "block-project-ssh-keys": "TRUE",
}


class ProjectFileError(ValueError):
    """The project file, or the labeling config that it names, cannot be used."""


class LimitError(ValueError):
    """The metadata is larger than Google takes, or a key is not allowed."""


def static(settings: Settings, *, root: Path = REPOSITORY) -> dict[str, str]:
    """Return the attributes that are the same before and after any resource exists.

    Args:
        settings: The stack's settings.
        root: The folder that `project_file` is relative to: the repository.

    Raises:
        ProjectFileError: if the project file or its labeling config cannot be read.
    """
    project_file = root / settings.project_file
    project = _read(project_file, "projectFile")
    files = {**SCRIPTS, "atelier-compose": "compose.yml"}
    if not is_plain(settings):
        files |= TLS_FILES
    if settings.machine.gpu:
        files |= GPU_FILES
    return {
        **{key: (VM / name).read_text(encoding="utf-8") for key, name in files.items()},
        "atelier-project": project,
        "atelier-labeling-config": _labeling_config(project_file, project),
        **FLAGS,
    }


def check_limits(known: Mapping[str, str], *, reserve_bytes: int = RESERVE_BYTES) -> None:
    """Refuse metadata that Google would refuse, in a preview already.

    Args:
        known: Attributes and their values; sizes are counted in bytes of UTF-8.
        reserve_bytes: What the attributes that are not known yet may take together.

    Raises:
        LimitError: with every fault at once.
    """
    faults = list(_faults(known, reserve_bytes))
    if faults:
        raise LimitError("The machine's metadata is refused: " + "; ".join(faults) + ".")


def _faults(known: Mapping[str, str], reserve_bytes: int) -> Iterable[str]:
    total = reserve_bytes
    for key, value in known.items():
        size = len(value.encode())
        total += len(key.encode()) + size
        if not KEY.fullmatch(key):
            yield f"the key {key!r} may hold letters, digits, - and _ only, 127 at most"
        if size > MAX_VALUE_BYTES:
            yield f"{key} has {size} bytes of {MAX_VALUE_BYTES} that one value may have"
    if total > MAX_TOTAL_BYTES:
        yield (
            f"all together have {total} bytes of {MAX_TOTAL_BYTES}, {reserve_bytes} of them kept"
            " for keys and addresses that are not known yet: shorten the labeling config or the"
            " project file"
        )


def _labeling_config(project_file: Path, text: str) -> str:
    try:
        project: object = yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise ProjectFileError(f"projectFile {project_file} is not YAML: {fault}") from fault
    fields = cast("dict[object, object]", project) if isinstance(project, dict) else {}
    name = fields.get("labeling_config")
    if not isinstance(name, str):
        raise ProjectFileError(
            f"projectFile {project_file} names no labeling config:"
            " write labeling_config: ../labeling/garments.xml"
        )
    # The machine puts the file where its project file says, and reads that with sed.
    place = posixpath.normpath(posixpath.join("projects", name))
    line = LABELING_CONFIG_LINE.search(text)
    if place.startswith(("..", "/")) or line is None or line[1] != name:
        raise ProjectFileError(
            f"projectFile {project_file} names the labeling config {name!r}: write it on a line of"
            " its own, as a path in the project file's folder or in a folder beside that"
        )
    return _read(project_file.parent / name, f"labeling_config of {project_file}")


def _read(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ProjectFileError(f"{key}: {path} cannot be read ({fault})") from fault
