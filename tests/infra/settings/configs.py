"""Configs for the tests of the settings: the smallest, every good one, and bad values by key."""

from typing import Any

from hypothesis import strategies as st

from infra.settings.gpu_zones import GPU_ZONES
from infra.settings.machines import FITTING, GPU_OF, PRESETS
from infra.settings.regions import zones_of_type

PROJECT = "demo-project"
PASSWORD = "correct horse 7"
DIGEST = "sha256:" + "0123456789abcdef" * 4
PREBUILT = {
    name: f"europe-docker.pkg.dev/{PROJECT}/atelier/{name}@{DIGEST}"
    for name in ("frontend", "segmentation", "segment_anything_model")
}

EMAILS = st.sampled_from(["anna@example.org", "a.b+c@label.example.co.uk"])
BUCKETS = st.from_regex(r"\A[a-f0-9][a-f0-9_-]{1,61}[a-f0-9]\Z")
LABELS = st.dictionaries(
    st.from_regex(r"\A[a-f][a-f0-9_-]{0,62}\Z"),
    st.from_regex(r"\A[a-f0-9_-]{0,63}\Z"),
    max_size=5,
)
RANGES = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24", "198.51.100.7/32"])
PASSWORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=20, max_size=40
).filter(lambda text: len(set(text)) > 9 and not text.isdigit())


def optional(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of these keys, each with a value of its strategy."""
    return st.fixed_dictionaries({}, optional=keys)


INDEPENDENT = optional(
    spot=st.booleans(),
    dataDiskGb=st.integers(10, 65536),
    restoreFrom=st.sampled_from(["newest", "none", "atelier-dev-data-20261122"]),
    corsOrigins=st.sampled_from([["*"], [], ["https://label.example.org", "http://10.0.0.1:8080"]]),
    mediaAccess=st.sampled_from(["presigned", "proxy"]),
    keepData=st.booleans(),
    versioning=st.sampled_from(["own", "all"]),
    keptVersions=st.integers(1, 1000),
    keptVersionDays=st.integers(1, 3650),
    auth=st.sampled_from(["key", "keyless"]),
    keyVersion=st.integers(1, 1_000_000),
    backends=optional(
        IMAGE_HOSTS=st.sampled_from([[], ["images.example.org", "10.0.0.7:9000"]]),
        MAX_BODY_MB=st.integers(1, 1024),
        SEGMENTATION_MIN_AREA=st.sampled_from([0, 0.001, "0.02"]),
        SEGMENTATION_REGIONS=st.sampled_from(["label", "component"]),
    ),
    projectFile=st.just("templates/projects/garments-bucket.yaml"),
    adminEmail=EMAILS,
    readyMinutes=st.integers(0, 240),
    workDays=st.sampled_from(["Mon-Fri", "sun", "Mon,Wed,Sat", "Fri-Mon", "Mon-Wed, Sat"]),
    timeZone=st.sampled_from(["UTC", "Europe/Rome", "America/New_York"]),
    unlisted=st.sampled_from([[], ["us-east9-a", "c3-standard-4"]]),
    sprintDays=st.integers(1, 366),
    alerts=st.booleans(),
    billingAccount=st.sampled_from(["", "012345-6789AB-CDEF01"]),
    budgetUsd=st.integers(1, 1_000_000),
    deletionProtection=st.booleans(),
    labels=LABELS,
)


BOOT_IMAGES = [
    "projects/debian-cloud/global/images/debian-13-trixie-v20261020",
    "projects/our-images/global/images/with-driver-1",
]
PLACES = {
    "europe": ["EU", "eur4", "europe-west4", "EUROPE-NORTH1"],
    "us": ["us", "nam4", "US-CENTRAL1", "northamerica-northeast1"],
    "asia": ["ASIA", "asia1", "asia-south2"],
}


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """A preset, a zone that has its GPU, and maybe an own machine type."""
    preset = draw(st.sampled_from(sorted(PRESETS)))
    gpu = GPU_OF[preset]
    zone = draw(st.sampled_from(GPU_ZONES[gpu] if gpu else ("africa-south1-b", "us-south1-ai1b")))
    known = (name for name in FITTING[preset] if zones_of_type(name) is None)
    more = optional(
        zones=st.just([zone]),
        machineType=st.sampled_from(sorted(known)),
        bootImage=st.sampled_from(BOOT_IMAGES[1 if gpu else 0 :]),
        bootDiskGb=st.integers(50 if gpu else 30, 65536),
        bucketLocation=st.sampled_from(PLACES.get(zone.partition("-")[0], ["", zone[:-2]])),
    )
    return {"preset": preset, "zone": zone} | draw(more)


HOURS = st.one_of(
    optional(workHours=st.just("off"), maxRunHours=st.integers(24, 2880)),
    st.fixed_dictionaries({"workHours": st.just("off"), "maxRunHours": st.integers(0, 2880)}),
    optional(
        workHours=st.sampled_from(["08:00-20:00", "22:30-06:15", "00:00-23:59"]),
        maxRunHours=st.one_of(st.just(0), st.integers(24, 2880)),
    ),
)


ACCESS = st.one_of(
    st.just({"access": "iap", "tls": "off"}),
    st.fixed_dictionaries(
        {},
        optional={"allowedRanges": st.lists(RANGES, min_size=1, unique=True), "acmeEmail": EMAILS},
    ),
    st.just({"tls": "domain", "domain": "label.example.org"}),
    st.just({"tls": "off", "allowedRanges": ["203.0.113.7/32"]}),
)
HASH = "0123456789abcdef" * 4
FOLDER = f"config.json={HASH}&model.safetensors={HASH}"
MODELS = optional(
    interactiveModel=st.sampled_from(
        [
            *("sam-vit-b", "demo", "sam2.1-tiny"),
            f"https://weights.example.org/mine.pth#sha256={HASH}",
            f"https://weights.example.org/mine#{FOLDER}",
        ]
    ),
    weightsMirror=st.sampled_from(["", "https://mirror.example.org/weights", "gs://a-bucket"]),
    segmentationModel=st.sampled_from(
        ["segformer-b2-clothes", "demo", f"gs://a-bucket/models/mine#{FOLDER}"]
    ),
)
IMAGES = st.one_of(
    MODELS,
    st.builds(lambda models: {"images": "cloudbuild"} | models, MODELS),
    st.just({"images": "prebuilt", "prebuilt": PREBUILT}),
)
GIVEN_BUCKETS = optional(
    sourceBucket=BUCKETS.map(lambda name: f"s{name[1:]}"),
    targetBucket=BUCKETS.map(lambda name: f"t{name[1:]}"),
)
PASSWORD_ONLY = st.fixed_dictionaries({"adminPassword": PASSWORDS})


def merged(*parts: dict[str, Any]) -> dict[str, Any]:
    """One config of several that have no key in common."""
    return {key: value for part in parts for key, value in part.items()}


GOOD: st.SearchStrategy[dict[str, Any]] = st.builds(
    merged, machines(), HOURS, ACCESS, IMAGES, GIVEN_BUCKETS, INDEPENDENT, PASSWORD_ONLY
)

NOT_TEXT = st.one_of(st.none(), st.integers(), st.booleans(), st.lists(st.integers()))
NOT_BOOLEAN = st.sampled_from([None, "true", "yes", 1, 0, [], {}, 1.0])
NOT_LIST = st.sampled_from([None, "10.0.0.0/8", 7, {"a": "b"}, [7], [None], [["*"]]])
NOT_MAPPING = st.sampled_from([None, "a: b", 7, ["a"], {"a": 7}, {"a": None}, {"a": {"b": "c"}}])


def not_in(low: int, high: int) -> st.SearchStrategy[Any]:
    """What is not a whole number from low to high."""
    return st.one_of(
        st.integers(max_value=low - 1),
        st.integers(min_value=high + 1),
        st.sampled_from([None, str(low), low + 0.5, True, [], {}]),
    )


def bad_text(*values: str) -> st.SearchStrategy[Any]:
    """Texts that a key refuses, and what is not text at all."""
    return st.one_of(st.sampled_from(values), NOT_TEXT)


# For every key, values that are wrong whatever the other keys say.
BAD: dict[str, st.SearchStrategy[Any]] = {
    "zone": bad_text(
        "", "us-central1", "us-east1-a", "US-CENTRAL1-A", "us-central1-", "mars-a", "us central1-a"
    ),
    "zones": st.one_of(st.sampled_from([["us-central1"], ["mars-a"], ["us central1-b"]]), NOT_LIST),
    "preset": bad_text("", "L4", "a100", "gpu"),
    "machineType": bad_text("g2-standard-24", "e2-micro", "n1-standard-5", "c4-standard-8", "g2"),
    "spot": NOT_BOOLEAN,
    "bootImage": bad_text("debian-13", "https://example.org/image", "projects/x/images/y"),
    "bootDiskGb": not_in(30, 65536),
    "dataDiskGb": not_in(10, 65536),
    "restoreFrom": bad_text("", "Newest", "my_snapshot", "a" * 64),
    "access": bad_text("", "private", "IAP"),
    "allowedRanges": st.one_of(
        st.sampled_from([["10.0.0.1/8"], ["10.0.0.0"], ["10.0.0.0/33"], ["::/0"], ["office"]]),
        NOT_LIST,
    ),
    "tls": bad_text("", "on", "letsencrypt"),
    "domain": bad_text("localhost", "https://label.example.org", "label.example.org/", "-a.b"),
    "acmeEmail": bad_text("it", "it@", "@example.org", "it@example", "a b@example.org"),
    "sourceBucket": bad_text("ab", "Photos", "goog-photos", "my-g00gle-photos", "10.0.0.1", "a.b"),
    "targetBucket": bad_text("-a-", "a" * 64, "a..b", "gs://photos", "masks/", "googol"),
    "bucketLocation": bad_text("Europe", "us-central1-a", "EUR9", "us-centrall1"),
    "corsOrigins": st.one_of(
        st.sampled_from([["*", "https://a.org"], ["a.org"], ["https://a.org/"], ["https://a:b"]]),
        NOT_LIST,
    ),
    "mediaAccess": bad_text("", "signed"),
    "keepData": NOT_BOOLEAN,
    "versioning": bad_text("", "none"),
    "keptVersions": not_in(1, 1000),
    "keptVersionDays": not_in(1, 3650),
    "auth": bad_text("", "keys"),
    "keyVersion": not_in(1, 1_000_000),
    "images": bad_text("", "podman"),
    "prebuilt": st.one_of(
        st.sampled_from([PREBUILT | {"frontend": "frontend:latest"}, PREBUILT | {"backend": "x"}]),
        NOT_MAPPING,
    ),
    "interactiveModel": bad_text(
        "",
        "sam-vit-x",
        "segformer-b2-clothes",
        "https://weights.example.org/mine.pth",
        f"https://weights.example.org/mine.pth#sha256={HASH[:-1]}",
        f"https://me:secret@weights.example.org/mine.pth#sha256={HASH}",
        f"https://weights.example.org/mine.pth?signature=x#sha256={HASH}",
        f"file:///home/me/mine.pth#sha256={HASH}",
        f"s3://a-bucket/mine.pth#sha256={HASH}",
    ),
    "segmentationModel": bad_text(
        "sam-vit-b",
        "SegFormer",
        f"https://weights.example.org/mine.safetensors#sha256={HASH}",
        f"https://weights.example.org/mine#config.json={HASH}&../model.safetensors={HASH}",
        f"https:///mine#{FOLDER}",
    ),
    "weightsMirror": bad_text(
        "mirror.example.org",
        "file:///mnt/weights",
        "s3://a-bucket",
        "https://",
        "https://me:secret@mirror.example.org",
        "https://mirror.example.org/?signature=x",
    ),
    "backends": st.one_of(
        st.sampled_from(
            [
                {"IMAGE_HOST": ["a.org"]},
                {"IMAGE_HOSTS": "a.org"},
                {"IMAGE_HOSTS": ["https://a.org"]},
                {"MAX_BODY_MB": 0},
                {"MAX_BODY_MB": 1.5},
                {"MAX_BODY_MB": True},
                {"IMAGE_MAX_MB": "nan"},
                {"THREADS": "inf"},
                {"SEGMENTATION_REGIONS": "all"},
                {"LABEL_STUDIO_API_KEY": "x"},
            ]
        ),
        NOT_MAPPING,
    ),
    "batch": bad_text("", "on", "cloud-run", "beam"),
    "projectFile": bad_text("", "garments.yaml", "/etc/passwd", "../x.yaml", "README.md"),
    "adminEmail": bad_text("", "admin", "admin@localhost"),
    "adminPassword": bad_text("", "short", "change-me", "Password123", "   aaaaaaaaa", "aaaaaaaa"),
    "maxRunHours": not_in(0, 2880),
    "idleMinutes": st.one_of(not_in(0, 1440), st.integers(1, 14)),
    "readyMinutes": not_in(0, 240),
    "workDays": bad_text("", "Mon-", "weekdays", "1-5", "Mon;Tue"),
    "workHours": bad_text(
        "", "8-20", "08:00-25:00", "08:00", "08:00-08:00", "8:00-20:00", "08:00-08:30"
    ),
    "timeZone": bad_text("", "Rome", "localtime", "Factory", "Europe/Roma", "+01:00"),
    "unlisted": NOT_LIST,
    "sprintDays": not_in(1, 366),
    "alerts": NOT_BOOLEAN,
    "billingAccount": bad_text("012345", "012345-6789ab-cdef01", "billingAccounts/1"),
    "budgetUsd": not_in(1, 1_000_000),
    "deletionProtection": NOT_BOOLEAN,
    "labels": st.one_of(
        st.sampled_from([{"Team": "a"}, {"team": "A b"}, {"managed-by": "me"}, {"goog-x": "y"}]),
        NOT_MAPPING,
    ),
}


@st.composite
def bad_values(draw: st.DrawFn) -> dict[str, Any]:
    """One or more keys with a bad value."""
    keys = draw(st.sets(st.sampled_from(sorted(BAD)), min_size=1, max_size=12))
    return {key: draw(BAD[key]) for key in sorted(keys)}
