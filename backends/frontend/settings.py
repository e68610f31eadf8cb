"""The frontend's settings: read once from a mapping, checked all at once, frozen.

The names are Label Studio's own where it has one. Everything that is not named here passes through
to Label Studio untouched, except the switches that would open the studio to the world.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from backends.frontend.networks import Network, parse_hole

# Label Studio's own limit (AUTH_PASSWORD_MIN_LENGTH), which its init does not apply.
PASSWORD_MIN_LENGTH = 8
# rest_framework.authtoken's key column; PostgreSQL refuses more, SQLite silently keeps it.
TOKEN_MAX_LENGTH = 40
# label-studio init ignores shorter ones (and prints them).
TOKEN_MIN_LENGTH = 16

# Switches that Label Studio reads under three spellings, and what each would open.
FORBIDDEN = {
    "SSRF_PROTECTION_ENABLED": (
        "true",
        "ML_BACKEND_ADDRESSES lets Label Studio reach the backends",
    ),
    "ML_BLOCK_LOCAL_IP": ("true", "ML_BACKEND_ADDRESSES lets Label Studio reach the backends"),
    "USE_ENFORCE_CSRF_CHECKS": ("true", "it is meant for Label Studio's own tests"),
    "DEBUG": ("false", "it shows settings and tracebacks to every visitor"),
}


class SettingsError(Exception):
    """One or more settings are wrong; the message names every one of them and what to write."""


def _holes(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(parse_hole(part) for part in value.split(",") if part.strip())


def _as_stored(email: str) -> str:
    """Return an address as Django stores it (BaseUserManager.normalize_email).

    Label Studio's init looks for the account that it has just made by what it was given, and ends
    where that is another one.
    """
    name, _, domain = email.rpartition("@")
    return f"{name}@{domain.lower()}"


class Settings(BaseModel):
    """How this Label Studio runs. Secrets print as stars."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    username: Annotated[
        str,
        Field(alias="LABEL_STUDIO_USERNAME", pattern=r"^[^@\s]+@[^@\s]+$"),
        AfterValidator(_as_stored),
    ]
    """E-mail address of the first user, who owns the projects. Used until that user exists."""
    password: Annotated[SecretStr, Field(alias="LABEL_STUDIO_PASSWORD")]
    """Password of the first user. Used until that user exists."""
    token: Annotated[SecretStr | None, Field(alias="LABEL_STUDIO_USER_TOKEN")] = None
    """API token of the first user, 16 to 40 characters. Used until that user exists."""
    secret_key: Annotated[SecretStr | None, Field(alias="SECRET_KEY")] = None
    """Signs sessions and tokens. Without it Label Studio keeps one in the data directory."""
    data_dir: Annotated[Path, Field(alias="LABEL_STUDIO_BASE_DATA_DIR")]
    """Uploads, exports, the secret key and the SQLite database."""
    public_url: Annotated[str, Field(alias="LABEL_STUDIO_HOST")] = ""
    """The address that labelers type, e.g. https://label.example.org. Empty: whatever they typed.
    Given, the pages work under that very address only."""
    host: Annotated[str, Field(alias="HOST")] = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(alias="PORT", ge=1, le=65535)] = 8080
    workers: Annotated[int, Field(alias="WEB_WORKERS", ge=1, le=32)] = 2
    """Processes."""
    threads: Annotated[int, Field(alias="WEB_THREADS", ge=2, le=64)] = 16
    """Threads a process. A click waits in one thread until the backend answers, and the backend may
    fetch the image through another: fewer threads than labelers can lock the studio up. Each keeps
    a connection to the database; PostgreSQL takes 100 in all unless it is told otherwise."""
    backend_addresses: Annotated[
        tuple[Network, ...], BeforeValidator(_holes), Field(alias="ML_BACKEND_ADDRESSES")
    ] = ()
    """Addresses or networks of the ML backends, comma-separated, e.g. 127.0.0.1/32."""
    allowed_hosts: Annotated[str, Field(alias="ALLOWED_HOSTS")] = ""
    """Host names that are answered, comma-separated. Empty: the public one and this machine."""
    database: Annotated[Literal["sqlite", "postgresql", "default"], Field(alias="DJANGO_DB")] = (
        "sqlite"
    )
    """sqlite for a laptop; postgresql (POSTGRE_HOST, ...) for a team."""
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="LOG_LEVEL")] = (
        "WARNING"
    )

    @property
    def https(self) -> bool:
        """Whether labelers arrive through a TLS proxy."""
        return self.public_url.startswith("https://")

    @field_validator("password")
    @classmethod
    def _password_is_long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < PASSWORD_MIN_LENGTH:
            raise ValueError(f"at least {PASSWORD_MIN_LENGTH} characters, as for every labeler")
        return value

    @field_validator("token")
    @classmethod
    def _token_fits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        length = len(value.get_secret_value())
        if not TOKEN_MIN_LENGTH <= length <= TOKEN_MAX_LENGTH:
            raise ValueError(
                f"{TOKEN_MIN_LENGTH} to {TOKEN_MAX_LENGTH} characters, not {length}; "
                "for example the output of: openssl rand -hex 20"
            )
        return value

    @field_validator("data_dir")
    @classmethod
    def _data_dir_is_absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _public_url_is_an_origin(cls, value: str) -> str:
        if not value:
            return ""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError(f"{value!r} is not an address such as https://label.example.org")
        return value.rstrip("/")


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from ``environment``.

    Raises:
        SettingsError: naming every bad setting, never the value of a secret.
    """
    known = {str(field.alias) for field in Settings.model_fields.values()}
    given = {name: value for name, value in environment.items() if name in known and value != ""}
    problems = _opened_switches(environment)
    settings = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems = [
            _sentence(item["loc"], item["type"], item["msg"]) for item in error.errors()
        ] + problems
    if settings is None or problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise SettingsError(f"the frontend cannot start with these settings:\n{lines}")
    return settings


def _opened_switches(environment: Mapping[str, str]) -> list[str]:
    problems = []
    for name, (safe, reason) in FORBIDDEN.items():
        for spelling in (f"LABEL_STUDIO_{name}", f"HEARTEX_{name}", name):
            value = environment.get(spelling)
            if value is not None and _truth(value) != _truth(safe):
                problems.append(f"{spelling}={value}: must stay {safe}; {reason}")
    return problems


def _truth(value: str) -> bool:
    return value.strip().lower() in ("true", "yes", "on", "1")


def _sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    name = str(location[0]) if location else "settings"
    if kind == "missing":
        return f"{name}: is not set, and there is no default"
    if kind == "string_pattern_mismatch" and name == "LABEL_STUDIO_USERNAME":
        return f"{name}: must be an e-mail address, it is the name to log in with"
    return f"{name}: {message.removeprefix('Value error, ')}"
