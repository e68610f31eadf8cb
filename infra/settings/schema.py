"""The config keys as Pulumi.yaml and docs/settings.md tell them, both made from `Settings`.

`python -m infra.settings.schema` rewrites both; a test fails when they differ.
"""

import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import SecretStr
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from infra.settings.backends import fixed, variables
from infra.settings.facts import REPOSITORY
from infra.settings.fields import CONFIG_FIELDS, Settings
from infra.settings.findings import listed

Kind = Literal["string", "integer", "boolean", "array", "object"]

PROJECT_FILE = REPOSITORY / "Pulumi.yaml"
MANUAL = REPOSITORY / "docs" / "settings.md"
MARKER = "# Written by `python -m infra.settings.schema` from infra/settings/fields.py.\n"
TABLE_START = (
    "<!-- written by `python -m infra.settings.schema` from infra/settings/fields.py -->\n"
)
TABLE_END = "<!-- end -->\n"


def kind(key: str) -> Kind:
    """Return the type of a config key, as Pulumi names it.

    Raises:
        KeyError: if there is no such key.
    """
    return _kind(_fields()[key].annotation)


def _fields() -> dict[str, FieldInfo]:
    return {to_camel(name): Settings.model_fields[name] for name in CONFIG_FIELDS}


def _kind(annotation: object) -> Kind:
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return "array"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "object"
    if annotation is bool:
        return "boolean"
    if annotation is int:
        return "integer"
    return "string"


def schema() -> dict[str, dict[str, Any]]:
    """Return the `config` of Pulumi.yaml: type, default, description of each key, in order."""
    return {key: _entry(field) for key, field in _fields().items()}


def _entry(field: FieldInfo) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": _kind(field.annotation)}
    if entry["type"] == "array":
        entry["items"] = {"type": "string"}
    if field.annotation is SecretStr:
        entry["secret"] = True
    if not field.is_required():
        default = field.default
        entry["default"] = [*default] if entry["type"] == "array" else default
    entry["description"] = f"{field.description}{_allowed(field)}"
    return entry


def _allowed(field: FieldInfo) -> str:
    """The choices or the range, as a further sentence."""
    choices = [str(choice) for choice in typing.get_args(field.annotation)]
    if typing.get_origin(field.annotation) is Literal:
        return f" One of {listed(choices)}."
    limits = {
        name: value
        for limit in field.metadata
        for name in ("ge", "le")
        if (value := getattr(limit, name, None)) is not None
    }
    return f" From {limits['ge']} to {limits['le']}." if limits else ""


def project_file_text(text: str) -> str:
    """Return Pulumi.yaml with its config, which stands last, written anew."""
    head = text.partition(MARKER)[0]
    config = yaml.safe_dump(
        {"config": schema()},
        sort_keys=False,
        allow_unicode=True,
        width=96,
        default_flow_style=False,
    )
    return f"{head}{MARKER}{config}"


def manual_text(text: str) -> str:
    """Return docs/settings.md with its tables written anew."""
    head = text.partition(TABLE_START)[0]
    tail = text.partition(TABLE_END)[2]
    return f"{head}{TABLE_START}{table()}{backends_section()}{TABLE_END}{tail}"


def table() -> str:
    """Return the keys as a table in Markdown."""
    rows = ["| key | default | what |", "|---|---|---|"]
    for key, entry in schema().items():
        default = _shown_default(entry)
        rows.append(f"| `{key}` | {default} | {entry['description']} |")
    return "\n".join(rows) + "\n"


def backends_section() -> str:
    """Return what the key `backends` may hold, as a section in Markdown."""
    rows = [
        "",
        "### The backends' own settings",
        "",
        "| in `backends` | allowed | what |",
        "|---|---|---|",
    ]
    rows += [
        f"| `{variable.name}` | {variable.allowed} | {variable.what} |"
        for variable in variables().values()
    ]
    others = listed((f"`{name}`" for name in fixed()), "and")
    return "\n".join(rows) + f"\n\nA stack sets {others} by itself.\n"


def _shown_default(entry: Mapping[str, Any]) -> str:
    if "default" not in entry:
        return "required, secret"
    text = yaml.safe_dump(entry["default"], default_flow_style=True).removesuffix("...\n").strip()
    return "" if text == "''" else f"`{text}`"


def rewrite(path: Path, text: str) -> None:
    """Write a file if it has other contents."""
    if path.read_text() != text:
        path.write_text(text)


if __name__ == "__main__":
    rewrite(PROJECT_FILE, project_file_text(PROJECT_FILE.read_text()))
    rewrite(MANUAL, manual_text(MANUAL.read_text()))
