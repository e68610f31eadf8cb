"""Refusals of the machine: what it is, and when it runs: the config, and the line that says so."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
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
    "an Arm machine": (
        {"preset": "cpu", "machineType": "c4a-standard-8"},
        'machineType: "c4a-standard-8" is an Arm machine, and the images are built for x86. '
        "Write c3-standard-8, or remove machineType for the preset's.",
    ),
    "a machine whose disks the studio has not": (
        {"preset": "cpu", "machineType": "n4-standard-8"},
        'machineType: "n4-standard-8" takes Hyperdisks alone, and the studio\'s disks are '
        "Persistent Disks. Write n2-standard-8, or remove machineType for the preset's.",
    ),
    "an image for Arm": (
        {
            "preset": "cpu",
            "bootImage": "projects/debian-cloud/global/images/family/debian-12-arm64",
        },
        'bootImage: "projects/debian-cloud/global/images/family/debian-12-arm64" is for Arm '
        "machines, and the machine is x86. Write "
        "projects/debian-cloud/global/images/family/debian-13, or remove bootImage. If Google"
        " has it by now, add it to unlisted: "
        "[projects/debian-cloud/global/images/family/debian-12-arm64].",
    ),
    "an image without the GPU's driver": (
        {"bootImage": "projects/debian-cloud/global/images/family/debian-12"},
        'bootImage: "projects/debian-cloud/global/images/family/debian-12" has no GPU driver,'
        " which preset l4 needs. Write "
        "projects/ubuntu-os-accelerator-images/global/images/family/ubuntu-accelerator-2404-amd64-with-nvidia-580,"
        " or remove bootImage. If Google has it by now, add it to unlisted: "
        "[projects/debian-cloud/global/images/family/debian-12].",
    ),
    "an image without apt": (
        {"preset": "cpu", "bootImage": "projects/cos-cloud/global/images/family/cos-stable"},
        'bootImage: "projects/cos-cloud/global/images/family/cos-stable" has no apt, which '
        "the startup script installs Docker with. Write "
        "projects/debian-cloud/global/images/family/debian-13, or remove bootImage. If Google"
        " has it by now, add it to unlisted: "
        "[projects/cos-cloud/global/images/family/cos-stable].",
    ),
    "Windows": (
        {"preset": "cpu", "bootImage": "projects/windows-cloud/global/images/family/windows-2022"},
        'bootImage: "projects/windows-cloud/global/images/family/windows-2022" is Windows, '
        "which cannot run the startup script. Write "
        "projects/debian-cloud/global/images/family/debian-13, or remove bootImage. If Google"
        " has it by now, add it to unlisted: "
        "[projects/windows-cloud/global/images/family/windows-2022].",
    ),
    "a boot disk that the driver would fill": (
        {"bootDiskGb": 49},
        "bootDiskGb: 49 GB have no room for the images and the GPU driver of preset l4. Write"
        " 50 or more.",
    ),
    "hours too short to boot": (
        {"workHours": "08:00-08:01"},
        'workHours: "08:00-08:01" is 1 minutes: the machine would be off again before it has '
        "booted. Write an hour or more, as in 08:00-20:00, or off for no schedule.",
    ),
    "a limit within the working day": (
        {"workHours": "06:00-22:00", "maxRunHours": 12},
        "maxRunHours: the machine stops 12 h after its start, and workHours 06:00-22:00 are "
        "16 h. Remove maxRunHours: the schedule stops the machine. Or write 24 or more, or "
        "set workHours to off.",
    ),
    "a limit that ends an evening's run next morning": (
        {"workHours": "08:00-20:00", "maxRunHours": 12},
        "maxRunHours: a machine that somebody starts in the evening stops 12 h later, in the "
        "middle of the next working day. Remove maxRunHours: the schedule stops the machine. "
        "Or write 24 or more, or set workHours to off.",
    ),
    "a stop within a break": (
        {"idleMinutes": 14},
        "idleMinutes: 14 minutes are less than a break: the machine would turn itself off while "
        "somebody looks at an image. Write 15 or more, or 0 for never.",
    ),
    "a limit of an hour": (
        {"workHours": "08:00-20:00", "maxRunHours": 1},
        "maxRunHours: the machine stops 1 h after its start, and workHours 08:00-20:00 are "
        "12 h. Remove maxRunHours: the schedule stops the machine. Or write 24 or more, or "
        "set workHours to off.",
    ),
    "a placeholder as time zone": (
        {"timeZone": "Factory"},
        'timeZone: "Factory" is not a time zone. Write a name such as Europe/Rome, '
        "America/New_York or UTC.",
    ),
    "a computer's own time zone": (
        {"timeZone": "localtime"},
        'timeZone: "localtime" is not a time zone. Write a name such as Europe/Rome, '
        "America/New_York or UTC.",
    ),
}
