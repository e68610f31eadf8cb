"""What the environment says about weights: where they are kept, a mirror, an own catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from weights.access import SCHEMES, shown
from weights.errors import WeightsError


@dataclass(frozen=True)
class Settings:
    """The settings of the weights.

    Attributes:
        cache: the folder that all clones of this user share.
        mirror: see Access; empty for none.
        own_catalogue: a file whose models are added to the catalogue.
    """

    cache: Path
    mirror: str = ""
    own_catalogue: Path | None = None


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read XDG_CACHE_HOME, WEIGHTS_MIRROR and ATELIER_CATALOGUE.

    Raises:
        WeightsError: the mirror is not an address.
    """
    mirror = environ.get("WEIGHTS_MIRROR", "")
    if mirror and (urlsplit(mirror).scheme not in SCHEMES or urlsplit(mirror).query):
        raise WeightsError(
            f"WEIGHTS_MIRROR: {shown(mirror)!r} is not an address; give {', '.join(SCHEMES)}, "
            "for example https://mirror.example.org/weights"
        )
    # The specification wants a relative one to be ignored.
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    own = environ.get("ATELIER_CATALOGUE")
    return Settings(
        cache=(base if base.is_absolute() else Path.home() / ".cache") / "atelier" / "weights",
        mirror=mirror,
        own_catalogue=Path(own).expanduser() if own else None,
    )
