"""What an operation has to know of a stack before it runs: its config, and what its state holds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import BaseModel, ConfigDict, TypeAdapter

from infra.dynamic.credentials import LOGIN_KEYS
from infra.operate.errors import OperateError
from infra.operate.pulumi import Target
from infra.operate.table import kinds
from infra.operate.unfinished import Unfinished, find

PROJECT = "gcp:project"
IMAGES = "atelier:images"
_NOTHING: Mapping[str, object] = {}
_PROVIDER = "pulumi:providers:gcp"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)
    value: str | None = None


class Resource(BaseModel):
    """One resource of a state."""

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
        config: The config's values by their full keys; a secret's is empty.
        standing: The types of the state's resources.
        machine: What the state keeps of the machine; empty before there is one.
        address: The machine's static address, as the state has it.
        is_known: Whether pulumi has such a stack, as far as it tells.
        readiness: What the state keeps of the last wait for the machine.
        unfinished: What an update that was killed began to make.
    """

    project: str
    images: str
    projects: tuple[str, ...]
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    standing: frozenset[str] = frozenset()
    machine: Mapping[str, object] = field(default_factory=dict[str, object])
    address: str = ""
    readiness: Mapping[str, object] = field(default_factory=dict[str, object])
    is_known: bool = True
    unfinished: Unfinished | None = None


def read(target: Target) -> Stack:
    """Return what is known of the stack; a missing one is pulumi's own to complain about."""
    config = target.ask("config", "--json", *target.scope)
    values = TypeAdapter(dict[str, _Value]).validate_json(config) if config else {}
    exported = target.ask("stack", "export", "--stack", target.stack)
    held = resources(exported) if exported else ()
    return Stack(
        project=_of(values, PROJECT),
        images=_of(values, IMAGES) or "docker",
        projects=projects(held),
        config={key: value.value or "" for key, value in values.items()},
        is_known=config is not None,
        standing=frozenset(resource.type for resource in held),
        readiness=_outputs(held, kinds.READINESS),
        machine=_outputs(held, kinds.MACHINE),
        address=str(_outputs(held, kinds.ADDRESS).get("address", "")),
        unfinished=find(exported) if exported else None,
    )


def with_login(config: Mapping[str, str], target: Target) -> Mapping[str, str]:
    """Return the config with the values of the login's keys, where they are secrets.

    Raises:
        OperateError: pulumi does not tell one, mostly for want of the passphrase.
    """
    found = dict(config)
    for key in LOGIN_KEYS:
        if found.get(key) == "":
            told = (target.ask("config", "get", key, *target.scope) or "").strip()
            if not told:
                raise OperateError(
                    f"the login in {key} cannot be read. Set PULUMI_CONFIG_PASSPHRASE or"
                    " PULUMI_CONFIG_PASSPHRASE_FILE."
                )
            found[key] = told
    return found


def resources(exported: str) -> tuple[Resource, ...]:
    """Return the resources in the output of `pulumi stack export`."""
    deployment = cast("Mapping[str, object]", json.loads(exported).get("deployment") or {})
    found = TypeAdapter(list[Resource]).validate_python(deployment.get("resources") or [])
    return tuple(found)


def _outputs(held: Iterable[Resource], kind: str) -> Mapping[str, object]:
    return next((it.outputs for it in held if it.type == kind), _NOTHING)


def projects(held: Iterable[Resource]) -> tuple[str, ...]:
    """Return the Google Cloud projects that a state's resources are in.

    What the resources themselves say counts: the provider's config has no project where the
    program names it with each resource.
    """
    found: dict[str, None] = {}
    for resource in held:
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
