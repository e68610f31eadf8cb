"""Which part of a data set a picture is in: for training, for validation, or for the test.

The part follows from a hash of the picture's identity alone. So it never changes when pictures are
added, and two data sets of one project agree.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.errors import ExportError

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """A way to split.

    Attributes:
        shares: percent of each of PARTS.
        fact: a key of the tasks' data; what has the same value there is in the same part. "" for
            each picture by itself.
    """

    shares: tuple[float, float, float]
    fact: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that can have pictures."""
        return tuple(part for part, share in zip(PARTS, self.shares, strict=True) if share)

    def part_of(self, identity: str, data: Mapping[str, Any]) -> str:
        """Return the part of a picture.

        Raises:
            ExportError: the split is by a fact that the picture does not have.
        """
        key = identity
        if self.fact:
            if self.fact not in data:
                raise ExportError(f"its data has no fact {self.fact!r} to split by")
            # Without a value it is alone.
            value = str(data[self.fact]).strip()
            key = f"{self.fact}={value}" if value else identity
        text = unicodedata.normalize("NFC", key).encode()
        place = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") / (1 << 64) * 100
        for part, share in zip(PARTS, self.shares, strict=True):
            place -= share
            if place < 0:
                return part
        return self.parts[-1]


def read_split(text: str, fact: str = "") -> Split:
    """Return the split that `--split` names: percents for training, validation and test.

    Raises:
        ExportError: they are no three numbers that make 100.
    """
    try:
        shares = [float(share) for share in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != len(PARTS) or min(shares) < 0 or abs(sum(shares) - 100) > 1e-9:
        raise ExportError(
            f"--split {text}: write three percents that make 100, for example 80,10,10 or 100,0,0"
        )
    return Split((shares[0], shares[1], shares[2]), fact)
