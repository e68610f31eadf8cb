"""The file that says which label each of a model's classes becomes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from backends.serving.errors import SettingsError

# What model authors call the pixels that belong to nothing that they looked for.
BACKGROUND = {"background", "_background_", "bg", "unlabeled", "unlabelled", "void", "ignore"}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    labels: dict[str, str | None]


@dataclass(frozen=True)
class LabelMap:
    """Class ids of a model -> labels.

    Attributes:
        labels: label -> the class ids that become it, in the order of the file.
        version: changes with the mapping; part of the model version.
    """

    labels: dict[str, tuple[int, ...]]
    version: str


def read_label_map(path: Path | None, classes: dict[int, str]) -> LabelMap:
    """Return the label map of a file for a model's classes.

    Without a file each class becomes the label of the same name, all but those that are named as
    background. Their number says nothing: class 0 is the background of many models, but `wall` for
    those that were trained on ADE20K. Classes of one name count as one.

    Raises:
        SettingsError: the file is missing, no label map, or names a class that the model has not.
    """
    if path is None:
        mapping: dict[str, str | None] = {
            name: None if name.lower() in BACKGROUND else name for name in classes.values()
        }
    else:
        mapping = _read(path)
    by_name: dict[str, tuple[int, ...]] = {}
    for number, name in classes.items():
        by_name[name] = (*by_name.get(name, ()), number)
    unknown = sorted(set(mapping) - set(by_name))
    if unknown:
        raise SettingsError(
            f"{path} maps {', '.join(unknown)}, but the model has only {', '.join(by_name)}"
        )
    labels: dict[str, tuple[int, ...]] = {}
    for name, label in mapping.items():
        if label is not None:
            labels[label] = (*labels.get(label, ()), *by_name[name])
    digest = hashlib.sha256(repr(sorted(labels.items())).encode()).hexdigest()[:8]
    return LabelMap(labels, f"{path.stem if path else 'classes'}-{digest}")


def _read(path: Path) -> dict[str, str | None]:
    try:
        return _File.model_validate(yaml.safe_load(path.read_text())).labels
    except FileNotFoundError as error:
        raise SettingsError(f"there is no label map {path}; see SEGMENTATION_LABEL_MAP") from error
    except (yaml.YAMLError, ValidationError) as error:
        raise SettingsError(
            f"{path} is not a label map; it holds `labels:` with class: label lines, null for none"
        ) from error
