"""The images of a bucket, which stay where they are."""

import re
from collections import defaultdict

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage
from studio.images.image import FoundImages, Image, why_no_image


def in_bucket(
    bucket: StorageAddress,
    glob: str,
    regex: str,
    leave_out: StorageAddress | None,
    cloud: CloudStorage,
) -> FoundImages:
    """Return the images below ``bucket`` whose names ``glob`` and ``regex`` allow.

    Raises:
        StorageError: the bucket cannot be listed.
    """
    images, ignored = [], []
    by_content: dict[str, list[str]] = defaultdict(list)
    wanted = re.compile(regex)
    for found in cloud.objects(bucket, glob):
        below = found.name.removeprefix(bucket.prefix)
        address = StorageAddress(bucket.bucket, found.name)
        is_folder = found.name.endswith("/")  # as the console creates them
        if is_folder or not wanted.search(below) or address == leave_out:
            continue
        if reason := why_no_image(found.name, found.size) or why_unshowable(found.name):
            ignored.append((below, reason))
            continue
        content = f"md5:{found.md5}" if found.md5 else f"crc32c:{found.crc32c}"
        images.append(Image(str(address), object_name=found.name, content=content))
        if found.md5:
            by_content[found.md5].append(below)
    repeated = tuple(tuple(names) for names in by_content.values() if len(names) > 1)
    return FoundImages(tuple(images), tuple(ignored), repeated)


def why_unshowable(name: str) -> str | None:
    """Return why Label Studio cannot open an object of this name; None if it can.

    It takes addresses apart as if they were of the web: what follows a question mark is lost.
    """
    if "?" in name:
        return "Label Studio cannot open names with a question mark"
    if name.startswith("/") or name != name.strip() or not name.isprintable():
        return "Label Studio cannot open names that begin with / or have white space at an end"
    return None
