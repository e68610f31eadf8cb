"""The environment of a backend, read once into frozen settings."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)

from backends.serving.errors import SettingsError

MIB = 1024 * 1024
# Threads that no prediction occupies, so that /health and /setup are answered beside as many
# predictions as the settings allow.
RESERVE = 4
_HOST = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class EnvironmentSettings(BaseModel):
    """Settings whose fields are environment variables of the same name in capitals."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=str.upper, hide_input_in_errors=True
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings of an environment; an empty variable counts as not set.

        Raises:
            SettingsError: naming every bad variable, what is wrong with it and what is allowed.
        """
        present = {name: value for name, value in environment.items() if value != ""}
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            lines = "".join(f"\n  {_sentence(fault)}" for fault in error.errors())
            raise SettingsError(f"these settings cannot be used:{lines}") from error


class ServingSettings(EnvironmentSettings):
    """What the HTTP service needs to know, whatever model it serves."""

    model_class: str = Field(pattern=r"^[\w.]+:\w+$", description="module:Class of the model")
    host: str = "127.0.0.1"
    port: int = Field(default=9090, ge=1, le=65535)
    threads: int = Field(default=16, ge=1, le=256)
    basic_auth_user: str | None = None
    basic_auth_pass: SecretStr | None = None
    max_body_mb: int = Field(default=32, ge=1, le=1024)
    label_config: FilePath | None = None
    exit_without_model: bool = False
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")

    @model_validator(mode="after")
    def _user_and_password_go_together(self) -> Self:
        if (self.basic_auth_user is None) != (self.basic_auth_pass is None):
            raise ValueError("BASIC_AUTH_USER and BASIC_AUTH_PASS go together: set both or neither")
        return self

    @property
    def max_body_bytes(self) -> int:
        return self.max_body_mb * MIB


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(item.strip() for item in value.split(",") if item.strip())


def _address(url: str) -> str:
    parts = urlsplit(url)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        shown = url.rpartition("@")[2].partition("?")[0]
        raise ValueError(f"must be http(s)://host[:port][/path], not {shown!r}")
    return url


def _host(text: str) -> str:
    host = text.lower()
    if not _HOST.fullmatch(host):
        raise ValueError(f"write host or host:port, not {text!r}: no scheme, path or wildcard")
    return host


Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, AfterValidator(_host)]


class ModelSettings(EnvironmentSettings):
    """What each of our models needs to know: where images may come from and what they may cost.

    A path in an address of Label Studio is kept (`https://host/sub`); without one only `gs://` and
    `image_hosts` work. A host is `host` (ports 80 and 443) or `host:port`, exact. A name must
    resolve to public addresses; an address literal such as `127.0.0.1:9000` may be private, since
    whoever wrote it there meant it. Metadata and link-local addresses are refused all the same.
    """

    label_studio_url: Address | None = None
    # Further addresses by which task data names the same Label Studio: its public one, where this
    # process reaches it by an inner one.
    label_studio_aliases: Annotated[frozenset[Address], BeforeValidator(_listed)] = frozenset()
    label_studio_api_key: SecretStr | None = None
    image_hosts: Annotated[frozenset[Host], BeforeValidator(_listed)] = frozenset()
    # Of one file, declared and after decompression.
    image_max_mb: float = Field(default=64, gt=0, le=1024)
    # Width x height, read from the header before anything is decoded.
    image_max_megapixels: float = Field(default=100, gt=0, le=1000)
    # For one image in all: look-ups, redirects, retries and the pauses between them.
    image_timeout_seconds: float = Field(default=10, gt=0, le=100)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    # Other numbers give other masks, so nothing is chosen unless somebody asks for it.
    precision: Literal["fp32", "bf16", "fp16", "auto"] = "fp32"

    @property
    def max_bytes(self) -> int:
        return round(self.image_max_mb * MIB)

    @property
    def max_pixels(self) -> int:
        return round(self.image_max_megapixels * 1_000_000)


def _sentence(fault: Mapping) -> str:
    name = fault["loc"][0] if fault["loc"] else None
    if fault["type"] == "missing":
        return f"{name}: is not set, and there is no default"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
