"""The backends' own settings."""

from collections.abc import Iterator

from infra.settings.backends import ValueRefused, fixed, variables
from infra.settings.fields import Settings
from infra.settings.findings import Finding, nearest, shown
from infra.settings.rules.rule import reads


@reads("backends")
def backends(settings: Settings) -> Iterator[Finding]:
    """Names that the backends know, with values that they take."""
    known = variables()
    for name, value in settings.backends.items():
        if name in fixed():
            yield Finding(
                "backends", f"{name} is not yours to set: {fixed()[name]}", "Leave it out"
            )
        elif name not in known:
            close = nearest(name.upper(), known)
            yield Finding(
                "backends",
                f"there is no setting {shown(name)}"
                + (f"; the nearest is {close}" if close else ""),
                f"Write {close}" if close else "docs/settings.md has them all",
            )
        else:
            try:
                known[name].text(value)
            except ValueRefused as refused:
                yield Finding("backends", f"{name}: {shown(value)} cannot be used", str(refused))
