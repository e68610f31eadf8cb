"""Settings of the demo on this machine, read from the environment."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from weights.access import Access
from weights.cache import Cache
from weights.catalogue import Kind, Model, choose
from weights.errors import WeightsError
from weights.google import library_token
from weights.settings import Settings as WeightsSettings
from weights.settings import load_settings as load_weights_settings

ROOT = Path(__file__).resolve().parents[1]

HOST = "127.0.0.1"
DEFAULT_PORT = 8080
DEMO_SEGMENTATION_MODEL = ROOT / "backends/segmentation/demo"
DEMO_SAM_CHECKPOINT = ROOT / "backends/segment_anything_model/demo/sam_small.safetensors"
DEMO_PROJECT = ROOT / "templates/projects/garments.yaml"
LABEL_MAPS = ROOT / "backends/segmentation/label_maps"

# What may be chosen about the backends wherever they run; templates/vm/compose.yml reads it too.
OF_THE_BACKENDS = tomllib.loads((ROOT / "backends/settings.toml").read_text("utf-8"))["settings"]
# What a service may see of the caller's environment. Anything else (a PORT, a LABEL_STUDIO_HOST, a
# DJANGO_DB) would change what it does.
PASSED_ON = {
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
    *("DEVICE", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "HF_HOME", "HF_TOKEN"),
    *("SAM_MODEL_TYPE", "SEGMENTATION_LABEL_MAP", *OF_THE_BACKENDS),
}

BY_NAME = (
    "or take one by name: make demo MODELS=photographs (`python3 -m weights list` shows all names)"
)


class LaptopError(Exception):
    """The demo cannot do what was asked; the message says what happened and what to do."""


@dataclass(frozen=True)
class LaptopSettings:
    """Where the demo's files are, which weights it serves, and on which port a browser finds it.

    Attributes:
        sam_checkpoint: the interactive model's file, or the folder of its files.
        segmentation_model: a folder, or a name on the Hugging Face Hub.
        models: those that MODELS chose, each with its place in the cache of weights.
        images: a folder of one's own, in place of the demo's pictures.
        backups: the folder of backups, outside of the state.
    """

    port: int
    state: Path
    sam_checkpoint: Path
    segmentation_model: str
    passed_on: Mapping[str, str]
    weights: WeightsSettings
    models: Mapping[Kind, Model]
    images: Path | None
    backups: Path

    @property
    def url(self) -> str:
        """What a browser opens, without a trailing slash."""
        return f"http://{HOST}:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What every process of the demo sees: the caller's own few variables, and no way out."""
        environ = {
            **self.passed_on,
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
        }
        if Path(self.segmentation_model).is_dir():
            # Everything is on this disk, so nothing needs to be asked of a hub.
            environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        return environ

    @property
    def label_map(self) -> str | None:
        """The name of the chosen segmentation model's label map, where it has one."""
        model = self.models.get("segmentation")
        return model.label_map if model else None

    @property
    def served(self) -> dict[Kind, str]:
        """What people know each model by; "demo" for the demo's weights."""
        demo: dict[Kind, bool] = {
            "interactive": self.sam_checkpoint == DEMO_SAM_CHECKPOINT,
            "segmentation": self.segmentation_model == str(DEMO_SEGMENTATION_MODEL),
        }
        paths: dict[Kind, str] = {
            "interactive": self.sam_checkpoint.name,
            "segmentation": self.segmentation_model.rpartition("/")[2],
        }
        served: dict[Kind, str] = {}
        for kind, is_demo in demo.items():
            chosen = self.models.get(kind)
            served[kind] = chosen.name if chosen else "demo" if is_demo else paths[kind]
        return served

    @property
    def run_dir(self) -> Path:
        """Logs, locks and what else describes the running processes; worthless after a stop."""
        return self.state / "run"

    @property
    def supervisor_log(self) -> Path:
        """What a demo in the background would have printed, passwords excepted."""
        return self.run_dir / "supervisor.log"

    @property
    def data_dir(self) -> Path:
        """Everything that must outlive a stop: database, uploads, pictures, passwords."""
        return self.state / "data"

    @property
    def credentials_file(self) -> Path:
        return self.data_dir / "credentials.json"

    @property
    def label_studio_dir(self) -> Path:
        return self.data_dir / "label-studio"

    @property
    def images_dir(self) -> Path:
        return self.data_dir / "images"

    @property
    def embeddings_dir(self) -> Path:
        """What the interactive model saw of images: made anew where it is missing."""
        return self.state / "embeddings"

    @property
    def demo_file(self) -> Path:
        """Addresses and passwords for scripts; there while the demo is ready."""
        return self.state / "demo.json"

    @property
    def ml_python(self) -> Path:
        return ROOT / ".local/env/ml/bin/python"

    @property
    def frontend_python(self) -> Path:
        return ROOT / ".local/env/frontend/bin/python"


def load_settings(environ: Mapping[str, str], port: int = DEFAULT_PORT) -> LaptopSettings:
    """Reads MODELS, IMAGES, SAM_CHECKPOINT, SEGMENTATION_MODEL, ATELIER_STATE (the folder of all
    state) and ATELIER_BACKUPS, and the settings of the weights.

    Raises LaptopError for a model that there is not, or one that is chosen twice.
    """
    try:
        weights = load_weights_settings(environ)
        models = choose(environ.get("MODELS", ""))
    except WeightsError as error:
        raise LaptopError(str(error)) from error
    own: dict[Kind, str] = {"interactive": "SAM_CHECKPOINT", "segmentation": "SEGMENTATION_MODEL"}
    for kind, name in own.items():
        if kind in models and environ.get(name):
            raise LaptopError(
                f"MODELS chooses {models[kind].name} and {name} another {kind} model. Omit one."
            )
    paths = {kind: str(weights_cache(weights).path(m)) for kind, m in models.items() if m.files}
    model = paths.get("segmentation") or environ.get("SEGMENTATION_MODEL")
    folder = Path(model or DEMO_SEGMENTATION_MODEL).expanduser()
    checkpoint = Path(
        paths.get("interactive") or environ.get("SAM_CHECKPOINT") or DEMO_SAM_CHECKPOINT
    )
    images = environ.get("IMAGES")
    return LaptopSettings(
        port=port,
        state=Path(environ.get("ATELIER_STATE") or ROOT / ".local").expanduser().resolve(),
        sam_checkpoint=checkpoint.expanduser().absolute(),
        segmentation_model=str(folder.resolve()) if folder.is_dir() else model or str(folder),
        passed_on={name: value for name, value in environ.items() if name in PASSED_ON},
        weights=weights,
        models=models,
        images=Path(images).expanduser().absolute() if images else None,
        backups=backups_folder(environ),
    )


def backups_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder of backups, which all clones share: no `git clean` reaches it.

    ATELIER_BACKUPS names another one.
    """
    if given := environ.get("ATELIER_BACKUPS"):
        return Path(given).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/atelier/backups"
    # The specification wants a relative one to be ignored.
    base = Path(environ.get("XDG_DATA_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".local/share") / "atelier/backups"


def weights_cache(settings: WeightsSettings, tell: Callable[[str], None] = print) -> Cache:
    """The weights that all clones of this user share."""
    return Cache(settings.cache, Access(settings.mirror, library_token), tell)


def require_weights(settings: LaptopSettings) -> None:
    """Raises LaptopError for a checkpoint or a model that does not exist."""
    if not settings.sam_checkpoint.exists():
        raise LaptopError(
            f"SAM_CHECKPOINT: {settings.sam_checkpoint} does not exist. Give the path of a Segment "
            f"Anything checkpoint, {BY_NAME}, or omit it to use the demo weights."
        )
    model = settings.segmentation_model
    hub_name = model.count("/") == 1 and not model.startswith((".", "~", "/"))
    if not Path(model).is_dir() and not hub_name:
        raise LaptopError(
            f"SEGMENTATION_MODEL: {model} is not a folder. Give the folder of a segmentation "
            f"checkpoint, a name on the Hugging Face Hub, {BY_NAME}, or omit it to use the demo "
            "weights."
        )


def require_environments(settings: LaptopSettings) -> None:
    """Raises LaptopError when the services' environments have not been made."""
    for python in (settings.ml_python, settings.frontend_python):
        if not python.exists():
            raise LaptopError(f"{python} is missing. Run `make demo`, which installs it.")
