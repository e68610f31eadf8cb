"""The three services of the demo: what each is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.credentials import Credentials
from laptop.processes.ports import free_or_other
from laptop.processes.process import Command
from laptop.processes.supervisor import Service
from laptop.settings import HOST, LaptopSettings

SEGMENTATION_PORT = 7070
SEGMENT_ANYTHING_PORT = 9090
BACKEND_USER = "label-studio"

# The first start makes Label Studio's database: 40 s alone, more while two models load beside it.
FRONTEND_BOOT_SECONDS = 300.0
# Until it answers at all; loading takes as long as it takes, and is told at /health.
BACKEND_BOOT_SECONDS = 120.0


@dataclass(frozen=True)
class Addresses:
    """Where each service listens, as URLs without a trailing slash."""

    frontend: str
    segmentation: str
    segment_anything_model: str


def choose_addresses(settings: LaptopSettings) -> Addresses:
    """The usual ports of the backends, or others where these are taken."""
    return Addresses(
        frontend=settings.url,
        segmentation=f"http://{HOST}:{free_or_other(SEGMENTATION_PORT)}",
        segment_anything_model=f"http://{HOST}:{free_or_other(SEGMENT_ANYTHING_PORT)}",
    )


def make_services(
    settings: LaptopSettings, addresses: Addresses, credentials: Credentials
) -> list[Service]:
    """All three, the slowest to start first."""
    secret = credentials.revealed()
    frontend = {
        **listening(addresses.frontend),
        "LABEL_STUDIO_BASE_DATA_DIR": str(settings.label_studio_dir),
        "LABEL_STUDIO_USERNAME": secret["user"],
        "LABEL_STUDIO_PASSWORD": secret["password"],
        "LABEL_STUDIO_USER_TOKEN": secret["token"],
        "SECRET_KEY": secret["secret_key"],
        "ML_BACKEND_ADDRESSES": f"{HOST}/32",
        # One process is enough for a laptop, and leaves its memory to the models.
        "WEB_WORKERS": "1",
    }
    label_studio = {
        "LABEL_STUDIO_URL": addresses.frontend,
        "LABEL_STUDIO_API_KEY": secret["token"],
        "BASIC_AUTH_USER": BACKEND_USER,
    }
    segmentation = {
        **listening(addresses.segmentation),
        **label_studio,
        "MODEL_CLASS": "backends.segmentation.backend:SegmentationBackend",
        "BASIC_AUTH_PASS": secret["segmentation_password"],
        "SEGMENTATION_MODEL": settings.segmentation_model,
    }
    segment_anything_model = {
        **listening(addresses.segment_anything_model),
        **label_studio,
        "MODEL_CLASS": "backends.segment_anything_model.backend:SegmentAnythingBackend",
        "BASIC_AUTH_PASS": secret["segment_anything_password"],
        "SAM_CHECKPOINT": str(settings.sam_checkpoint),
        "SEGMENTATION_URL": addresses.segmentation,
        "SEGMENTATION_USER": BACKEND_USER,
        "SEGMENTATION_PASS": secret["segmentation_password"],
    }
    backend = ("-m", "backends.serving")
    ml, web = settings.ml_python, settings.frontend_python
    return [
        service(settings, "frontend", web, ("-m", "backends.frontend"), frontend),
        service(settings, "segmentation", ml, backend, segmentation),
        service(settings, "segment_anything_model", ml, backend, segment_anything_model),
    ]


def listening(url: str) -> dict[str, str]:
    return {"HOST": HOST, "PORT": url.rpartition(":")[2]}


def service(
    settings: LaptopSettings,
    name: str,
    python: Path,
    arguments: tuple[str, ...],
    environ: Mapping[str, str],
) -> Service:
    boot = FRONTEND_BOOT_SECONDS if name == "frontend" else BACKEND_BOOT_SECONDS
    return Service(
        Command(name, (str(python), *arguments), {**settings.environ, **environ}),
        f"http://{environ['HOST']}:{environ['PORT']}/health",
        boot,
    )


def apply_environ(
    settings: LaptopSettings, addresses: Addresses, credentials: Credentials
) -> dict[str, str]:
    """What `studio apply` is given: the connection, and what the project file refers to."""
    secret = credentials.revealed()
    return {
        **settings.environ,
        "LABEL_STUDIO_URL": addresses.frontend,
        "LABEL_STUDIO_API_KEY": secret["token"],
        "IMAGES": str(settings.images_dir),
        "SEGMENTATION_URL": addresses.segmentation,
        "SEGMENTATION_USER": BACKEND_USER,
        "SEGMENTATION_PASSWORD": secret["segmentation_password"],
        "SEGMENT_ANYTHING_MODEL_URL": addresses.segment_anything_model,
        "SEGMENT_ANYTHING_MODEL_USER": BACKEND_USER,
        "SEGMENT_ANYTHING_MODEL_PASSWORD": secret["segment_anything_password"],
    }


def backend_facts(addresses: Addresses, credentials: Credentials) -> dict[str, dict[str, str]]:
    """url, user and password of each backend."""
    secret = credentials.revealed()
    return {
        "segmentation": {
            "url": addresses.segmentation,
            "user": BACKEND_USER,
            "password": secret["segmentation_password"],
        },
        "segment_anything_model": {
            "url": addresses.segment_anything_model,
            "user": BACKEND_USER,
            "password": secret["segment_anything_password"],
        },
    }
