"""Refusals of the two models: the config, and the line that says so."""

from tests.infra.settings import configs
from weights.catalogue import catalogue

HASH = configs.HASH
BUCKET = (
    "Upload it to a bucket and write gs://BUCKET/PATH#…: whoever builds the image reads it with"
    " their own Google account."
)
FOLDER = "ADDRESS#config.json=HASH&model.safetensors=HASH&preprocessor_config.json=HASH"
CLICKS = f"Write {', '.join(catalogue()['interactive'])}".rpartition(", ")
SECRET = (
    "the address holds a password or a signature, which would stand readable in the state and in"
    " the image"
)
MIRROR = (
    "Write an https or gs address that anybody may see, as in https://mirror.example.org/weights."
)

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a model's name that is nearly one": (
        {"interactiveModel": "sam-vitb"},
        'interactiveModel: "sam-vitb" is no model that we know; the nearest is sam-vit-b.'
        f" {CLICKS[0]} or {CLICKS[2]}, or ADDRESS#sha256=HASH.",
    ),
    "a model of the other kind": (
        {"segmentationModel": "sam2.1-tiny"},
        'segmentationModel: "sam2.1-tiny" is no model that we know.'
        f" Write demo, segformer-b2-clothes or beit-base-ade20k, or {FOLDER}.",
    ),
    "a path on this computer": (
        {"interactiveModel": "/home/me/weights.pth"},
        "interactiveModel: this is no model that we know."
        f" {CLICKS[0]} or {CLICKS[2]}, or ADDRESS#sha256=HASH.",
    ),
    "an address without its hash": (
        {"interactiveModel": "https://weights.example.org/mine.pth"},
        "interactiveModel: https://weights.example.org/mine.pth needs its hash, so that nobody"
        " gets other weights: add #sha256=HASH. Write ADDRESS#sha256=HASH; `sha256sum FILE` prints"
        " a hash.",
    ),
    "a file of this computer": (
        {"interactiveModel": f"file:///home/me/mine.pth#sha256={HASH}"},
        f"interactiveModel: a file of one computer cannot be read where images are built. {BUCKET}",
    ),
    "an address with a password": (
        {"interactiveModel": f"https://me:secret@weights.example.org/mine.pth#sha256={HASH}"},
        f"interactiveModel: {SECRET}. {BUCKET}",
    ),
    "a signed address": (
        {"segmentationModel": f"https://weights.example.org/a?sig=secret#{configs.FOLDER}"},
        f"segmentationModel: {SECRET}. {BUCKET}",
    ),
    "an address that nobody reads": (
        {"interactiveModel": f"s3://a-bucket/mine.pth#sha256={HASH}"},
        "interactiveModel: this is no https or gs address. Write ADDRESS#sha256=HASH.",
    ),
    "an address with a space": (
        {"interactiveModel": f"https://weights.example.org/my weights.pth#sha256={HASH}"},
        'interactiveModel: "https://weights.example.org/my weights.pth" is not an address.'
        " Write unusual characters as %20 and the like.",
    ),
    "one file for a folder": (
        {"segmentationModel": f"https://weights.example.org/mine.bin#sha256={HASH}"},
        'segmentationModel: "https://weights.example.org/mine.bin" is given as one file.'
        f" Write {FOLDER}.",
    ),
    "a mirror on this computer": (
        {"weightsMirror": "file:///mnt/stick/weights"},
        f"weightsMirror: a file of one computer cannot be read where images are built. {MIRROR}",
    ),
    "a mirror with a password": (
        {"weightsMirror": "https://me:secret@mirror.example.org/weights"},
        f"weightsMirror: {SECRET}. {MIRROR}",
    ),
    "a mirror without a scheme": (
        {"weightsMirror": "mirror.example.org/weights"},
        f"weightsMirror: this is no https or gs address. {MIRROR}",
    ),
    "a mirror beside prebuilt images": (
        {
            "images": "prebuilt",
            "prebuilt": configs.PREBUILT,
            "weightsMirror": "https://mirror.example.org",
        },
        "weightsMirror: weights are fetched where an image is built, and images is prebuilt."
        " Remove weightsMirror, or set images to docker or cloudbuild.",
    ),
    "a model beside prebuilt images": (
        {"images": "prebuilt", "prebuilt": configs.PREBUILT, "interactiveModel": "sam-vit-l"},
        "interactiveModel: it is built into an image, but images is prebuilt, and those hold their"
        " own. Remove interactiveModel, or set images to docker or cloudbuild.",
    ),
    "a model that the machine has no memory for": (
        {"preset": "cpu", "machineType": "e2-standard-2", "interactiveModel": "sam-vit-h"},
        "interactiveModel: sam-vit-h and segformer-b2-clothes need 8.5 GB of memory beside the 4 of"
        " Label Studio and the system, and e2-standard-2 has 8. Choose smaller ones, or a"
        " machineType with more memory.",
    ),
    "a cache that the machine has no memory for": (
        {"backends": {"SAM_CACHE_MB": 16384}},
        "interactiveModel: sam-vit-b and segformer-b2-clothes need 19 GB of memory beside the 4 of"
        " Label Studio and the system, and g2-standard-4 has 16. Choose smaller ones, or a"
        " machineType with more memory.",
    ),
}
