"""The three services of the demo: what each is started with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from laptop.credentials import Credentials
from laptop.processes.ports import free_or_other
from laptop.processes.process import Command
from laptop.processes.supervisor import Service
from laptop.settings import HOST, LABEL_MAPS, LaptopSettings

BACKEND_PORTS = {"segmentation": 7070, "segment_anything_model": 9090}
BACKEND_USER = "label-studio"

# The first start makes a user, and may have to migrate: a minute alone, more while two models load.
FRONTEND_BOOT_SECONDS = 300.0
# Until it answers at all; loading takes as long as it takes, and is told at /health.
BACKEND_BOOT_SECONDS = 120.0


def choose_addresses(settings: LaptopSettings) -> dict[str, str]:
    """Where each service will listen. A backend whose port is in use gets another one."""
    backends = {name: free_or_other(port) for name, port in BACKEND_PORTS.items()}
    return {
        "frontend": settings.url,
        **{name: f"http://{HOST}:{port}" for name, port in backends.items()},
    }


def make_services(
    settings: LaptopSettings, addresses: Mapping[str, str], credentials: Credentials
) -> list[Service]:
    """All three, the slowest to start first."""
    secret = credentials.revealed()
    backends = backend_facts(addresses, credentials)
    frontend = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(settings.label_studio_dir),
        "LABEL_STUDIO_USERNAME": secret["user"],
        "LABEL_STUDIO_PASSWORD": secret["password"],
        "LABEL_STUDIO_USER_TOKEN": secret["token"],
        "SECRET_KEY": secret["secret_key"],
        "ML_BACKEND_ADDRESSES": f"{HOST}/32",
        # One process is enough for a laptop, and leaves its memory to the models.
        "WEB_WORKERS": "1",
    }
    models = {
        "segmentation": {
            "MODEL_CLASS": "backends.segmentation.backend:SegmentationBackend",
            "SEGMENTATION_MODEL": settings.segmentation_model,
            **label_map(settings),
        },
        "segment_anything_model": {
            "MODEL_CLASS": "backends.segment_anything_model.backend:SegmentAnythingBackend",
            "SAM_CHECKPOINT": str(settings.sam_checkpoint),
            "SAM_DISK_FOLDER": str(settings.embeddings_dir),
            "SEGMENTATION_URL": addresses["segmentation"],
            "SEGMENTATION_USER": BACKEND_USER,
            "SEGMENTATION_PASS": backends["segmentation"]["password"],
        },
    }

    def service(
        name: str, python: Path, module: str, boot: float, environ: Mapping[str, str]
    ) -> Service:
        url = addresses[name]
        listening = {"HOST": HOST, "PORT": url.rpartition(":")[2]}
        argv = (str(python), "-m", module)
        command = Command(name, argv, {**settings.environ, **listening, **environ})
        return Service(command, f"{url}/health", boot)

    def backend(name: str) -> Service:
        environ = {
            **models[name],
            "LABEL_STUDIO_URL": addresses["frontend"],
            "LABEL_STUDIO_API_KEY": secret["token"],
            "BASIC_AUTH_USER": BACKEND_USER,
            "BASIC_AUTH_PASS": backends[name]["password"],
        }
        return service(name, settings.ml_python, "backends.serving", BACKEND_BOOT_SECONDS, environ)

    web = ("frontend", settings.frontend_python, "backends.frontend", FRONTEND_BOOT_SECONDS)
    return [service(*web, frontend), *map(backend, models)]


def label_map(settings: LaptopSettings) -> dict[str, str]:
    """The label map of a model of the catalogue, unless the caller has chosen another."""
    if settings.label_map is None or settings.passed_on.get("SEGMENTATION_LABEL_MAP"):
        return {}
    return {"SEGMENTATION_LABEL_MAP": str(LABEL_MAPS / f"{settings.label_map}.yaml")}


def apply_environ(
    settings: LaptopSettings, addresses: Mapping[str, str], credentials: Credentials
) -> dict[str, str]:
    """What `studio apply` is given: the connection, and what the project file refers to."""
    backends = {
        f"{name}_{fact}".upper(): value
        for name, facts in backend_facts(addresses, credentials).items()
        for fact, value in facts.items()
    }
    return {
        **settings.environ,
        **backends,
        "LABEL_STUDIO_URL": addresses["frontend"],
        "LABEL_STUDIO_API_KEY": credentials.token.get_secret_value(),
        "IMAGES": str(settings.images_dir),
    }


def backend_facts(
    addresses: Mapping[str, str], credentials: Credentials
) -> dict[str, dict[str, str]]:
    """url, user and password of each backend."""
    passwords = {
        "segmentation": credentials.segmentation_password,
        "segment_anything_model": credentials.segment_anything_password,
    }
    return {
        name: {
            "url": addresses[name],
            "user": BACKEND_USER,
            "password": password.get_secret_value(),
        }
        for name, password in passwords.items()
    }
