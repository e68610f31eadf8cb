"""Where a stack answers, and the commands and words that lead there."""

from infra.settings.facts import PLAIN_PORT
from infra.settings.fields import Settings

SSH_PORT = 22


def url(settings: Settings, address: str) -> str:
    """Return the address that labelers open: an origin, without a path or a closing slash.

    Args:
        settings: The stack's settings.
        address: The static IPv4 address; not part of the answer with a domain or through IAP.
    """
    if settings.access == "iap":
        return f"http://localhost:{PLAIN_PORT}"
    if settings.tls == "domain":
        return f"https://{settings.domain}"
    if settings.tls == "address":
        return f"https://{address}"
    return f"http://{address}:{PLAIN_PORT}"


def is_plain(settings: Settings) -> bool:
    """Return whether the machine itself speaks plain HTTP, on port 8080, instead of TLS."""
    return settings.access == "iap" or settings.tls == "off"


def ssh_command(settings: Settings) -> str:
    """Return the command that opens a shell on the machine: through IAP, with OS Login."""
    return f"gcloud compute ssh {settings.name}{_where(settings)} --tunnel-through-iap"


def tunnel_command(settings: Settings) -> str:
    """Return the command that forwards a port of this computer to the machine through IAP.

    The studio's own port where IAP is the only way in, the SSH port otherwise: nothing else of a
    public machine is open to IAP.
    """
    remote, local = (PLAIN_PORT, PLAIN_PORT) if settings.access == "iap" else (SSH_PORT, 2222)
    return (
        f"gcloud compute start-iap-tunnel {settings.name} {remote}"
        f" --local-host-port=localhost:{local}{_where(settings)}"
    )


def next_steps(settings: Settings, address: str) -> str:
    """Return what to do once the machine runs, a step a line."""
    steps: list[str] = []
    if settings.access == "iap":
        steps.append(f"Open the way in and leave it running: {tunnel_command(settings)}")
    elif settings.tls == "domain":
        steps.append(f"Point the domain at the machine: an A record {settings.domain} -> {address}")
    steps += [
        f"Open {url(settings, address)} and log in as {settings.admin_email};"
        " the password: pulumi config get atelier:adminPassword",
        "Bring images: gcloud storage cp --recursive FOLDER"
        f" gs://{settings.source_bucket_name}/ (they become tasks within about ten minutes)",
        f"Find the annotations in gs://{settings.target_bucket_name}/",
        f"Look into the machine: {ssh_command(settings)}",
        f"After the sprint: pulumi destroy ({_kept(settings)})",
    ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _where(settings: Settings) -> str:
    return f" --zone {settings.zone} --project {settings.project}"


def _kept(settings: Settings) -> str:
    if settings.keep_data:
        return "both buckets and a snapshot of the data disk stay"
    return "keepData is false: both buckets go too, with all that is in them"
