"""The environment of a backend, read once into frozen settings."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, ValidationError

from backends.serving.errors import SettingsError

MIB = 1024 * 1024


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
            lines = [
                f"  {'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}"
                for fault in error.errors()
            ]
            raise SettingsError("the environment is not usable:\n" + "\n".join(lines)) from error


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

    def model_post_init(self, context: object) -> None:
        if (self.basic_auth_user is None) != (self.basic_auth_pass is None):
            raise SettingsError(
                "BASIC_AUTH_USER and BASIC_AUTH_PASS go together: set both, or neither"
            )

    @property
    def max_body_bytes(self) -> int:
        return self.max_body_mb * MIB
