"""The regions and zones that Google has, and what each region's network is numbered with.

Source: docs.cloud.google.com/compute/docs/regions-zones, as two public programs that copy it have
it, and skypilot-org/skypilot-catalog for the zones named ai1; read on 2026-11-28. Google opens new
ones: until they are here, the setting `unlisted` lets them through.
"""

import zlib
from collections.abc import Mapping

READ_ON = "2026-11-28"

_ABC = ("a", "b", "c")
# Those that differ from a, b and c.
_LETTERS: Mapping[str, tuple[str, ...]] = {
    "europe-west1": ("b", "c", "d"),
    "us-central1": ("a", "b", "c", "f", "ai1a"),
    "us-east1": ("b", "c", "d"),
    "us-south1": ("a", "b", "c", "ai1b"),
}

# Region: the third number of its subnetwork, 10.80.N.0/24. Once a stack runs there it may not
# change: Google replaces a subnetwork for it, and with it the machine. They came of a checksum,
# which gave three pairs one number; the second of each pair has a free one.
_NUMBERS: Mapping[str, int] = {
    "africa-south1": 101,
    "asia-east1": 155,
    "asia-east2": 33,
    "asia-northeast1": 189,
    "asia-northeast2": 7,
    "asia-northeast3": 145,
    "asia-south1": 77,
    "asia-south2": 247,
    "asia-southeast1": 252,
    "asia-southeast2": 70,
    "asia-southeast3": 208,
    "australia-southeast1": 55,
    "australia-southeast2": 141,
    "europe-central2": 54,
    "europe-north1": 10,
    "europe-north2": 176,
    "europe-southwest1": 164,
    "europe-west1": 3,
    "europe-west10": 22,
    "europe-west12": 58,
    "europe-west2": 185,
    "europe-west3": 47,
    "europe-west4": 140,
    "europe-west6": 160,
    "europe-west8": 167,
    "europe-west9": 49,
    "me-central1": 190,
    "me-central2": 8,
    "me-west1": 134,
    "northamerica-northeast1": 21,
    "northamerica-northeast2": 175,
    "northamerica-south1": 0,
    "southamerica-east1": 5,
    "southamerica-west1": 177,
    "us-central1": 156,
    "us-east1": 89,
    "us-east4": 214,
    "us-east5": 64,
    "us-south1": 95,
    "us-west1": 236,
    "us-west2": 86,
    "us-west3": 192,
    "us-west4": 99,
}

ZONES: Mapping[str, tuple[str, ...]] = {
    region: tuple(f"{region}-{letter}" for letter in _LETTERS.get(region, _ABC))
    for region in _NUMBERS
}
ALL_ZONES = tuple(zone for zones in ZONES.values() for zone in zones)


def subnet_number(region: str) -> int:
    """Return the third number of the region's 10.80.N.0/24, which no region of the table shares.

    A region that is not in the table takes the first free one from its checksum on.
    """
    if region in _NUMBERS:
        return _NUMBERS[region]
    taken = set(_NUMBERS.values())
    start = zlib.crc32(region.encode())
    return next(number for step in range(256) if (number := (start + step) % 256) not in taken)


# Where the families that not every zone has are. e2, n1, n2, n2d and t2d are left to Google's own
# answer, which `make doctor` asks for. Source: skypilot-org/skypilot-catalog,
# catalogs/v8/gcp/vms.csv at commit 8427bbff988a, rows c3-highmem-4 and c3d-highmem-4.
_FAMILIES: Mapping[str, Mapping[str, str]] = {
    "c3": {
        "asia-northeast1": "bc",
        "asia-south1": "bc",
        "asia-south2": "b",
        "asia-southeast1": "abc",
        "asia-southeast2": "a",
        "europe-west1": "bcd",
        "europe-west10": "a",
        "europe-west2": "abc",
        "europe-west3": "bc",
        "europe-west4": "abc",
        "me-central1": "a",
        "me-central2": "ac",
        "us-central1": "abcf",
        "us-east1": "bcd",
        "us-east4": "abc",
        "us-east5": "abc",
        "us-south1": "ab",
        "us-west1": "abc",
        "us-west2": "bc",
        "us-west3": "b",
        "us-west4": "ab",
    },
    "c3d": {
        "asia-east1": "abc",
        "asia-south1": "abc",
        "asia-southeast1": "abc",
        "europe-north2": "ab",
        "europe-west1": "bcd",
        "europe-west2": "ab",
        "europe-west3": "abc",
        "europe-west4": "abc",
        "me-central2": "ac",
        "me-west1": "b",
        "northamerica-south1": "b",
        "us-central1": "abc",
        "us-east1": "bcd",
        "us-east4": "abc",
        "us-east5": "ac",
        "us-west1": "abc",
    },
}


def zones_of_type(machine_type: str) -> tuple[str, ...] | None:
    """Return the zones that have a machine type's family, or None where that is not known here."""
    letters_of = _FAMILIES.get(machine_type.partition("-")[0])
    if letters_of is None:
        return None
    return tuple(
        f"{region}-{letter}" for region, letters in letters_of.items() for letter in letters
    )
