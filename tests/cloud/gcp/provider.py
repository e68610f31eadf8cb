"""The provider's side of the engine's protocol (pulumi's proto/pulumi/provider.proto)."""

import hashlib
import os
import re
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.gcp import diff, faults, images, lookups, outputs, rules, snapshots
from tests.cloud.gcp.facts import COMPUTE, NAMES, REPEATABLE, RFC1035
from tests.cloud.gcp.machines import refuse_smaller_boot_disk, refuse_while_running
from tests.cloud.gcp.package import PACKAGE, ResourceType, resource_type
from tests.cloud.gcp.state import Cloud, Data
from tests.cloud.rpc import UNKNOWN, Provider, Refused, read, refusing, short_type, write


class Gcp(Provider):
    """The provider of what is in `cloud`."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(PACKAGE)
        self.cloud = cloud

    @refusing
    def Check(self, request: Any) -> pb.CheckResponse:
        wheel = resource_type(short_type(request.urn))
        inputs, olds = read(request.news), read(request.olds)
        inputs["__defaults"] = self.name(wheel, request, inputs, olds)
        wrong = wheel.problems(inputs)
        field, pattern = NAMES.get(
            wheel.kind, ("name", RFC1035 if wheel.kind.startswith("compute.") else ".*")
        )
        value = inputs.get(field) or ""
        if value not in ("", UNKNOWN) and not re.fullmatch(pattern, value, re.DOTALL):
            wrong.append((field, f'"{field}" ("{value}") doesn\'t match regexp "^{pattern}$"'))
        failures = [pb.CheckFailure(property=path, reason=reason) for path, reason in wrong]
        return pb.CheckResponse(inputs=write(inputs), failures=failures)

    def name(self, wheel: ResourceType, request: Any, inputs: Data, olds: Data) -> list[str]:
        """Give a resource without a name one; return which properties were made up."""
        made: list[str] = []
        for field, limit in (("name", 63), ("accountId", 30)):
            required = wheel.inputs.get(field, ("", True))[1]
            if field not in wheel.inputs or required or inputs.get(field) is not None:
                continue
            if field in olds.get("__defaults", []):
                inputs[field] = olds[field]
            else:
                random = hashlib.sha256(request.randomSeed or os.urandom(8)).hexdigest()[:7]
                logical = request.urn.split("::")[-1].lower()[: limit - 8]
                inputs[field] = request.autonaming.proposed_name or f"{logical}-{random}"
            made.append(field)
        return made

    @refusing
    def Diff(self, request: Any) -> pb.DiffResponse:
        wheel = resource_type(short_type(request.urn))
        olds = read(request.old_inputs) or read(request.olds)
        return diff.answer(wheel, olds, read(request.news))

    @refusing
    def Create(self, request: Any) -> pb.CreateResponse:
        wheel = resource_type(short_type(request.urn))
        inputs, kind = read(request.properties), wheel.kind
        if request.preview:
            values = outputs.previewed(wheel, inputs, self.config)
            return pb.CreateResponse(properties=write(values))
        with self.cloud.open() as data:
            data["count"] += 1
            number = data["count"]
            if kind == "secretmanager.SecretVersion":
                number = next_version(data, inputs["secret"])
            seed = f"{wheel.token}-{number}"
            values = outputs.created(wheel, inputs, self.config, seed, self.cloud.private_key)
            faults.fail_if_told(self.cloud, data, "create", kind, values)
            rules.refuse_create(data, kind, values)
            identity = outputs.identity(wheel, values)
            if "selfLink" in wheel.outputs and kind.startswith("compute."):
                values["selfLink"] = COMPUTE + identity
            there = f"{kind} {identity}" in data["resources"]
            if (
                there
                and not REPEATABLE.search(kind)
                and not inputs.get("createIgnoreAlreadyExists")
            ):
                raise Refused(exists_already(kind, identity))
            record = {"inputs": inputs, "outputs": values, "seed": seed}
            if kind == "compute.Disk":
                record["content"] = snapshots.content(data, values.get("snapshot"))
            data["resources"][f"{kind} {identity}"] = record
        try:
            self.cloud.hook("create", kind, identity, inputs, values)
        except Refused:
            with self.cloud.open() as data:
                data["resources"].pop(f"{kind} {identity}", None)
            raise
        with self.cloud.open() as data:
            data["resources"][f"{kind} {identity}"] = record
        if kind == "storage.Bucket":
            (self.cloud.folder / "buckets" / identity).mkdir(parents=True, exist_ok=True)
        return pb.CreateResponse(id=identity, properties=write(values))

    @refusing
    def Update(self, request: Any) -> pb.UpdateResponse:
        wheel = resource_type(short_type(request.urn))
        kind, news, olds = wheel.kind, read(request.news), read(request.old_inputs)
        changed = diff.changed_inputs(olds, news)
        with self.cloud.open() as data:
            record = data["resources"].get(f"{kind} {request.id}")
            if record is None:
                raise Refused(not_found(kind, request.id))
            before = record["outputs"]
            values = outputs.created(
                wheel, news, self.config, record["seed"], self.cloud.private_key
            )
            labels = ("effectiveLabels", "pulumiLabels")
            values |= {
                key: value
                for key, value in before.items()
                if key in wheel.outputs and key not in changed and key not in labels
            }
            if "desiredStatus" in changed:
                values["currentStatus"] = news.get("desiredStatus") or "RUNNING"
            if request.preview:
                return pb.UpdateResponse(properties=write(values))
            faults.fail_if_told(self.cloud, data, "update", kind, values)
            rules.refuse_values(data, kind, values, request.id)
            if kind == "compute.Instance":
                refuse_while_running(changed, before, news)
                refuse_smaller_boot_disk(before, news)
        self.cloud.hook("update", kind, request.id, news, values)
        with self.cloud.open() as data:
            data["resources"][f"{kind} {request.id}"].update(inputs=news, outputs=values)
        return pb.UpdateResponse(properties=write(values))

    @refusing
    def Read(self, request: Any) -> pb.ReadResponse:
        """Refresh (with inputs: what the cloud has otherwise is replaced) or import (without)."""
        wheel = resource_type(short_type(request.urn))
        found = rules.of_kind(self.cloud.read(), wheel.kind)
        wanted = request.id
        likely = [key for key in found if key.endswith("/" + wanted) or wanted.endswith("/" + key)]
        identities = [wanted] if wanted in found else likely
        if len(identities) != 1:
            return pb.ReadResponse()
        record, inputs = found[identities[0]], read(request.inputs)
        has, state = record["outputs"], read(request.properties)
        if inputs:
            moved = (key for key in inputs if key in state and state[key] != has.get(key))
            inputs |= {key: has.get(key) for key in moved}
        else:
            places = ("project", "region", "zone")
            known = {key: has[key] for key in places if key in wheel.inputs and key in has}
            inputs = {**known, **record["inputs"], "__defaults": []}
        return pb.ReadResponse(id=identities[0], properties=write(has), inputs=write(inputs))

    @refusing
    def Delete(self, request: Any) -> empty_pb2.Empty:
        kind, state = resource_type(short_type(request.urn)).kind, read(request.properties)
        policy = state.get("deletionPolicy")
        if policy == "PREVENT":
            raise Refused(
                f'cannot destroy {kind.split(".")[1]} without setting deletion_policy="DELETE" and '
                "running `pulumi up`"
            )
        stays = kind == "projects.Service" and not state.get("disableOnDestroy")
        if policy == "ABANDON" or stays:
            return empty_pb2.Empty()
        key = f"{kind} {request.id}"
        with self.cloud.open() as data:
            if key not in data["resources"]:
                return empty_pb2.Empty()
            faults.fail_if_told(self.cloud, data, "delete", kind, state)
            rules.refuse_delete(self.cloud, data, kind, request.id, state)
            if kind == "compute.Disk":
                if state.get("createSnapshotBeforeDestroy"):
                    snapshots.before_destroy(data, data["resources"][key])
                rules.detach(data, state["selfLink"])
        self.cloud.hook("delete", kind, request.id, {}, state)
        with self.cloud.open() as data:
            data["resources"].pop(key, None)
            rules.forget_attached(data, kind, request.id)
            if kind == "artifactregistry.Repository":
                images.forget(data, state["registryUri"])
        if kind == "storage.Bucket":
            for file in self.cloud.objects(request.id):
                file.unlink()
        return empty_pb2.Empty()

    @refusing
    def Invoke(self, request: Any) -> pb.InvokeResponse:
        result = lookups.answer(self.cloud, self.config, request.tok, read(request.args))
        fields: dict[str, Any] = {"return": write(result)}  # A keyword of Python.
        return pb.InvokeResponse(**fields)


def next_version(data: Data, secret: str) -> int:
    """Return the number of a secret's next version: they are counted from 1.

    https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions, `name`
    """
    versions = rules.of_kind(data, "secretmanager.SecretVersion").values()
    own = [it["outputs"]["version"] for it in versions if it["inputs"]["secret"] == secret]
    return 1 + max(map(int, own), default=0)


def exists_already(kind: str, identity: str) -> str:
    """Return what Google says when a resource of that name is there."""
    if kind == "storage.Bucket":
        told = (
            "Your previous request to create the named bucket succeeded and you already own it., "
            "conflict"
        )
    else:
        told = f"The resource '{identity}' already exists, alreadyExists"
    return f"Error creating {kind.split('.')[1]}: googleapi: Error 409: {told}"


def not_found(kind: str, identity: str) -> str:
    """Return what Google says of a resource that is gone."""
    told = f"The resource '{identity}' was not found, notFound"
    return f"Error reading {kind}: googleapi: Error 404: {told}"
