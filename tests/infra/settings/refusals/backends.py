"""Refusals of the backends' own settings: the config, and the line that says so."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a name that is nearly one": (
        {"backends": {"image_host": ["a.org"]}},
        'backends: there is no setting "image_host"; the nearest is IMAGE_HOSTS.'
        " Write IMAGE_HOSTS.",
    ),
    "a name that is none": (
        {"backends": {"COLOUR": "red"}},
        'backends: there is no setting "COLOUR". docs/settings.md has them all.',
    ),
    "what the machine makes": (
        {"backends": {"LABEL_STUDIO_API_KEY": "a secret"}},
        "backends: LABEL_STUDIO_API_KEY is not yours to set: the machine makes it. Leave it out.",
    ),
    "what another key chooses": (
        {"backends": {"SAM_CHECKPOINT": "/weights/mine.pth"}},
        "backends: SAM_CHECKPOINT is not yours to set: interactiveModel chooses it. Leave it out.",
    ),
    "a number out of its range": (
        {"backends": {"MAX_BODY_MB": 4096}},
        "backends: MAX_BODY_MB: 4096 cannot be used. Write a whole number from 1 to 1024.",
    ),
    "a fraction out of its range": (
        {"backends": {"SEGMENTATION_MIN_AREA": "0.9"}},
        'backends: SEGMENTATION_MIN_AREA: "0.9" cannot be used. Write a number from 0 to 0.5.',
    ),
    "a word that is none of the choices": (
        {"backends": {"LOG_LEVEL": "debug"}},
        'backends: LOG_LEVEL: "debug" cannot be used. Write DEBUG, INFO, WARNING or ERROR.',
    ),
    "a host with its scheme": (
        {"backends": {"IMAGE_HOSTS": ["https://images.example.org"]}},
        'backends: IMAGE_HOSTS: ["https://images.example.org"] cannot be used. Write a list of'
        " hosts as in images.example.org or 203.0.113.7:9000: no scheme, no path, no wildcard.",
    ),
}
