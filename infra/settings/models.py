"""The two models of a stack: which setting chooses each, and which image it is built into."""

import math
from dataclasses import dataclass

from infra.settings.backends import texts
from infra.settings.fields import Settings
from weights.catalogue import Kind, Model, find

# GB that Label Studio, its database, the web server and the system take beside the models: the
# first two may take 3 and 1 (templates/vm/compose.yml), and never do at once.
BESIDE_MODELS_GB = 4
FOR_IMAGES_GB = 2
CACHE, USUAL_CACHE_MB = "SAM_CACHE_MB", 512


@dataclass(frozen=True)
class Choice:
    """One of the two choices.

    Attributes:
        key: The config key.
        image: The image that the weights become a part of.
        does: What the model does for labelers.
        memory_gb: What its container may take: the default in templates/vm/compose.yml.
    """

    kind: Kind
    key: str
    image: str
    does: str
    memory_gb: int

    def reference(self, settings: Settings) -> str:
        """Return what the stack says: a name of the catalogue, or an address with its hash."""
        by_kind: dict[Kind, str] = {
            "interactive": settings.interactive_model,
            "segmentation": settings.segmentation_model,
        }
        return by_kind[self.kind]


CHOICES = (
    Choice("interactive", "interactiveModel", "segment_anything_model", "clicks and boxes", 6),
    Choice("segmentation", "segmentationModel", "segmentation", "pre-labels", 4),
)


def models(settings: Settings) -> dict[Kind, Model]:
    """Return the stack's models; none with prebuilt images, which hold whatever they hold.

    Raises:
        WeightsError: one of them cannot be found. Settings that were loaded have only others.
    """
    if settings.images == "prebuilt":
        return {}
    return {choice.kind: find(choice.reference(settings), choice.kind) for choice in CHOICES}


def needed_gb(settings: Settings, choice: Choice) -> float:
    """Return the GB of memory that a model's service needs; 0 where nobody knows.

    Raises:
        WeightsError: as `models` does.
        ValueRefused: the size of the cache is none.
    """
    model = models(settings).get(choice.kind)
    known = model.memory_gb or 0 if model else 0
    return known + (_more_cache_gb(settings) if choice.kind == "interactive" else 0)


def limit_gb(settings: Settings, choice: Choice) -> int:
    """Return what a model's container may take: images being answered come on top of the model.

    Raises:
        WeightsError: as `models` does.
    """
    return max(choice.memory_gb, math.ceil(needed_gb(settings, choice) + FOR_IMAGES_GB))


def _more_cache_gb(settings: Settings) -> float:
    """Return by how much the cache of embeddings is larger than usual."""
    cache = float(texts(settings.backends).get(CACHE, USUAL_CACHE_MB))
    return max(0.0, cache - USUAL_CACHE_MB) / 1024
