"""An embedding at half its size: in memory, and as bytes that can be kept in a file.

Half precision moves a mask's edge by less than its own uncertainty (IoU .9999 beside float32). All
embeddings go through it, also those that were just made: an answer never depends on where its
embedding lay.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from backends.segment_anything_model.geometry import Geometry
from backends.segment_anything_model.model import Embedding

_DIGEST_BYTES = hashlib.sha256().digest_size


class DamagedEntry(Exception):
    """Bytes that are no packed embedding, or that of another image."""


@dataclass(frozen=True, eq=False)
class Packed:
    """An embedding for keeping.

    Attributes:
        identity: of the image's content.
        features: those of the embedding, float16 on the CPU; float32 where float16 is too small.
        geometry: that of the embedding.
    """

    identity: str
    features: tuple[torch.Tensor, ...]
    geometry: Geometry

    @classmethod
    def of(cls, identity: str, embedding: Embedding) -> Self:
        """Pack an embedding."""
        features = tuple(_half(feature) for feature in embedding.features)
        return cls(identity, features, embedding.geometry)

    def embedding(self, device: torch.device) -> Embedding:
        """Return the embedding, its features float32 on a device."""
        # Copied to the device first: half of the bytes. A decoder goes from place to place, with
        # all channels of each.
        features = tuple(
            feature.to(device).to(torch.float32, memory_format=torch.channels_last)
            for feature in self.features
        )
        return Embedding(features, self.geometry)

    @property
    def nbytes(self) -> int:
        return sum(feature.nbytes for feature in self.features)

    def to_bytes(self, key: str) -> bytes:
        """Return it as safetensors with a SHA-256 behind them.

        Args:
            key: what the bytes are kept under; `from_bytes` wants the same.
        """
        geometry = {"class": type(self.geometry).__name__, **dataclasses.asdict(self.geometry)}
        facts = {"key": key, "identity": self.identity, "geometry": json.dumps(geometry)}
        tensors = {str(number): tensor for number, tensor in enumerate(self.features)}
        body = save(tensors, facts)
        return body + hashlib.sha256(body).digest()

    @classmethod
    def from_bytes(cls, data: bytes, key: str) -> Self:
        """Return what `to_bytes` was called on.

        Raises:
            DamagedEntry: something is missing, was changed, or belongs to another key.
        """
        body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            raise DamagedEntry("its SHA-256 is another one")
        try:
            facts = _facts(body)
            if facts["key"] != key:
                raise DamagedEntry("it belongs to another image or another model")
            tensors = load(body)
            features = tuple(tensors[str(number)] for number in range(len(tensors)))
            return cls(facts["identity"], features, _geometry(json.loads(facts["geometry"])))
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise DamagedEntry(f"it cannot be read: {error}") from error


def _half(feature: torch.Tensor) -> torch.Tensor:
    half = feature.to(torch.float16)
    if not bool(half.isfinite().all()):
        half = feature.float()
    # safetensors takes tensors that lie in one piece, and a cached one must not hold a larger one.
    return half.cpu().contiguous()


def _facts(body: bytes) -> Mapping[str, str]:
    """The metadata of safetensors, which their own `load` leaves out: a length, then JSON."""
    length = int.from_bytes(body[:8], "little")
    return json.loads(body[8 : 8 + length])["__metadata__"]


def _geometry(facts: dict[str, Any]) -> Geometry:
    name = facts.pop("class")
    kinds = {kind.__name__: kind for kind in Geometry.__subclasses__()}
    height, width = facts.pop("original_size")
    return kinds[name](original_size=(height, width), **facts)
