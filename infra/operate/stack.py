"""What an operation has to know of a stack before it runs: its config, and what its state holds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel, ConfigDict, TypeAdapter

from infra.operate.errors import OperateError
from infra.operate.pulumi import Target

PROJECT = "gcp:project"
IMAGES = "atelier:images"
_PROVIDER = "pulumi:providers:gcp"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)
    value: str | None = None


class _Resource(BaseModel):
    model_config = ConfigDict(frozen=True)
    type: str
    inputs: Mapping[str, object] = {}
    outputs: Mapping[str, object] = {}


@dataclass(frozen=True)
class Stack:
    """A stack as far as it could be read; what could not is empty.

    Attributes:
        project: The config's Google Cloud project.
        images: How the images are built: docker, cloudbuild or prebuilt.
        projects: The projects that the state's resources are in.
    """

    project: str
    images: str
    projects: tuple[str, ...]


def read(target: Target, *, with_state: bool = True) -> Stack:
    """Return what is known of the stack; a missing one is pulumi's own to complain about."""
    config = target.ask("config", "--json", *target.scope)
    values = TypeAdapter(dict[str, _Value]).validate_json(config) if config else {}
    exported = target.ask("stack", "export", "--stack", target.stack) if with_state else None
    return Stack(
        project=_of(values, PROJECT),
        images=_of(values, IMAGES) or "docker",
        projects=projects(exported) if exported else (),
    )


def projects(exported: str) -> tuple[str, ...]:
    """Return the Google Cloud projects in the output of `pulumi stack export`.

    What the resources themselves say counts: the provider's config has no project where the
    program names it with each resource.
    """
    deployment = cast("Mapping[str, object]", json.loads(exported).get("deployment") or {})
    resources = TypeAdapter(list[_Resource]).validate_python(deployment.get("resources") or [])
    found: dict[str, None] = {}
    for resource in resources:
        if resource.type.startswith("gcp:") or resource.type == _PROVIDER:
            project = resource.outputs.get("project") or resource.inputs.get("project")
            if isinstance(project, str) and project:
                found.setdefault(project)
    return tuple(found)


def refuse_another_project(stack: Stack, name: str) -> None:
    """Refuse to change or destroy resources in another project than the config names.

    Raises:
        OperateError: The state's resources are in another project.
    """
    others = [project for project in stack.projects if project != stack.project]
    if not others or not stack.project:
        return
    raise OperateError(
        f"Stack {name} has its resources in project {', '.join(others)}, but its config says"
        f" {stack.project}. Nothing was changed. To work on what is there:"
        f" pulumi config set --stack {name} {PROJECT} {others[0]}. For a studio in"
        f" {stack.project}, make another stack: pulumi stack init NAME."
    )


def _of(values: Mapping[str, _Value], key: str) -> str:
    return (values[key].value or "") if key in values else ""
