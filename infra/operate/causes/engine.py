"""Docker, and what the Pulumi engine itself asks for."""

import re

from infra.operate.explanation import Cause, Context, Explanation, Failure

_SECRETS = frozenset({"adminPassword"})
_DOCKER = re.compile(
    r"Cannot connect to the Docker daemon|failed to connect to the docker API"
    r"|Is the docker daemon running|error during connect: .{0,200}docker"
    r"|Cannot perform an interactive login|docker: not found",
    re.IGNORECASE,
)
_DOCKER_RIGHTS = re.compile(
    r"permission denied while trying to connect to the docker", re.IGNORECASE
)
# BuildKit's words for a step that failed, and the step.
_WEIGHTS = re.compile(
    r"process .{0,400}python -m weights\.fetch .{0,400}did not complete successfully"
)
_PASSPHRASE = re.compile(
    r"passphrase must be set with PULUMI_CONFIG_PASSPHRASE|incorrect passphrase", re.IGNORECASE
)
_LOCKED = re.compile(r"the stack is currently locked|Another update is currently in progress")
_NO_STACK = re.compile(r"no stack named '?([\w./-]+)'? found|no stack selected")
_MISSING = re.compile(r"is missing configuration value '(?:\w+:)?(\w+)'")
_LOGIN = re.compile(r"PULUMI_ACCESS_TOKEN must be set|no Pulumi access token|pulumi login")


def docker_not_running(failure: Failure, context: Context) -> Explanation | None:
    """The images are built by the Docker on this machine."""
    rights = bool(_DOCKER_RIGHTS.search(failure.text))
    if not rights and not _DOCKER.search(failure.text):
        return None
    start = (
        "Your user may not use Docker: add it to the group docker, and log in again."
        if rights
        else "Start Docker (Docker Desktop, or sudo systemctl start docker), then"
    )
    return Explanation(
        "docker",
        "The images could not be built: Docker on this machine "
        + ("refuses your user." if rights else "does not answer."),
        (
            start,
            context.up(),
            "or let Google build them, without Docker on this computer:",
            context.set("images", "cloudbuild"),
        ),
    )


def weights_not_fetched(failure: Failure, context: Context) -> Explanation | None:
    """An image downloads its model while it is built."""
    if not _WEIGHTS.search(failure.text):
        return None
    return Explanation(
        "weights",
        "The weights of a model could not be fetched while an image was built. In the log, a line"
        " that begins with weights: says which address answered what. What runs is not touched.",
        (
            "If the host does not answer, try again; what is there already is not fetched again:",
            context.up(),
            "If it cannot be reached from where images are built, copy the files to a bucket or"
            " a server of yours (docs/models.md has where to), and name it:",
            context.set("weightsMirror", "gs://BUCKET"),
        ),
    )


def passphrase(failure: Failure, context: Context) -> Explanation | None:
    """The stack's secrets cannot be read."""
    if not _PASSPHRASE.search(failure.text):
        return None
    return Explanation(
        "passphrase",
        "The stack's secrets are encrypted with a passphrase, and none or a wrong one was given.",
        (
            "Put it into a file that only you can read, and name that file:",
            "export PULUMI_CONFIG_PASSPHRASE_FILE=~/.atelier-passphrase",
        ),
    )


def locked(failure: Failure, context: Context) -> Explanation | None:
    """Another update runs, or one was killed."""
    if not _LOCKED.search(failure.text):
        return None
    return Explanation(
        "locked",
        "Another update of this stack is running, or one was killed.",
        (
            "Wait for it. If there is none any more:",
            f"pulumi cancel {context.stack}",
            f"pulumi refresh {context.flags}",
        ),
    )


def no_stack(failure: Failure, context: Context) -> Explanation | None:
    """The stack was never made in this backend."""
    if not _NO_STACK.search(failure.text):
        return None
    return Explanation(
        "no-stack",
        f"There is no stack {context.stack} where Pulumi is logged in.",
        (
            "pulumi whoami -v shows where that is. To begin a new one:",
            f"pulumi stack init {context.stack}",
        ),
    )


def no_login(failure: Failure, context: Context) -> Explanation | None:
    """Pulumi does not know where to keep the state."""
    if not _LOGIN.search(failure.text):
        return None
    return Explanation(
        "no-login",
        "Pulumi does not know where to keep the stack's state.",
        (
            "In a bucket of your own: pulumi login gs://BUCKET",
            "on this machine only: pulumi login --local",
            "or in Pulumi's cloud: pulumi login",
        ),
    )


def missing_config(failure: Failure, context: Context) -> Explanation | None:
    """A key without a default is not set."""
    match = _MISSING.search(failure.text)
    if not match:
        return None
    key = match[1]
    secret = key in _SECRETS
    return Explanation(
        "missing-config",
        f"The stack's config has no {key} yet.",
        (
            f"pulumi config set {context.flags} --secret atelier:{key}"
            if secret
            else context.set(key, "VALUE"),
            *(("(It asks for the value, so that no shell history keeps it.)",) if secret else ()),
        ),
    )


CAUSES: tuple[Cause, ...] = (
    docker_not_running,
    weights_not_fetched,
    passphrase,
    locked,
    no_stack,
    missing_config,
    no_login,
)
