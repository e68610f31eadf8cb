"""Docker, and what the Pulumi engine itself asks for."""

from infra.operate.causes.wording import UP, by_words
from infra.operate.explanation import Cause

_ELSEWHERE = (
    "or let Google build them, without Docker on this computer:",
    "pulumi config set {flags} atelier:images cloudbuild",
)

CAUSES: tuple[Cause, ...] = (
    by_words(
        "docker",
        r"(?i)permission denied while trying to connect to the docker",
        "The images could not be built: Docker on this machine refuses your user.",
        "Your user may not use Docker: add it to the group docker, and log in again.",
        UP,
        *_ELSEWHERE,
    ),
    by_words(
        "docker",
        r"(?i)Cannot connect to the Docker daemon|failed to connect to the docker API"
        r"|Is the docker daemon running|error during connect: .{0,200}docker"
        r"|Cannot perform an interactive login|docker: not found",
        "The images could not be built: Docker on this machine does not answer.",
        "Start Docker (Docker Desktop, or sudo systemctl start docker), then",
        UP,
        *_ELSEWHERE,
    ),
    by_words(
        "weights",
        # BuildKit's words for a step that failed, and the step.
        r"process .{0,400}python -m weights\.fetch .{0,400}did not complete successfully",
        "The weights of a model could not be fetched while an image was built. In the log, a line"
        " that begins with weights: says which address answered what. What runs is not touched.",
        "If the host does not answer, try again; what is there already is not fetched again:",
        UP,
        "If it cannot be reached from where images are built, copy the files to a bucket or a"
        " server of yours (docs/models.md has where to), and name it:",
        "pulumi config set {flags} atelier:weightsMirror gs://BUCKET",
    ),
    by_words(
        "passphrase",
        r"(?i)passphrase must be set with PULUMI_CONFIG_PASSPHRASE|incorrect passphrase",
        "The stack's secrets are encrypted with a passphrase, and none or a wrong one was given.",
        "Put it into a file that only you can read, and name that file:",
        "export PULUMI_CONFIG_PASSPHRASE_FILE=~/.atelier-passphrase",
    ),
    by_words(
        "locked",
        r"the stack is currently locked|Another update is currently in progress",
        "Another update of this stack is running, or one was killed.",
        "Wait for it. If there is none any more, take its lock away, and go on: this begins by"
        " taking up what it made, which `pulumi up` does not:",
        "pulumi cancel {stack} --yes",
        "{make}",
    ),
    by_words(
        "no-stack",
        r"no stack named '?[\w./-]+'? found|no stack selected",
        "There is no stack {stack} where Pulumi is logged in.",
        "pulumi whoami -v shows where that is. To begin a new one:",
        "pulumi stack init {stack}",
    ),
    by_words(
        "missing-config",
        r"is missing configuration value '(?:\w+:)?(?P<key>adminPassword)'",
        "The stack's config has no {key} yet.",
        "pulumi config set {flags} --secret atelier:{key}",
        "(It asks for the value, so that no shell history keeps it.)",
    ),
    by_words(
        "missing-config",
        r"is missing configuration value '(?:\w+:)?(?P<key>\w+)'",
        "The stack's config has no {key} yet.",
        "pulumi config set {flags} atelier:{key} VALUE",
    ),
    by_words(
        "no-login",
        r"PULUMI_ACCESS_TOKEN must be set|no Pulumi access token|pulumi login",
        "Pulumi does not know where to keep the stack's state.",
        "In a bucket of your own: pulumi login gs://BUCKET",
        "on this machine only: pulumi login --local",
        "or in Pulumi's cloud: pulumi login",
    ),
)
