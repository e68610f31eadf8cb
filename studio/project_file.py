"""The project file: what a labeling project should be, checked all at once and frozen."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

# Keys of a task's data that the studio fills itself.
SOURCE_KEY = "source"

# Label Studio's own limits.
TITLE_MIN_LENGTH = 3
TITLE_MAX_LENGTH = 50
PASSWORD_MIN_LENGTH = 8


def _beside_the_file(value: object, info: ValidationInfo) -> object:
    """Make a path relative to the project file, not to wherever the command runs."""
    if not isinstance(value, str) or not value:
        return value
    folder: Path = (info.context or {})["folder"]
    return folder / Path(value).expanduser()


def _is_file(value: Path) -> Path:
    if not value.is_file():
        raise ValueError(f"there is no file {value}")
    return value


def _is_folder(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"there is no folder {value}")
    return value


def _is_http(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no address such as http://127.0.0.1:7070")
    return value.rstrip("/")


def _one_group(value: str) -> str:
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None
    if groups != 1:
        raise ValueError(f"{value!r} must have exactly one (group), it has {groups}")
    return value


ExistingFile = Annotated[Path, BeforeValidator(_beside_the_file), AfterValidator(_is_file)]
ExistingFolder = Annotated[Path, BeforeValidator(_beside_the_file), AfterValidator(_is_folder)]
HttpAddress = Annotated[str, AfterValidator(_is_http)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Part(BaseModel):
    """Whatever a project file holds: frozen, and no key is ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Backend(Part):
    """An ML backend, as Label Studio reaches it."""

    title: Annotated[str, Field(min_length=1)]
    """Shown to labelers; also how a second run finds the backend again."""
    url: HttpAddress
    user: str = ""
    password: SecretStr = SecretStr("")
    interactive: bool = False
    """Whether it answers clicks and boxes."""


class Labeler(Part):
    """Somebody with an account."""

    email: Email
    password: SecretStr | None = None
    """At least 8 characters. Without it one is made and printed once."""

    @field_validator("password")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < PASSWORD_MIN_LENGTH:
            raise ValueError(f"at least {PASSWORD_MIN_LENGTH} characters (Label Studio's own rule)")
        return value


class Source(Part):
    """Where the images are: a folder to upload, or a list of addresses to leave where they are."""

    folder: ExistingFolder | None = None
    list: Annotated[ExistingFile | tuple[str, ...], Field(union_mode="left_to_right")] | None = None
    """gs:// or http(s):// addresses, or a text file with one a line."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "Source":
        if (self.folder is None) == (self.list is None):
            raise ValueError("give either a folder or a list")
        return self


class Column(Part):
    """How one header is made from the catalogue."""

    column: str
    merge: Literal["join", "first"] = "join"
    """An image's rows: all their distinct values in the order of the rows, or the first one."""


def _short_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Catalogue(Part):
    """A CSV table with one or more rows an image."""

    file: ExistingFile
    key: str
    """The column that says which image a row is about."""
    image_key: Annotated[str, AfterValidator(_one_group)] = r"^(.*?)(?:\.[^.]+)?$"
    """Finds the same key in an image's file name, as the one group. Default: the name without its
    suffix."""
    columns: dict[str, Annotated[Column, BeforeValidator(_short_column)]]
    """Header in the labeling config: column of the table."""
    separator: str = ", "
    """Between the joined values of several rows."""

    @field_validator("columns")
    @classmethod
    def _headers_are_free(cls, value: dict[str, Column]) -> dict[str, Column]:
        for header in value:
            if header == SOURCE_KEY:
                raise ValueError(f"{header!r} is kept by the studio; give the header another name")
        return value


class ProjectFile(Part):
    """A labeling project."""

    title: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=TITLE_MIN_LENGTH, max_length=TITLE_MAX_LENGTH
        ),
    ]
    description: str = ""
    labeling_config: ExistingFile
    backends: tuple[Backend, ...] = ()
    """In the order of registration: the first one makes the predictions."""
    labelers: tuple[Labeler, ...] = ()
    source: Source
    catalogue: Catalogue | None = None

    @field_validator("backends")
    @classmethod
    def _backends_differ(cls, value: tuple[Backend, ...]) -> tuple[Backend, ...]:
        _all_different("title", [backend.title for backend in value])
        _all_different("url", [backend.url for backend in value])
        return value

    @field_validator("labelers")
    @classmethod
    def _labelers_differ(cls, value: tuple[Labeler, ...]) -> tuple[Labeler, ...]:
        _all_different("email", [labeler.email.lower() for labeler in value])
        return value

    @property
    def config_text(self) -> str:
        """The labeling config, without the white space around it (Label Studio drops it)."""
        return self.labeling_config.read_text(encoding="utf-8").strip()


def _all_different(name: str, values: list[Any]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"two have the same {name}: {', '.join(twice)}")
