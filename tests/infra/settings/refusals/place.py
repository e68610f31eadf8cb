"""Refusals of where the stack is, and what is taken there."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a region in place of a zone": (
        {"zone": "europe-west4"},
        'zone: "europe-west4" is not a zone. Add the zone\'s letter: europe-west4-a.',
    ),
    "a misspelt zone": (
        {"zone": "us-centrall-b"},
        'zone: "us-centrall-b" is not a zone. Write a region and a letter, as in us-central1-b.',
    ),
    "a zone that its region does not have": (
        {"preset": "cpu", "zone": "us-east1-a"},
        "zone: region us-east1 has no zone us-east1-a (Google's list as of 2026-11-28). Write"
        " us-east1-b, us-east1-c or us-east1-d. If Google has it by now, add it to unlisted: "
        "[us-east1-a].",
    ),
    "a zone that its region does not have, with those that have the preset's GPU": (
        {"zone": "us-central1-z"},
        "zone: region us-central1 has no zone us-central1-z (Google's list as of 2026-11-28). "
        "Write us-central1-a, us-central1-b, us-central1-c, us-east1-b, us-east1-c or us-east1-d."
        " If Google has it by now, add it to unlisted: [us-central1-z].",
    ),
    "a region that there is not": (
        {"preset": "cpu", "zone": "europe-west99-z"},
        "zone: there is no region europe-west99 (Google's list as of 2026-11-28). Write "
        "europe-west9-a, europe-west9-b or europe-west9-c. If Google has it by now, add it to"
        " unlisted: [europe-west99-z].",
    ),
    "a zone without the GPU, with the nearest that have it": (
        {"zone": "europe-west6-a"},
        "zone: europe-west6-a has no L4 GPU, which preset l4 needs (Google's zones as of "
        "2026-11-22). Write europe-west6-b, europe-west6-c, europe-west1-b, europe-west1-c, "
        "europe-west2-a or europe-west2-b.",
    ),
    "a zone that has another preset's GPU": (
        {"zone": "us-west2-b"},
        "zone: us-west2-b has no L4 GPU, which preset l4 needs (Google's zones as of "
        "2026-11-22). Write us-central1-a, us-central1-b, us-central1-c, us-east1-b, "
        "us-east1-c or us-east1-d, or set preset to t4, which this zone has.",
    ),
    "another zone that is none": (
        {"zones": ["us-central1"]},
        'zones: "us-central1" is not a zone. Remove it, or write another of the region.',
    ),
    "another zone in another region": (
        {"zones": ["us-central1-b", "us-east1-b"]},
        'zones: "us-east1-b" is not in us-central1, where the studio\'s address is. Write zones of'
        " that region; to move to another one, set zone.",
    ),
    "another zone without the GPU": (
        {"zones": ["us-central1-f"]},
        "zones: us-central1-f has no L4 GPU, which preset l4 needs (Google's zones as of "
        "2026-11-22). Remove it, or write another of the region.",
    ),
    "a machine type that the zone has not": (
        {"preset": "cpu", "machineType": "c3-standard-4", "zone": "us-west3-a"},
        "machineType: zone us-west3-a has no c3 machines (Google's zones as of 2026-11-22). "
        "Set zone to us-west3-b, us-central1-a, us-central1-b or us-central1-c, or remove "
        "machineType for the preset's. If Google has it by now, add it to unlisted: "
        "[c3-standard-4].",
    ),
    "a place for buckets that is none": (
        {"bucketLocation": "Europe"},
        'bucketLocation: "Europe" is not a location of Cloud Storage. Write a region such as '
        "us-central1, or ASIA, EU, US, ASIA1, EUR4, EUR5, EUR7, EUR8 or NAM4, or nothing for "
        "the machine's region.",
    ),
    "a misspelt region for the buckets": (
        {"bucketLocation": "us-centrall1"},
        'bucketLocation: "us-centrall1" is not a location of Cloud Storage. Write '
        "us-central1. If Google has it by now, add it to unlisted: [us-centrall1].",
    ),
    "buckets across an ocean": (
        {"zone": "europe-west4-a", "bucketLocation": "us-central1"},
        "bucketLocation: the buckets would be in us-central1, and the machine in "
        "europe-west4-a: every image would cross an ocean, which is slow and is billed. Write"
        " europe-west4, or move the machine's zone; where the images must be there, create "
        "the bucket yourself and name it in sourceBucket.",
    ),
    "buckets across an ocean, in many regions": (
        {"zone": "europe-west4-a", "bucketLocation": "US"},
        "bucketLocation: the buckets would be in US, and the machine in europe-west4-a: every"
        " image would cross an ocean, which is slow and is billed. Write europe-west4, or "
        "move the machine's zone; where the images must be there, create the bucket yourself "
        "and name it in sourceBucket.",
    ),
}

TAKEN: dict[str, dict[str, object]] = {
    "a zone that is newer than the list": {
        "preset": "cpu",
        "zone": "us-east1-a",
        "unlisted": ["us-east1-a"],
    },
    "a region that is newer, with its buckets": {
        "preset": "l4",
        "zone": "europe-north9-a",
        "bucketLocation": "europe-north9",
        "unlisted": ["europe-north9-a"],
    },
    "a machine type that a zone has got": {
        "preset": "cpu",
        "machineType": "c3-standard-4",
        "zone": "us-west3-a",
        "unlisted": ["c3-standard-4"],
    },
    "a public image in which somebody knows a driver": {
        "bootImage": "projects/ubuntu-os-cloud/global/images/family/with-driver",
        "unlisted": ["projects/ubuntu-os-cloud/global/images/family/with-driver"],
    },
    "a time zone that is newer": {"timeZone": "Mars/Olympus", "unlisted": ["Mars/Olympus"]},
    "a limit of a day beside a schedule": {"maxRunHours": 24},
    "buckets in the part of the world that has none of its own": {
        "preset": "cpu",
        "zone": "me-west1-a",
        "bucketLocation": "EU",
    },
    "plain HTTP for an office": {"tls": "off", "allowedRanges": ["203.0.113.0/24"]},
}
