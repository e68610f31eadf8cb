"""A double of the provider `docker-build`: its `Image`, as the program and the engine see it.

What is built from, and so when an image is built anew, is computed as the provider does; building
and pushing is left to the program CLOUD_DOUBLE_BUILD, where there is one. Without it the digest is
a hash of what would be built. A push needs its repository of Artifact Registry in the cloud.

Source of the rules: pulumi-docker-build 0.0.x, provider/internal/image.go and context.go.
"""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.docker_context import ContextError, context_hash
from tests.cloud.gcp import images
from tests.cloud.gcp.diff import differences, top
from tests.cloud.gcp.state import Cloud, Data, of_kind
from tests.cloud.rpc import (
    UNKNOWN,
    Provider,
    Refused,
    cloud_folder,
    read,
    refusing,
    serve_provider,
    write,
)

REFERENCE = re.compile(
    r"(?P<name>[a-z0-9.-]+(?::\d+)?/[a-z0-9._/-]+)(?::(?P<tag>[\w][\w.-]{0,127}))?"
)
PASSWORD = re.compile(r"registries\[\d+\]\.password")


class DockerBuild(Provider):
    """The provider; what is pushed is kept in `cloud`."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("pulumi_docker_build")
        self.cloud = cloud

    @refusing
    def Check(self, request: Any) -> pb.CheckResponse:
        inputs = read(request.news)
        failures: list[pb.CheckFailure] = []
        for field, exists in (("context", os.path.isdir), ("dockerfile", os.path.isfile)):
            location = (inputs.get(field) or {}).get("location")
            if location not in (None, UNKNOWN) and not exists(location):
                reason = f'"{location}": no such file or directory'
                failures.append(pb.CheckFailure(property=f"{field}.location", reason=reason))
        tags = inputs.get("tags") or []
        for i, tag in enumerate(tags if isinstance(tags, list) else []):
            if UNKNOWN not in tag and not REFERENCE.fullmatch(tag):
                reason = f"{tag}: invalid reference format"
                failures.append(pb.CheckFailure(property=f"tags[{i}]", reason=reason))
        return pb.CheckResponse(inputs=request.news, failures=failures)

    @refusing
    def Diff(self, request: Any) -> pb.DiffResponse:
        """Find what is built anew: a changed argument, or a changed file in the context."""
        olds, news = read(request.old_inputs), read(request.news)
        ignored = {
            f"secrets.{name}"
            for name in news.get("ignoreSecretsInDiffCalculation") or []
            if name in (olds.get("secrets") or {}) and name in (news.get("secrets") or {})
        }
        changed = {
            found.path: pb.PropertyDiff(kind=pb.PropertyDiff.UPDATE, inputDiff=True)
            for found in differences(olds, news)
            if not PASSWORD.fullmatch(found.path)  # A new token each time.
            and found.path not in ignored
        }
        if read(request.olds).get("contextHash") != hashed(news):
            changed["contextHash"] = pb.PropertyDiff(kind=pb.PropertyDiff.UPDATE)
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=sorted({top(path) for path in changed}),
            detailedDiff=changed,
            hasDetailedDiff=True,
        )

    @refusing
    def Create(self, request: Any) -> pb.CreateResponse:
        values = self.made(read(request.properties), request.preview)
        identity = "" if request.preview else values["digest"]
        return pb.CreateResponse(id=identity, properties=write(values))

    @refusing
    def Update(self, request: Any) -> pb.UpdateResponse:
        return pb.UpdateResponse(properties=write(self.made(read(request.news), request.preview)))

    @refusing
    def Read(self, request: Any) -> pb.ReadResponse:
        """Refresh: an image whose tags are all gone from their registry is gone."""
        state = read(request.properties)
        pushed = of_kind(self.cloud.read(), images.KIND)
        tags = [tag for tag in state["tags"] if with_digest(tag, state["digest"]) in pushed]
        if state.get("push") and not tags:
            return pb.ReadResponse()
        return pb.ReadResponse(
            id=request.id, properties=write(state | {"tags": tags}), inputs=request.inputs
        )

    @refusing
    def Delete(self, request: Any) -> empty_pb2.Empty:
        """Remove the image from this computer; the registry keeps what was pushed."""
        return empty_pb2.Empty()

    def made(self, inputs: Data, preview: bool) -> Data:
        """Return the outputs, after building and pushing unless it is a preview."""
        if preview:  # `buildOnPreview` is never wanted here: it builds before anybody agreed.
            return inputs | {"contextHash": hashed(inputs), "digest": UNKNOWN, "ref": UNKNOWN}
        found = hashed(inputs)
        digest = (
            build(inputs)
            or "sha256:"
            + hashlib.sha256(
                json.dumps([found, inputs.get("buildArgs"), inputs.get("target")]).encode()
            ).hexdigest()
        )
        references = [with_digest(tag, digest) for tag in inputs.get("tags") or []]
        if inputs.get("push"):
            with self.cloud.open() as data:
                for reference in references:
                    images.push(data, reference)
        ref = references[0] if references else ""
        return inputs | {"contextHash": found, "digest": digest, "ref": ref}


def hashed(inputs: Data) -> str:
    """Return the hash of all that an image is built from.

    Raises:
        Refused: when the context or the Dockerfile is not there.
    """
    try:
        return context_hash(
            Path(inputs["context"]["location"]), Path(inputs["dockerfile"]["location"])
        )
    except ContextError as error:
        raise Refused(f"hashing build context: {error}") from error


def with_digest(tag: str, digest: str) -> str:
    """Return NAME:TAG@DIGEST."""
    match = REFERENCE.fullmatch(tag)
    if match is None:
        raise Refused(f"{tag}: invalid reference format")
    return f"{match['name']}:{match['tag'] or 'latest'}@{digest}"


def build(inputs: Data) -> str:
    """Return the digest that CLOUD_DOUBLE_BUILD answers with, or nothing where it is not set.

    It reads {context, dockerfile, tags, platforms, buildArgs, secrets, target, registries, push},
    builds and pushes, and answers {"digest": "sha256:..."} or {"error": "..."}.

    Raises:
        Refused: with its error, or when it fails.
    """
    program = os.environ.get("CLOUD_DOUBLE_BUILD")
    if not program:
        return ""
    run = subprocess.run([program], input=json.dumps(inputs), capture_output=True, text=True)
    answer = json.loads(run.stdout) if run.stdout.strip() else {}
    if "error" in answer or run.returncode:
        raise Refused(answer.get("error") or f"{program} failed: {run.stderr.strip()[-2000:]}")
    return answer["digest"]


if __name__ == "__main__":
    serve_provider(DockerBuild(Cloud(cloud_folder())))
