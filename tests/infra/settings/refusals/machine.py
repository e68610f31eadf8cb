"""Refusals of the machine: what it is, and when it runs: the config, and the line that says so."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a region in place of a zone": (
        {"zone": "europe-west4"},
        'zone: "europe-west4" is not a zone. Add the zone\'s letter: europe-west4-a.',
    ),
    "a misspelt zone": (
        {"zone": "us-centrall-b"},
        'zone: "us-centrall-b" is not a zone. Write a region and a letter, as in us-central1-b.',
    ),
    "a zone without the GPU, with the nearest that have it": (
        {"zone": "europe-west6-a"},
        "zone: europe-west6-a has no L4 GPU, which preset l4 needs (Google's zones as of"
        " 2026-11-22). Write europe-west6-b, europe-west6-c, europe-west1-b, europe-west1-c,"
        " europe-west2-a or europe-west2-b.",
    ),
    "a zone that has another preset's GPU": (
        {"zone": "us-west2-b"},
        "zone: us-west2-b has no L4 GPU, which preset l4 needs (Google's zones as of 2026-11-22)."
        " Write us-central1-a, us-central1-b, us-central1-c, us-east1-b, us-east1-c or us-east1-d,"
        " or set preset to t4, which this zone has.",
    ),
    "an unknown preset": (
        {"preset": "L4-Large"},
        'preset: "L4-Large" is none of the choices; the nearest is l4-large.'
        " Write l4, l4-large, t4 or cpu.",
    ),
    "a machine type with another GPU": (
        {"machineType": "n1-standard-8"},
        "machineType: n1-standard-8 does not fit preset l4 (one L4 GPU)."
        " Write one of g2-*, or set preset to t4 or cpu.",
    ),
    "a GPU machine without a GPU's preset": (
        {"preset": "cpu", "machineType": "g2-standard-4", "zone": "africa-south1-a"},
        "machineType: g2-standard-4 does not fit preset cpu (no GPU). Write one of"
        " e2-*, n1-*, n2-*, n2d-*, t2d-*, c2-*, c2d-*, c3-* or c3d-*, or set"
        " preset to l4 or l4-large.",
    ),
    "a machine too small, of Arm, or with two GPUs": (
        {"machineType": "g2-standard-24"},
        'machineType: "g2-standard-24" is not an x86 machine type with 8 GiB of memory or more and'
        " at most one GPU. Write g2-standard-4, or remove machineType for the preset's.",
    ),
    "a short image name": (
        {"bootImage": "debian-13"},
        'bootImage: "debian-13" is not an image or image family in its long form. Write it as in'
        " projects/debian-cloud/global/images/family/debian-13.",
    ),
    "a boot disk that the images would fill": (
        {"bootDiskGb": 10},
        "bootDiskGb: 10 is too small. Write 30 or more.",
    ),
    "a data disk below Google's smallest": (
        {"dataDiskGb": 9},
        "dataDiskGb: 9 is too small. Write 10 or more.",
    ),
    "a number that is no number": (
        {"dataDiskGb": "20 GB"},
        'dataDiskGb: "20 GB" is not a whole number. Write a whole number without quotes.',
    ),
    "a switch that is neither on nor off": (
        {"spot": "yes"},
        'spot: "yes" is neither true nor false. Write true or false.',
    ),
    "a run longer than Google allows": (
        {"maxRunHours": 121 * 24},
        "maxRunHours: 2904 is too large. Write 2880 or less.",
    ),
    "days that are none": (
        {"workDays": "Mon-Fry"},
        "workDays: \"Mon-Fry\" cannot be read: 'Fry' is not a day. Write days as in Mon-Fri or"
        " Mon,Wed,Sat, of Mon, Tue, Wed, Thu, Fri, Sat and Sun.",
    ),
    "hours without minutes": (
        {"workHours": "8-20"},
        'workHours: "8-20" is not two times of day.'
        " Write start and stop as in 08:00-20:00, or off for no schedule.",
    ),
    "hours of no length": (
        {"workHours": "08:00-08:00"},
        'workHours: "08:00-08:00" starts and stops the machine at the same minute.'
        " Write start and stop as in 08:00-20:00, or off for no schedule.",
    ),
    "a misspelt time zone": (
        {"timeZone": "Europe/Roma"},
        'timeZone: "Europe/Roma" is not a time zone. Write Europe/Rome.',
    ),
}
