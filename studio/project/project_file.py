"""The project file: what a labeling project should be, checked and frozen."""

import re
import unicodedata
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

from studio.buckets.address import SCHEME, StorageAddress, parse_address
from studio.output import printable
from studio.project.encodings import read_text

# Keys of a task's data that the studio fills itself.
SOURCE_KEY = "source"

# Label Studio's own limits.
TITLE_MIN_LENGTH = 3
TITLE_MAX_LENGTH = 50
PASSWORD_MIN_LENGTH = 8


KeyRule = Literal["suffix", "case", "zeros"]


def _beside_the_file(value: object, info: ValidationInfo) -> object:
    """Make a path relative to the project file, not to wherever the command runs."""
    if not isinstance(value, str) or not value:
        return value
    folder: Path = (info.context or {})["folder"]
    return folder / Path(value).expanduser()


def _is_file(value: Path) -> Path:
    if not value.is_file():
        raise ValueError(f"there is no file {printable(str(value))}")
    return value


def _file_or_object(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and value.startswith(SCHEME):
        address = parse_address(value)
        if not address.name:
            raise ValueError(f"{value!r} is a bucket; name a file in it")
        return address
    path = _beside_the_file(value, info)
    return _is_file(path) if isinstance(path, Path) else path


def _manifest_place(value: object, info: ValidationInfo) -> object:
    if isinstance(value, str) and "://" in value:
        _is_http(value)
        return value
    path = _beside_the_file(value, info)
    return _is_file(path) if isinstance(path, Path) else path


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _in_a_bucket(value: object) -> object:
    return parse_address(value) if isinstance(value, str) else value


def _is_folder(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"there is no folder {printable(str(value))}")
    return value


def _is_no_file(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError(f"{printable(str(value))} is a file, not a folder")
    return value


def _is_http(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is not an address like http://127.0.0.1:7070")
    return value.rstrip("/")


def _is_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is not a regular expression: {error}") from None
    return value


def _is_encoding(value: str) -> str:
    try:
        "".encode(value)  # Python's names for codecs are also those of hex and zlib.
    except (LookupError, ValueError):
        raise ValueError(f"{value!r} is no encoding; try utf-8, cp1252 or mac_roman") from None
    return value


def _is_delimiter(value: str) -> str:
    value = "\t" if value in ("tab", r"\t") else value
    if len(value) != 1:
        raise ValueError(f"{value!r} must be one character, or tab")
    return value


def _one_group(value: str) -> str:
    groups = re.compile(_is_pattern(value)).groups
    if groups != 1:
        raise ValueError(f"{value!r} must have exactly one (group); it has {groups}")
    return value


def _composed(value: str) -> str:
    """Accents in the form in which a table's headers are read: each one character with its letter.

    A Mac may write them as two. A person who types the same letter means the same.
    """
    return unicodedata.normalize("NFC", value)


ColumnName = Annotated[str, AfterValidator(_composed)]
ExistingFile = Annotated[Path, BeforeValidator(_beside_the_file), AfterValidator(_is_file)]
ExistingFolder = Annotated[Path, BeforeValidator(_beside_the_file), AfterValidator(_is_folder)]
ManifestPlace = Annotated[str | Path, BeforeValidator(_manifest_place)]
NewFolder = Annotated[Path, BeforeValidator(_beside_the_file), AfterValidator(_is_no_file)]
FileOrObject = Annotated[Path | StorageAddress, BeforeValidator(_file_or_object)]
BucketAddress = Annotated[StorageAddress, BeforeValidator(_in_a_bucket)]
Pattern = Annotated[str, AfterValidator(_is_pattern)]
HttpAddress = Annotated[str, AfterValidator(_is_http)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Part(BaseModel):
    """A section of a project file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Backend(Part):
    """An ML backend, as Label Studio reaches it."""

    title: Annotated[str, Field(min_length=1)]
    """Shown to labelers; also how a later run recognises the backend."""
    url: HttpAddress
    user: str = ""
    password: SecretStr = SecretStr("")
    interactive: bool = False
    """Whether it answers clicks and boxes."""


class Labeler(Part):
    """Somebody with an account."""

    email: Email
    password: SecretStr | None = None
    """At least 8 characters. Without it one is generated and printed once."""

    @field_validator("password")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < PASSWORD_MIN_LENGTH:
            raise ValueError(
                f"must have at least {PASSWORD_MIN_LENGTH} characters (a rule of Label Studio)"
            )
        return value


class Source(Part):
    """Where the images are: a folder to upload, or a bucket, a list of addresses or IIIF manifests,
    which leave them where they are."""

    folder: ExistingFolder | None = None
    list: Annotated[ExistingFile | tuple[str, ...], Field(union_mode="left_to_right")] | None = None
    """gs:// or http(s):// addresses, or a text file with one a line."""
    bucket: BucketAddress | None = None
    """A bucket in Cloud Storage, or one with what the images' names begin with."""
    iiif: Annotated[tuple[ManifestPlace, ...], BeforeValidator(_several)] | None = None
    """IIIF manifests or collections: one or more addresses or files."""
    facts: dict[str, str] = {}
    """Header in the labeling config: label in the manifests, where these are not the same."""
    glob: str = ""
    """Only these names below `bucket`, for example **/*.jpg (Cloud Storage's own globs)."""
    regex: Pattern = ""
    """Only names below `bucket` in which this is found."""
    media: Literal["presigned", "proxy"] = "presigned"
    """How a bucket's images reach the browser: by a signed address that is valid for some minutes,
    or through Label Studio."""

    @model_validator(mode="after")
    def _one_of_them(self) -> "Source":
        places = (self.folder, self.list, self.bucket, self.iiif)
        if sum(place is not None for place in places) != 1:
            raise ValueError("give a folder, a list, a bucket or iiif, and only one of them")
        if self.facts and self.iiif is None:
            raise ValueError("facts is only for iiif; those of other images are in a catalogue")
        if SOURCE_KEY in self.facts:
            raise ValueError(f"{SOURCE_KEY!r} is reserved; give the header another name")
        for name in ("glob", "regex", "media"):
            if self.bucket is None and name in self.model_fields_set:
                raise ValueError(f"{name} is only for a bucket")
        if self.glob and self.regex:
            raise ValueError("give a glob or a regex, not both")
        if self.glob and self.bucket and set(self.bucket.prefix) & set("*?[]{}"):
            raise ValueError("with a glob, the prefix of the bucket cannot contain * ? [ ] { }")
        return self


class Overlap(Part):
    """How many people label an image, each without seeing what the others did."""

    annotations: Annotated[int, Field(ge=1)]
    percent: Annotated[int, Field(ge=1, le=100)] = 100
    """Of the images; all others are labeled once. Label Studio chooses which."""

    @model_validator(mode="after")
    def _a_share_of_several(self) -> "Overlap":
        if self.annotations == 1 and "percent" in self.model_fields_set:
            raise ValueError("percent is only for 2 annotations and more")
        return self


def _short_overlap(value: object) -> object:
    return {"annotations": value} if isinstance(value, int) else value


class Target(Part):
    """Where the annotations go: Label Studio writes them to a bucket at each Submit, and `apply`
    writes them to a folder."""

    bucket: BucketAddress | None = None
    """A bucket in Cloud Storage, or one with what the names in it begin with."""
    folder: NewFolder | None = None
    """A folder of the machine on which `apply` runs; it is made if it is not there."""

    @model_validator(mode="after")
    def _one_of_two(self) -> "Target":
        if (self.bucket is None) == (self.folder is None):
            raise ValueError("give a bucket or a folder, and only one of them")
        return self

    @property
    def address(self) -> StorageAddress | None:
        """The bucket, in the form in which Label Studio keeps it; None for a folder."""
        if self.bucket is None:
            return None
        return StorageAddress(self.bucket.bucket, self.bucket.name.strip("/"))


class Column(Part):
    """How one header is made from the catalogue."""

    column: ColumnName
    merge: Literal["join", "first"] = "join"
    """An image's rows: all their distinct values in the order of the rows, or the first one."""


def _short_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Catalogue(Part):
    """A table with one or more rows an image: CSV, or a workbook's first sheet."""

    file: FileOrObject
    """A file, or a gs:// address of one."""
    encoding: Annotated[str, AfterValidator(_is_encoding)] | None = None
    """Of a CSV file, for example cp1252. Found out if it is not given."""
    delimiter: Annotated[str, AfterValidator(_is_delimiter)] | None = None
    """Between the cells of a CSV file: one character, or tab. Found out if it is not given."""
    key: ColumnName
    """The column that says which image a row is about."""
    image_key: Annotated[str, AfterValidator(_one_group)] = r"^(.*?)(?:\.[^.]+)?$"
    """Finds the same key in an image's file name, as the one group. Default: the name without its
    suffix."""
    match: tuple[KeyRule, ...] = ("suffix", "case")
    """Differences between the keys of a row and of an image that do not count: the file's suffix,
    capital letters (case), zeros before a number. How accents are encoded never counts."""
    columns: dict[str, Annotated[Column, BeforeValidator(_short_column)]]
    """Header in the labeling config: column of the table."""
    separator: str = ", "
    """Between the joined values of several rows; `delimiter` is what is between the cells."""

    @field_validator("columns")
    @classmethod
    def _headers_are_free(cls, value: dict[str, Column]) -> dict[str, Column]:
        for header in value:
            if header == SOURCE_KEY:
                raise ValueError(f"{header!r} is reserved; give the header another name")
        return value


class ProjectFile(Part):
    """A labeling project."""

    id: str = ""
    """Which project it is, whatever its title; by default the file's path. Give one where several
    people apply copies of the file to one Label Studio."""
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
    target: Target | None = None
    overlap: Annotated[Overlap, BeforeValidator(_short_overlap)] | None = None
    """Two opinions of each image, or of some. Without it the project's own setting stays."""

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
        """The labeling config, without the white space around it (Label Studio drops it).

        Raises StudioError where it is not in UTF-8.
        """
        return read_text(self.labeling_config).strip()


def _all_different(name: str, values: list[Any]) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{name} used more than once: {', '.join(twice)}")
