"""Models by name, or by an address with its hash: what to fetch, and under which licence."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from weights.errors import WeightsError

CATALOGUE = Path(__file__).with_name("catalogue.toml")

Kind = Literal["interactive", "segmentation"]
KINDS: tuple[Kind, ...] = ("interactive", "segmentation")
SCHEMES = ("https", "http", "gs", "file")


@dataclass(frozen=True)
class File:
    """One file of a model's weights.

    Attributes:
        name: its name in the model's folder.
        url: where it is: https, http, gs or file.
        sha256: of its content, 64 hexadecimal digits.
        size: in bytes; None for a file that was given by its address.
    """

    name: str
    url: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class Model:
    """A model of the catalogue, or one that was given by its address.

    Attributes:
        name: the word that chooses it; for an address, the last part of its path.
        kind: what it does.
        files: what is fetched, in this order; none for the demo's, which are part of Atelier.
        licence: SPDX identifier, or "unknown".
        obliges: what the licence asks of its user, one sentence; empty for an address.
        memory_gb: GB of memory that the service needs with it; None for an address.
        gpu: "needed", "worth having" or "not needed"; empty for an address.
        label_map: name of a file in backends/segmentation/label_maps/ without its suffix.
    """

    name: str
    kind: Kind
    title: str
    files: tuple[File, ...]
    licence: str = "unknown"
    obliges: str = ""
    good_for: str = ""
    memory_gb: float | None = None
    gpu: str = ""
    label_map: str | None = None

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where one is not known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)


@cache
def catalogue() -> dict[Kind, dict[str, Model]]:
    """Return the models of catalogue.toml by kind and name, in the file's order."""
    listed: dict[Kind, dict[str, Any]] = tomllib.loads(CATALOGUE.read_text())  # type: ignore[assignment]
    return {
        kind: {
            name: Model(
                name=name,
                kind=kind,
                **{
                    **entry,
                    "files": tuple(File(**file) for file in entry.get("files", ())),
                },
            )
            for name, entry in listed[kind].items()
        }
        for kind in KINDS
    }


def find(reference: str, kind: Kind) -> Model:
    """Return the model of a name, or of an address with its hash.

    Args:
        reference: a name of the catalogue; or `ADDRESS#sha256=HEX` for one file; or, for a folder
            in Hugging Face's layout, `ADDRESS#config.json=HEX&model.safetensors=HEX`.

    Raises:
        WeightsError: there is no such name (with those that there are), or the address or its hash
            cannot be used.
    """
    known = catalogue()[kind]
    if reference in known:
        return known[reference]
    if "://" not in reference:
        close = difflib.get_close_matches(reference, known, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise WeightsError(
            f"there is no {kind} model {reference!r}.{hint} There are: {', '.join(known)}; or give "
            "your own as ADDRESS#sha256=HASH"
        )
    return _by_address(reference, kind)


def _by_address(reference: str, kind: Kind) -> Model:
    address, _, hashes = reference.partition("#")
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise WeightsError(f"{address!r} is not an address of weights: {', '.join(SCHEMES)}")
    name = PurePosixPath(parts.path).name
    if not hashes:
        raise WeightsError(
            f"{address} needs its hash, so that nobody gets other weights: add #sha256=HASH"
        )
    pairs = {name: digest for name, _, digest in (p.partition("=") for p in hashes.split("&"))}
    if set(pairs) == {"sha256"}:
        files = (File(name, address, _digest(address, pairs["sha256"])),)
    else:
        base = address.rstrip("/")
        files = tuple(
            File(_file_name(file), f"{base}/{file}", _digest(file, digest))
            for file, digest in pairs.items()
        )
    return Model(name, kind, title=address, files=files)


def _file_name(name: str) -> str:
    if not name or "/" in name or name.startswith("."):
        raise WeightsError(f"{name!r} is not a file name")
    return name


def _digest(of: str, digest: str) -> str:
    if len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
        raise WeightsError(f"{of}: {digest!r} is not a SHA-256, which has 64 digits 0-9 and a-f")
    return digest.lower()
