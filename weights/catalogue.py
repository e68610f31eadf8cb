"""Models by name, or by an address with its hash: what to fetch, and under which licence."""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

from weights.access import SCHEMES, shown
from weights.errors import WeightsError
from weights.file import File, is_digest, is_file_name
from weights.settings import load_settings

__all__ = ["KINDS", "Catalogue", "File", "Kind", "Model", "catalogue", "choose", "find"]

CATALOGUE = Path(__file__).with_name("catalogue.toml")

Kind = Literal["interactive", "segmentation"]
KINDS: tuple[Kind, ...] = ("interactive", "segmentation")


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
        labeling_config: with the labels of the label map, a path in Atelier; None for garments.
    """

    name: str
    kind: Kind
    title: str
    files: tuple[File, ...] = ()
    licence: str = "unknown"
    obliges: str = ""
    good_for: str = ""
    memory_gb: float | None = None
    gpu: str = ""
    label_map: str | None = None
    labeling_config: str | None = None

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where one is not known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def is_folder(self) -> bool:
        """Whether its loader is given the folder of its files, and not its one file."""
        return self.kind == "segmentation" or len(self.files) > 1

    @property
    def source(self) -> tuple[str, str]:
        """Its address and its hash as an image build takes them (weights/fetch.py); both empty for
        the demo's.

        Raises:
            WeightsError: its files are not in one folder.
        """
        if not self.files:
            return "", ""
        if not self.is_folder:
            return self.files[0].url, self.files[0].sha256
        folders = {file.url.removesuffix(f"/{file.name}") for file in self.files}
        if len(folders) > 1 or any(not f.url.endswith(f"/{f.name}") for f in self.files):
            raise WeightsError(
                f"an image can be built only with weights from one folder, and {self.name} is in "
                f"{len(folders)}"
            )
        return folders.pop(), ",".join(f"{file.name}={file.sha256}" for file in self.files)


@dataclass(frozen=True)
class Catalogue:
    """Models by kind and name, and sets of models that one word chooses."""

    models: Mapping[Kind, Mapping[str, Model]]
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def catalogue() -> Mapping[Kind, Mapping[str, Model]]:
    """Return the models by kind and name, in the file's order, those of an own catalogue last.

    Raises:
        WeightsError: the own catalogue (ATELIER_CATALOGUE) cannot be read.
    """
    return _all().models


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
    if "://" in reference:
        return _by_address(reference, kind)
    raise WeightsError(
        f"there is no {kind} model {reference!r}.{_close(reference, list(known))} There are: "
        f"{', '.join(known)}; or give your own as ADDRESS#sha256=HASH"
    )


def choose(references: str) -> dict[Kind, Model]:
    """Return the models of a comma-separated list, at most one of a kind; no model for a kind that
    nothing was said about.

    Args:
        references: names, addresses as `find` takes them, and names of sets. An address of one file
            is an interactive model, one of a folder a segmentation model.

    Raises:
        WeightsError: as `find` does, or two models are of one kind.
    """
    chosen: dict[Kind, Model] = {}
    for model in _expand(references):
        if chosen.setdefault(model.kind, model) != model:
            raise WeightsError(
                f"{chosen[model.kind].name} and {model.name} are both {model.kind} models; choose "
                "one of them"
            )
    return chosen


def _expand(references: str) -> Iterator[Model]:
    known = _all()
    for word in filter(None, (part.strip() for part in references.split(","))):
        for name in known.sets.get(word, (word,)):
            named = [models[name] for models in known.models.values() if name in models]
            if named:
                yield from named
            elif "://" in name:
                one = "sha256" in _hashes(name.partition("#")[2])
                yield find(name, "interactive" if one else "segmentation")
            else:
                names = [name for models in known.models.values() for name in models]
                listed = "; ".join(f"{kind}: {', '.join(known.models[kind])}" for kind in KINDS)
                raise WeightsError(
                    f"there is no model {name!r}.{_close(name, [*known.sets, *names])} There are "
                    f"{listed}; both at once: {', '.join(known.sets)}. Or give your own as "
                    "ADDRESS#sha256=HASH"
                )


def _close(reference: str, known: list[str]) -> str:
    close = difflib.get_close_matches(reference, known, n=1, cutoff=0.5)
    return f" Did you mean {close[0]}?" if close else ""


def _all() -> Catalogue:
    return _read(load_settings(os.environ).own_catalogue)


@cache
def _read(own: Path | None) -> Catalogue:
    ours = _parse(CATALOGUE)
    if own is None:
        return ours
    theirs = _parse(own)
    return Catalogue(
        {kind: {**ours.models[kind], **theirs.models[kind]} for kind in KINDS},
        {**ours.sets, **theirs.sets},
    )


def _parse(path: Path) -> Catalogue:
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"the catalogue {path} cannot be read: {error}") from error
    unknown = set(listed) - {*KINDS, "sets"}
    if unknown:
        raise WeightsError(f"{path}: there is no section {', '.join(sorted(unknown))}")
    try:
        return Catalogue(
            {
                kind: {name: _model(name, kind, entry) for name, entry in listed[kind].items()}
                if kind in listed
                else {}
                for kind in KINDS
            },
            {name: tuple(names) for name, names in listed.get("sets", {}).items()},
        )
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    except (TypeError, AttributeError) as error:
        raise WeightsError(f"{path} has not the form of a catalogue: {error}") from error


def _model(name: str, kind: Kind, entry: Mapping[str, Any]) -> Model:
    if unknown := set(entry) - {one.name for one in fields(Model)}:
        raise WeightsError(f"{name} has the key {min(unknown)}, which no model has")
    files = []
    for listed in entry.get("files", ()):
        if missing := {"name", "url", "sha256"} - set(listed):
            raise WeightsError(f"a file of {name} has no {min(missing)}")
        file = File(**listed)
        _require_address(file.url)
        files.append(replace(file, sha256=_digest(file.url, file.sha256)))
        _file_name(file.name)
    return Model(**{"title": name, **entry, "name": name, "kind": kind, "files": tuple(files)})


def _by_address(reference: str, kind: Kind) -> Model:
    address, _, text = reference.partition("#")
    _require_address(address)
    name = _file_name(PurePosixPath(urlsplit(address).path).name)
    if not text:
        raise WeightsError(
            f"{shown(address)} needs its hash, so that nobody gets other weights: add #sha256=HASH"
        )
    hashes = _hashes(text)
    if set(hashes) == {"sha256"}:
        files = (File(name, address, _digest(address, hashes["sha256"])),)
    else:
        base = address.rstrip("/")
        files = tuple(
            File(_file_name(file), f"{base}/{file}", _digest(file, digest))
            for file, digest in hashes.items()
        )
    return Model(name, kind, title=shown(address), files=files)


def _hashes(text: str) -> dict[str, str]:
    return {name: digest for name, _, digest in (pair.partition("=") for pair in text.split("&"))}


def _require_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise WeightsError(f"{address!r} is not an address of weights: {', '.join(SCHEMES)}")


def _file_name(name: str) -> str:
    if not is_file_name(name):
        raise WeightsError(f"{name!r} is not a file name")
    return name


def _digest(of: str, digest: str) -> str:
    if not is_digest(digest.lower()):
        raise WeightsError(f"{of}: {digest!r} is not a SHA-256, which has 64 digits 0-9 and a-f")
    return digest.lower()
