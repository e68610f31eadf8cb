"""The machine's environment as text: what compose and the startup script are told.

Two metadata attributes, so that a new image digest changes one of them and not the other. Neither
holds anything secret. The format is `infra.render.quoting`'s.
"""

from collections.abc import Mapping

from infra.render.quoting import line
from infra.settings.backends import texts
from infra.settings.facts import DATA_DEVICE, IMAGE_NAMES
from infra.settings.fields import Settings
from infra.settings.models import CHOICES, limit_gb

# udev makes this link of the device name.
DATA_DISK = f"/dev/disk/by-id/google-{DATA_DEVICE}"

# Matched against a dot and the host: nobody but Google has names under these, and only there may
# the machine's token go.
GOOGLES_REGISTRIES = ("-docker.pkg.dev", ".gcr.io")


def env(settings: Settings, *, url: str, service_account: str, password: str) -> str:
    """Return the text of `atelier-env`.

    Args:
        settings: The stack's settings.
        url: Where labelers open the studio (`infra.render.url.url`).
        service_account: The e-mail address of the machine's service account.
        password: The name of the secret's version that holds the admin password.
    """
    return _text(
        {
            "STACK": settings.stack,
            "ATELIER_URL": url,
            "TLS": settings.tls,
            "ADMIN_EMAIL": settings.admin_email,
            "ADMIN_PASSWORD_SECRET": password,
            "SOURCE_BUCKET": settings.source_bucket_name,
            "TARGET_BUCKET": settings.target_bucket_name,
            "AUTH_MODE": settings.auth,
            "MEDIA_ACCESS": settings.media_access,
            "SERVICE_ACCOUNT": service_account,
            "GPU": "true" if settings.machine.gpu else "false",
            "REGISTRY_HOSTS": ",".join(registry_hosts(settings)),
            "DATA_DISK": DATA_DISK,
            **idle(settings),
            **memory(settings),
            **texts(settings.backends),
        }
    )


def idle(settings: Settings) -> dict[str, str]:
    """Return when the machine may turn itself off: templates/vm/idle.sh.

    WORK_DAYS are date's numbers, 1 is Monday; empty, like WORK_START, without a schedule.
    """
    hours = settings.working_hours
    return {
        "IDLE_MINUTES": str(settings.idle_minutes),
        "WORK_DAYS": ",".join(str(day + 1) for day in hours.days) if hours else "",
        "WORK_START": f"{hours.start:%H:%M}" if hours else "",
        "TIME_ZONE": settings.time_zone,
    }


def memory(settings: Settings) -> dict[str, str]:
    """Return what the models' containers may take, where that is more than compose.yml's own."""
    return {
        f"{choice.image.upper()}_MEMORY": f"{limit}g"
        for choice in CHOICES
        if (limit := limit_gb(settings, choice)) > choice.memory_gb
    }


def image_env(references: Mapping[str, str]) -> str:
    """Return the text of `atelier-images`: FRONTEND_IMAGE, SEGMENTATION_IMAGE and so on.

    Args:
        references: A reference with its digest for each of `infra.settings.fields.IMAGE_NAMES`.

    Raises:
        KeyError: if an image has no reference.
    """
    return _text({f"{name.upper()}_IMAGE": references[name] for name in IMAGE_NAMES})


def own_registry(settings: Settings) -> str:
    """Return the host of the registry that the stack makes for its images."""
    return f"{settings.region}-docker.pkg.dev"


def registry_hosts(settings: Settings) -> tuple[str, ...]:
    """Return Google's registries that the machine logs in to with its own account's token."""
    if settings.images != "prebuilt":
        return (own_registry(settings),)
    references = (settings.prebuilt[name] for name in settings.prebuilt if name in IMAGE_NAMES)
    hosts = {reference.partition("/")[0] for reference in references}
    return tuple(sorted(host for host in hosts if f".{host}".endswith(GOOGLES_REGISTRIES)))


def _text(values: Mapping[str, str]) -> str:
    return "".join(f"{line(key, value)}\n" for key, value in values.items())
