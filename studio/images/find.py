"""The images of a project, wherever its source is."""

from pathlib import Path

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StudioError
from studio.images.addresses import SCHEMES, in_list
from studio.images.bucket import in_bucket
from studio.images.folder import in_folder
from studio.images.iiif import in_manifests
from studio.images.image import SUFFIXES, FoundImages
from studio.project.project_file import Source

MOST_NAMED = 8


def find_images(
    source: Source, catalogue: Path | StorageAddress | None, cloud: CloudStorage
) -> FoundImages:
    """Return the images of ``source``; the file ``catalogue`` beside them is not mentioned.

    Raises:
        StudioError: there is no image at all. A bucket may be empty; it may be filled later.
    """
    if source.bucket is not None:
        leave_out = catalogue if isinstance(catalogue, StorageAddress) else None
        return in_bucket(source.bucket, source.glob, source.regex, leave_out, cloud)
    if source.iiif is not None:
        found = in_manifests(source.iiif)
        if not found.images:
            why = "".join(f"\n  {place}: {reason}" for place, reason in found.ignored[:MOST_NAMED])
            raise StudioError(f"there is no image in the manifests:{why}")
        return found
    if source.folder is not None:
        found = in_folder(source.folder, catalogue if isinstance(catalogue, Path) else None)
        where = str(source.folder)
    else:
        found = in_list(source.list or ())
        where = str(source.list) if isinstance(source.list, Path) else "the list"
    if not found.images:
        raise StudioError(
            f"there is no image in {where}: files must end in {', '.join(sorted(SUFFIXES))}, "
            f"addresses must begin with {', '.join(sorted(f'{scheme}://' for scheme in SCHEMES))}"
        )
    return found
