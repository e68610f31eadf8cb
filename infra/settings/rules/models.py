"""The two models and their mirror: that they exist, can be built in, and fit the machine."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.settings.backends import ValueRefused
from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, nearest, shown
from infra.settings.models import BESIDE_MODELS_GB, CHOICES, Choice, models, needed_gb
from infra.settings.rules.rule import reads
from weights.catalogue import catalogue, find
from weights.errors import WeightsError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,60}")
# What an address may be made of: all else would have to be quoted on the way to the image.
_PLAIN = re.compile(r"[A-Za-z0-9._~/%+:=&-]+")
_SCHEMES = ("https", "http", "gs")
_TO_A_BUCKET = (
    "Upload it to a bucket and write gs://BUCKET/PATH#…: whoever builds the image reads it with"
    " their own Google account"
)
_FORMS = {
    "interactive": "ADDRESS#sha256=HASH",
    "segmentation": "ADDRESS#config.json=HASH&model.safetensors=HASH&preprocessor_config.json=HASH",
}

_MIRROR = "an https or gs address that anybody may see, as in https://mirror.example.org/weights"


@reads("interactive_model")
def interactive_model(settings: Settings) -> Iterator[Finding]:
    """A name of the catalogue, or the address of a file or a folder."""
    yield from _reference(CHOICES[0], settings)


@reads("segmentation_model")
def segmentation_model(settings: Settings) -> Iterator[Finding]:
    """A name of the catalogue, or the address of a folder."""
    yield from _reference(CHOICES[1], settings)


def _reference(choice: Choice, settings: Settings) -> Iterator[Finding]:
    reference = choice.reference(settings)
    fault = _fault(choice, reference)
    if fault:
        yield Finding(choice.key, *fault)


def _fault(choice: Choice, reference: str) -> tuple[str, str] | None:
    """Return what is wrong with a reference and what to write. No part of a secret is in it."""
    try:
        known = catalogue()[choice.kind]
    except WeightsError as error:
        return str(error).rstrip("."), "Mend the file that ATELIER_CATALOGUE names"
    form = _FORMS[choice.kind]
    if reference not in known and "://" not in reference:
        # Whatever else was meant may hold a password.
        name = shown(reference) if _NAME.fullmatch(reference) else "this"
        close = nearest(reference, known)
        guess = f"; the nearest is {close}" if close else ""
        return f"{name} is no model that we know{guess}", f"Write {listed(known)}, or {form}"
    if reference not in known and (fault := _address_fault(reference.partition("#")[0], form)):
        return fault
    try:
        model = find(reference, choice.kind)
        _ = model.source
    except WeightsError as error:
        return str(error).rstrip("."), f"Write {form}; `sha256sum FILE` prints a hash"
    if reference in known:  # A team's own catalogue may hold any address.
        faults = (_address_fault(file.url, form) for file in model.files)
        return next((fault for fault in faults if fault), None)
    if choice.kind == "segmentation" and "#sha256=" in reference:
        return f"{shown(reference.partition('#')[0])} is given as one file", f"Write {form}"
    return None


def _address_fault(address: str, form: str) -> tuple[str, str] | None:
    scheme, _, rest = address.partition("://")
    if scheme == "file":
        return "a file of one computer cannot be read where images are built", _TO_A_BUCKET
    if scheme not in _SCHEMES:
        return "this is no https or gs address", f"Write {form}"
    if "@" in rest or "?" in rest:
        return (
            "the address holds a password or a signature, which would stand readable in the state"
            " and in the image",
            _TO_A_BUCKET,
        )
    if not _PLAIN.fullmatch(address) or not urlsplit(address).netloc.strip(":"):
        return f"{shown(address)} is not an address", "Write unusual characters as %20 and the like"
    return None


@reads("weights_mirror")
def weights_mirror(settings: Settings) -> Iterator[Finding]:
    """An address below which copies are."""
    if settings.weights_mirror and (fault := _address_fault(settings.weights_mirror, _MIRROR)):
        yield Finding("weightsMirror", fault[0], f"Write {_MIRROR}")


@reads("images", "weights_mirror")
def mirror_used(settings: Settings) -> Iterator[Finding]:
    """A mirror only where an image is built."""
    if settings.weights_mirror and settings.images == "prebuilt":
        yield Finding(
            "weightsMirror",
            "weights are fetched where an image is built, and images is prebuilt",
            "Remove weightsMirror, or set images to docker or cloudbuild",
        )


@reads("images", "interactive_model", "segmentation_model")
def models_used(settings: Settings) -> Iterator[Finding]:
    """A model only where an image is built."""
    if settings.images != "prebuilt":
        return
    for choice in CHOICES:
        default = Settings.model_fields[f"{choice.kind}_model"].default
        if choice.reference(settings) != default:
            yield Finding(
                choice.key,
                "it is built into an image, but images is prebuilt, and those hold their own",
                f"Remove {choice.key}, or set images to docker or cloudbuild",
            )


@reads("images", "interactive_model", "segmentation_model", "backends", "machine_type", "preset")
def models_in_memory(settings: Settings) -> Iterator[Finding]:
    """Both models and Label Studio fit into the machine."""
    try:
        machine, chosen = settings.machine, models(settings)
        needed = {choice: needed_gb(settings, choice) for choice in CHOICES}
    except (KeyError, ValueRefused, WeightsError):
        return  # Another rule says so.
    if sum(needed.values()) + BESIDE_MODELS_GB > machine.memory_gb:
        names = listed((model.name for model in chosen.values()), "and")
        yield Finding(
            max(needed, key=lambda choice: needed[choice]).key,
            f"{names or 'the models'} need {sum(needed.values()):g} GB of memory beside the"
            f" {BESIDE_MODELS_GB} of Label Studio and the system, and {machine.machine_type} has"
            f" {machine.memory_gb:g}",
            "Choose smaller ones, or a machineType with more memory",
        )
