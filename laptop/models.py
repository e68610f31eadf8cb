"""The models that MODELS= chose: what they are said to be, once, and their weights fetched."""

from __future__ import annotations

from collections.abc import Mapping

from laptop.progress import Progress
from laptop.settings import LaptopError, LaptopSettings, weights_cache
from weights.catalogue import KINDS, Kind, Model
from weights.errors import WeightsError
from weights.file import megabytes
from weights.terminal import progress as bar

DOES: dict[Kind, str] = {"interactive": "clicks and boxes", "segmentation": "pre-labels"}
UNKNOWN_LICENCE = "its licence is not known here: whoever gave you the address can tell"
OWN = "For photographs of your own: make demo MODELS=photographs IMAGES=folder"


def ensure_weights(settings: LaptopSettings, progress: Progress) -> None:
    """Fetches what the cache lacks, after saying what; says nothing where it lacks nothing.

    Raises LaptopError when weights cannot be had.
    """
    cache = weights_cache(settings.weights, progress.say)
    models = [model for model in settings.models.values() if model.files]
    try:
        missing = [model for model in models if cache.missing(model)]
        for model in models:
            if model not in missing:
                cache.fetch(model)  # Names what is here.
        if not missing:
            return
        announce(missing, progress)
        progress.say(f"fetching into {cache.folder}, which all clones share")
        with bar(progress.say) as report:
            for model in missing:
                cache.fetch(model, report)
    except WeightsError as error:
        raise LaptopError(str(error)) from error
    except KeyboardInterrupt:
        progress.say("stopped. What arrived is kept: the same command goes on from there")
        raise
    progress.say("the weights are here: the next start needs no network")


def announce(models: list[Model], progress: Progress) -> None:
    """Says what will be fetched, how large it is, and what its licence asks."""
    for model in models:
        size = megabytes(model.size) if model.size else "of unknown size"
        progress.say(f"{model.name} for {DOES[model.kind]}: {model.title}, {size}")
        licence = f"{model.licence}: {model.obliges}" if model.obliges else UNKNOWN_LICENCE
        progress.show(f"licence {licence}" if model.obliges else licence)


def served_words(served: Mapping[Kind, str]) -> str:
    """Both models in a line, each with what it does."""
    return ", ".join(
        f"{served[kind] if served[kind] != 'demo' else 'demo weights'} ({DOES[kind]})"
        for kind in KINDS
    )


def advice(served: Mapping[Kind, str]) -> str:
    """How to have real weights, where any are the demo's; else nothing."""
    demo: list[Kind] = [kind for kind in KINDS if served[kind] == "demo"]
    if not demo:
        return ""
    does = " and ".join(DOES[kind] for kind in demo)
    return f"The demo weights ({does}) know drawn scenes alone, not photographs. {OWN}"
