"""Refusals of what runs on the machine: the config, and the line that says so."""

from tests.infra.settings import configs

AGAIN = "Run `pulumi config set --secret atelier:adminPassword` and type one."

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a key's version that is none": (
        {"keyVersion": 0},
        "keyVersion: 0 is too small. Write 1 or more.",
    ),
    "prebuilt images without references": (
        {"images": "prebuilt", "prebuilt": {"frontend": configs.PREBUILT["frontend"]}},
        "prebuilt: images prebuilt needs a reference for segmentation and segment_anything_model."
        " Set prebuilt.segmentation and prebuilt.segment_anything_model as in"
        " us-docker.pkg.dev/project/repository/name@sha256:…, or set images to docker.",
    ),
    "references that nothing uses": (
        {"prebuilt": configs.PREBUILT},
        "prebuilt: references are given, but images is docker, which builds its own."
        " Set images to prebuilt, or remove prebuilt.",
    ),
    "a reference by tag": (
        {"images": "prebuilt", "prebuilt": {**configs.PREBUILT, "frontend": "docker.io/a/b:1.2"}},
        'prebuilt: the reference of frontend, "docker.io/a/b:1.2", does not say registry and'
        " digest. Write it as in us-docker.pkg.dev/project/repository/name@sha256:…; a tag alone"
        " may mean another image tomorrow.",
    ),
    "a reference of no image": (
        {"images": "prebuilt", "prebuilt": {**configs.PREBUILT, "segmentations": "x"}},
        'prebuilt: there is no image "segmentations". Write segmentation.',
    ),
    "a project file that is not there": (
        {"projectFile": "templates/projects/shoes.yaml"},
        'projectFile: "templates/projects/shoes.yaml" does not exist.'
        " In templates/projects there is garments-bucket.yaml and garments.yaml.",
    ),
    "a project file elsewhere on the computer": (
        {"projectFile": "../shoes.yaml"},
        'projectFile: "../shoes.yaml" is outside of the repository. Put it beside'
        " templates/projects/garments-bucket.yaml, and write its path from the repository's root.",
    ),
    "a project file of another kind": (
        {"projectFile": "README.md"},
        'projectFile: "README.md" is no YAML file.'
        " Write a path such as templates/projects/garments-bucket.yaml.",
    ),
    "an account that is not an e-mail address": (
        {"adminEmail": "admin"},
        'adminEmail: "admin" is not an e-mail address. Write one as in anna@example.org.',
    ),
    "a short password": (
        {"adminPassword": "abc1234"},
        f"adminPassword: the password has fewer than 8 characters. {AGAIN}",
    ),
    "a placeholder": (
        {"adminPassword": "Change-Me 2026!"},
        f"adminPassword: the password is a placeholder that others try first. {AGAIN}",
    ),
    "a counted password": (
        {"adminPassword": "123456789"},
        f"adminPassword: the password is a placeholder that others try first. {AGAIN}",
    ),
    "a password of two characters": (
        {"adminPassword": "abababababab"},
        f"adminPassword: the password repeats one or two characters. {AGAIN}",
    ),
    "a password with its line end": (
        {"adminPassword": "correct horse\n"},
        "adminPassword: the password has line ends, control characters, or spaces around it."
        f" {AGAIN}",
    ),
    "a password with a space before it": (
        {"adminPassword": " correct horse"},
        "adminPassword: the password has line ends, control characters, or spaces around it."
        f" {AGAIN}",
    ),
    "the account's name as its password": (
        {"adminEmail": "Anna.Smith@example.org", "adminPassword": "anna.smith"},
        f"adminPassword: the password is the account's name. {AGAIN}",
    ),
}
