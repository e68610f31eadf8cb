"""The policy pack in `policy/`: what a preview needs to run with it, and what is said without it.

`up` runs without: what a program declares was judged before it was merged, and a key that became
too old shall stop nobody's work.
"""

from infra.settings.facts import REPOSITORY

PACK = REPOSITORY / "policy"
PYTHON = REPOSITORY / ".local" / "env" / "policy" / "bin" / "python"
_NOT_LOOKED_AT = "The policies were not looked at"
NO_ENVIRONMENT = (
    f"{_NOT_LOOKED_AT}: their environment is missing. To make it:"
    " python3 scripts/bootstrap.py policy"
)
NOT_STARTED = (
    f"{_NOT_LOOKED_AT}: this pulumi could not start them, as it says above. The newest can:"
    " https://www.pulumi.com/docs/install/"
)


def options() -> tuple[str, ...]:
    """Return the options of `pulumi preview` that run the pack; none without its environment."""
    return ("--policy-pack", str(PACK)) if PYTHON.exists() else ()


def note(tried: bool) -> str:
    """Return what is said in place of the policies; `tried` if pulumi could not start them."""
    if tried:
        return NOT_STARTED
    return "" if PYTHON.exists() else NO_ENVIRONMENT


def could_not_start(said: str) -> bool:
    """Return whether a preview failed because the pack, not the program, did not run.

    Args:
        said: What it complained of (loadPolicyPlugins in Pulumi's pkg/engine/update.go, and
            NewPolicyAnalyzer in its sdk/go/common/resource/plugin/analyzer_plugin.go).
    """
    words = ("policy pack", "policy analyzer", "PulumiPolicy.yaml", "analyzer plugin")
    return any(
        line.startswith("error:") and any(word in line for word in words)
        for line in said.splitlines()
    )
