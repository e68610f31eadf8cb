"""Which zones have which GPU.

Source: skypilot-org/skypilot-catalog, catalogs/v8/gcp/vms.csv at commit 8427bbff988a, rows `L4,1`
and `T4,1`; read 2026-11-22. Google opens zones now and then: a zone that is missing here is added
here.
"""

from collections.abc import Mapping

READ_ON = "2026-11-22"

# Region: the letters of its zones that have the GPU.
_L4 = {
    "asia-east1": "abc",
    "asia-northeast1": "abc",
    "asia-northeast3": "ab",
    "asia-south1": "abc",
    "asia-southeast1": "abc",
    "europe-west1": "bc",
    "europe-west2": "ab",
    "europe-west3": "ab",
    "europe-west4": "abc",
    "europe-west6": "bc",
    "me-central2": "ac",
    "northamerica-northeast1": "b",
    "northamerica-northeast2": "ab",
    "us-central1": "abc",
    "us-east1": "bcd",
    "us-east4": "ac",
    "us-west1": "abc",
    "us-west4": "ac",
}
_T4 = {
    "asia-east1": "ac",
    "asia-east2": "ac",
    "asia-northeast1": "ac",
    "asia-northeast3": "bc",
    "asia-south1": "ab",
    "asia-southeast1": "abc",
    "asia-southeast2": "ab",
    "australia-southeast1": "ac",
    "europe-central2": "bc",
    "europe-west1": "bcd",
    "europe-west2": "ab",
    "europe-west3": "b",
    "europe-west4": "abc",
    "me-west1": "bc",
    "northamerica-northeast1": "c",
    "southamerica-east1": "abc",
    "us-central1": "abcf",
    "us-east1": "cd",
    "us-east4": "abc",
    "us-west1": "ab",
    "us-west2": "bc",
    "us-west3": "b",
    "us-west4": "ab",
}


def _zones(letters_of: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        f"{region}-{letter}" for region, letters in letters_of.items() for letter in letters
    )


GPU_ZONES: Mapping[str, tuple[str, ...]] = {"L4": _zones(_L4), "T4": _zones(_T4)}

# Where to look when the zone's own part of the world has no zone with the GPU.
_NEIGHBOURS = {
    "africa": ("europe", "me"),
    "asia": ("australia", "me"),
    "australia": ("asia",),
    "europe": ("me",),
    "me": ("europe", "asia"),
    "northamerica": ("us",),
    "southamerica": ("us", "northamerica"),
    "us": ("northamerica",),
}


def near(zone: str, gpu: str, *, most: int = 6) -> tuple[str, ...]:
    """Return zones that have the GPU (`L4` or `T4`), the nearest first, at most `most`.

    The same region comes first, then the same part of the world by name, then its neighbours; a
    zone of a part of the world that is not known here is answered from the United States.
    """
    region, continent = zone.rpartition("-")[0], zone.partition("-")[0]
    order = (continent, *_NEIGHBOURS.get(continent, ()), "us")
    ranks = {name: rank for rank, name in reversed(list(enumerate(order)))}

    def distance(candidate: str) -> tuple[bool, int]:
        return (
            candidate.rpartition("-")[0] != region,
            ranks.get(candidate.partition("-")[0], len(order)),
        )

    return tuple(sorted(GPU_ZONES[gpu], key=distance))[:most]
