"""Addresses in Cloud Storage: `gs://bucket/name`, where the name may be an object or a prefix."""

import re
from dataclasses import dataclass

# cloud.google.com/storage/docs/buckets#naming
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
SCHEME = "gs://"


@dataclass(frozen=True)
class StorageAddress:
    """A bucket, and a name in it; the name is "" for the whole bucket."""

    bucket: str
    name: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.name}".rstrip("/")

    @property
    def prefix(self) -> str:
        """What the names below this address begin with: "" or a text that ends in a slash."""
        return f"{self.name.rstrip('/')}/" if self.name.rstrip("/") else ""


def parse_address(text: str) -> StorageAddress:
    """Return the address in `text`.

    Raises:
        ValueError: it is not one; the message is for whoever wrote it.
    """
    bucket, _, name = text.removeprefix(SCHEME).partition("/")
    if not text.startswith(SCHEME) or not BUCKET.fullmatch(bucket):
        raise ValueError(f"{text!r} is not an address like gs://my-bucket or gs://my-bucket/autumn")
    return StorageAddress(bucket, name)
