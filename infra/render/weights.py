"""What the two models mean for their images, and what a preview tells of them.

An address never holds a password or a signature (`infra.settings.rules.models`): build arguments
stand in the image's history and in the state.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from infra.settings.facts import BATCH_IMAGE
from infra.settings.fields import Settings
from infra.settings.models import CHOICES, Choice, models
from weights.build import build_arguments
from weights.catalogue import Model, catalogue

# What a mirror has copies of; buckets are read where they are (`weights.access`).
_MIRRORED = ("https://", "http://")


def image_arguments(settings: Settings, image: str) -> dict[str, str]:
    """Return the arguments that an image is built with: its model's weights.

    All of the Dockerfile's are there, the empty ones too, so that none is taken from elsewhere.
    The frontend's image has none, that of jobs both models' and who runs it, and with prebuilt
    images nothing is built.
    """
    chosen, arguments = models(settings), dict[str, str]()
    for choice in CHOICES:
        if image in (choice.image, BATCH_IMAGE) and choice.kind in chosen:
            arguments |= build_arguments(chosen[choice.kind])
    if image == BATCH_IMAGE and chosen:
        arguments["RUNNER"] = settings.batch
    return arguments


def mirror_argument(settings: Settings, image: str) -> dict[str, str]:
    """Return the argument that says where an image's weights are read, empty for their own hosts.

    It is no part of an image's hash: wherever they come from, their SHA-256 is the same.
    """
    needed = any(value.startswith(_MIRRORED) for value in image_arguments(settings, image).values())
    return {"WEIGHTS_MIRROR": settings.weights_mirror} if needed else {}


def needs_google(arguments: Mapping[str, str]) -> bool:
    """Return whether a build reads a bucket, and so needs a Google account's token."""
    return any(value.startswith("gs://") for value in arguments.values())


def told(settings: Settings) -> list[dict[str, object]]:
    """Return what a preview tells of each model: plain values, for the engine's JSON."""
    chosen = models(settings)
    return [
        _told(choice, chosen[choice.kind], settings) for choice in CHOICES if choice.kind in chosen
    ]


def _told(choice: Choice, model: Model, settings: Settings) -> dict[str, object]:
    is_own = "://" in choice.reference(settings)
    return {
        "does": choice.does,
        "name": model.name,
        "host": urlsplit(model.files[0].url).netloc if is_own else "",
        "bytes": model.size,
        "licence": model.licence,
        # "nothing beyond ..." is what everybody knows of a licence.
        "obliges": "" if model.obliges.startswith("nothing") else model.obliges,
        "warning": _warning(choice, model, settings),
    }


def _warning(choice: Choice, model: Model, settings: Settings) -> str:
    if model.gpu != "needed" or settings.machine.gpu:
        return ""
    others = (other for other in catalogue()[choice.kind].values() if other.gpu == "not needed")
    instead = next((other.name for other in others if other.files), "")
    remedy = f"{instead} is made for such machines" if instead else "a preset with a GPU helps"
    waits = "the first click on each image" if choice.kind == "interactive" else "each image"
    return (
        f"{model.name} needs a GPU, and preset {settings.preset} has none: {waits} takes half a"
        f" minute or longer; {remedy}"
    )
