"""Passwords and keys of the local demo: made once, kept with the data that they open."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

# Label Studio asks for an e-mail address; this domain belongs to nobody.
ADMIN = "admin@example.com"


def new_password() -> SecretStr:
    return SecretStr(secrets.token_urlsafe(12))


class Credentials(BaseModel):
    """What the services and their users prove themselves with. Printed, every value is stars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = ADMIN
    password: SecretStr = Field(default_factory=new_password)
    # 40 hexadecimal digits: Label Studio's database column holds no more characters.
    token: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_hex(20)))
    secret_key: SecretStr = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(48)))
    segmentation_password: SecretStr = Field(default_factory=new_password)
    segment_anything_password: SecretStr = Field(default_factory=new_password)

    def revealed(self) -> dict[str, str]:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in values.items()
        }


def write_private(path: Path, text: str) -> None:
    """Writes the whole file or nothing, readable by its owner alone from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def ensure_credentials(path: Path) -> Credentials:
    """The credentials in the file, made and written first if there is none."""

    if path.is_file():
        return Credentials.model_validate_json(path.read_text())
    made = Credentials()
    write_private(path, json.dumps(made.revealed(), indent=1) + "\n")
    return made
