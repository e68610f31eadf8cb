"""What the installed `pulumi_gcp` says of a resource type, read as text: importing it takes 2 s."""

import functools
import re
from dataclasses import dataclass
from typing import Any

from tests.cloud.gcp.facts import IDS
from tests.cloud.rpc import Refused, package_folder

PACKAGE = "pulumi_gcp"
Fields = dict[str, tuple[str, bool]]  # {property: (its Python annotation, whether it is required)}


@dataclass(frozen=True)
class ResourceType:
    """`kind`: compute.Disk; `identity`: the id's format; `nested`: text of the nested inputs."""

    token: str
    kind: str
    inputs: Fields
    outputs: dict[str, str]
    identity: str
    nested: str

    def problems(
        self, value: Any, fields: Fields | None = None, path: str = ""
    ) -> list[tuple[str, str]]:
        """Return (property, what is wrong) for arguments that are unknown or missing."""
        fields = self.inputs if fields is None else fields
        if isinstance(value, list):
            items = [self.problems(one, fields, f"{path}[{i}]") for i, one in enumerate(value)]
            return [problem for item in items for problem in item]
        if not isinstance(value, dict) or not fields:
            return []
        dot = path + "." if path else ""
        wrong: list[tuple[str, str]] = []
        for key, (_, required) in fields.items():
            if required and value.get(key) is None:
                text = f'The argument "{dot}{key}" is required, but no definition was found.'
                wrong.append((dot + key, f"Missing required argument. {text}"))
        for key, item in value.items():
            if key in fields:
                wrong += self.problems(item, self.fields_of(fields[key][0]), dot + key)
            elif not key.startswith("__"):
                text = f'An argument named "{dot}{key}" is not expected here.'
                wrong.append((dot + key, f"Unsupported argument. {text}"))
        return wrong

    def fields_of(self, annotation: str) -> Fields:
        """Return the fields of the Args class that an annotation names, or none."""
        found = re.search(r"'(\w+Args)'", annotation)
        return args_class(self.nested, found[1]) if found else {}


@functools.cache
def resource_type(token: str) -> ResourceType:
    """Return the type that a token such as gcp:compute/disk:Disk names.

    Raises:
        Refused: when the package has no such type.
    """
    _, module, name = token.split(":")
    package = package_folder(PACKAGE) / module.split("/")[0]
    head = f"\nclass {name}(pulumi.CustomResource):"
    likely = package / (re.sub(r"(?<=[a-z0-9])([A-Z]+)", r"_\1", name).lower() + ".py")
    for file in (likely, *sorted(package.glob("*.py"))):
        if file.exists() and head in (text := file.read_text()):
            break
    else:
        raise Refused(f"pulumi_gcp has no resource type {token}")
    getter = r'@pulumi\.getter(?:\(name="(\w+)"\))?\n    def (\w+)\(self\) -> '
    outputs = re.findall(getter + r"pulumi\.Output\[(.*)\]:", text[text.index(head) :])
    nested = package / "_inputs.py"
    kind = f"{package.name}.{name}"
    return ResourceType(
        token,
        kind,
        args_class(text, name + "Args"),
        {given or camel(python): annotation for given, python, annotation in outputs},
        IDS.get(kind) or identity_format(token, text),
        nested.read_text() if nested.exists() else "",
    )


def identity_format(token: str, text: str) -> str:
    """Return the format of a type's id: the package's first import example that has fields."""
    example = re.search(rf"pulumi import {token} \S+ (\S*{{{{\S*)", text)
    pattern = re.sub(r"\{\{(\w+)\}\}", r"{\1}", example[1]) if example else "{project}/{name}"
    return re.sub(r"\{(\w+)\}", lambda field: "{" + camel(field[1]) + "}", pattern)


def args_class(text: str, name: str) -> Fields:
    """Return the fields of an Args class in a module's text."""
    start = text.find(f"\nclass {name}:")
    if start < 0:
        return {}
    end = text.find("\n@pulumi.", start)
    body = text[start : end if end > 0 else None]
    if "__self__, *," not in body:
        return {}
    signature = body[body.index("__self__, *,") : body.index("):\n")]
    getter = r'@pulumi\.getter\(name="(\w+)"\)\n    def (\w+)'
    names = {python: given for given, python in re.findall(getter, body)}
    return {
        names.get(python, python): (annotation.rstrip(","), " = None" not in annotation)
        for python, annotation in re.findall(r"^ +(\w+): (.*?)$", signature, re.MULTILINE)
    }


def camel(name: str) -> str:
    """Return a snake_case name as the property names are written."""
    head, *tail = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)
