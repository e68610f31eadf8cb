"""What each task's data should be: the image's identity and its facts, pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.buckets.cloud_storage import CloudStorage
from studio.images.find import FoundImages, Image, find_images
from studio.project.catalogue import Matched, match_catalogue
from studio.project.labeling_config import TaskKeys, read_task_keys
from studio.project.project_file import SOURCE_KEY, ProjectFile


@dataclass(frozen=True)
class WantedTask:
    """A task that the project should have.

    Attributes:
        facts: the task's data, but for the image's address (an upload gets its own).
    """

    image: Image
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """All tasks that the project should have, and what did not fit together on the way."""

    keys: TaskKeys
    tasks: tuple[WantedTask, ...]
    found: FoundImages
    matched: Matched


def wanted_tasks(project: ProjectFile, cloud: CloudStorage | None = None) -> Wanted:
    """Return what the project file asks for, from its images, catalogue and labeling config.

    Args:
        cloud: where buckets are read; a connection of its own when it is not given.

    Raises:
        StudioError: there is no image, or the catalogue or the config cannot be read.
    """
    keys = read_task_keys(project.config_text)
    catalogue = project.catalogue
    cloud = cloud or CloudStorage()
    found = find_images(project.source, catalogue.file if catalogue else None, cloud)
    # A bucket may be filled later, and its catalogue with it.
    matched = (
        match_catalogue(catalogue, found.images, cloud)
        if catalogue and found.images
        else Matched({})
    )
    return Wanted(keys, _tasks(keys, found.images, matched), found, matched)


def _tasks(keys: TaskKeys, images: Sequence[Image], matched: Matched) -> tuple[WantedTask, ...]:
    # A header that no row fills must be in the data too: its bare name would be shown otherwise.
    empty = dict.fromkeys(keys.headers, "")
    return tuple(
        WantedTask(
            image,
            {**empty, **matched.facts.get(image.source, {}), SOURCE_KEY: image.source},
        )
        for image in images
    )
