"""A double of the provider `command`: its local `Command` really runs what it is given.

Source of the rules: pulumi-command 1.x, provider/pkg/provider/local/commandController.go and
base.go.
"""

import hashlib
import os
import subprocess
import sys
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.gcp.diff import differences, top
from tests.cloud.gcp.state import Data
from tests.cloud.rpc import (
    UNKNOWN,
    Provider,
    Refused,
    read,
    refusing,
    serve_provider,
    short_type,
    write,
)

LOCAL = "command:local:Command"
SHELL = ["/bin/sh", "-c"]
SHOWN = {"stdout": ("stdout",), "stderr": ("stderr",), "none": ()}
INPUTS = {
    *("addPreviousOutputInEnv", "archivePaths", "assetPaths", "create", "delete", "dir"),
    *("environment", "interpreter", "logging", "stdin", "triggers", "update"),
}


class Command(Provider):
    """The provider. `engine`: the address of the engine, which shows what the commands print."""

    def __init__(self, engine: str) -> None:
        super().__init__("pulumi_command")
        self.engine = engine

    @refusing
    def Check(self, request: Any) -> pb.CheckResponse:
        if short_type(request.urn) != LOCAL:
            raise Refused(f"the double of `command` knows {LOCAL} only: {request.urn}")
        inputs = read(request.news)
        unknown = sorted(set(inputs) - INPUTS)
        failures = [pb.CheckFailure(property=key, reason="unknown property") for key in unknown]
        return pb.CheckResponse(inputs=request.news, failures=failures)

    @refusing
    def Diff(self, request: Any) -> pb.DiffResponse:
        changed = {top(it.path) for it in differences(read(request.old_inputs), read(request.news))}
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE,
            diffs=sorted(changed),
            replaces=sorted(changed & {"triggers"}),
        )

    @refusing
    def Create(self, request: Any) -> pb.CreateResponse:
        inputs = read(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=write(previewed(inputs)))
        outputs = self.run(inputs, inputs.get("create"), {}, request.urn)
        seed = request.urn.encode() + os.urandom(8)
        identity = request.urn.split("::")[-1] + hashlib.sha256(seed).hexdigest()[:8]
        return pb.CreateResponse(id=identity, properties=write(outputs))

    @refusing
    def Update(self, request: Any) -> pb.UpdateResponse:
        inputs = read(request.news)
        if request.preview:
            return pb.UpdateResponse(properties=write(previewed(inputs)))
        script = inputs.get("update") or inputs.get("create")
        outputs = self.run(inputs, script, read(request.olds), request.urn)
        return pb.UpdateResponse(properties=write(outputs))

    @refusing
    def Read(self, request: Any) -> pb.ReadResponse:
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    @refusing
    def Delete(self, request: Any) -> empty_pb2.Empty:
        state = read(request.properties)
        self.run(state, state.get("delete"), state, request.urn)
        return empty_pb2.Empty()

    def run(self, inputs: Data, script: str | None, before: Data, urn: str) -> Data:
        """Run a command and return the outputs.

        Raises:
            Refused: when it fails, with what it printed.
        """
        if script is None:
            return {**inputs, "stdout": "", "stderr": ""}
        env = os.environ | (inputs.get("environment") or {})
        if inputs.get("addPreviousOutputInEnv", True):
            env |= {
                f"PULUMI_COMMAND_{name.upper()}": before[name]
                for name in ("stdout", "stderr")
                if before.get(name)
            }
        done = subprocess.run(
            [*(inputs.get("interpreter") or SHELL), script],
            cwd=inputs.get("dir"),
            env=env,
            input=inputs.get("stdin"),
            capture_output=True,
            text=True,
        )
        printed = {"stdout": done.stdout, "stderr": done.stderr}
        for name in SHOWN.get(inputs.get("logging", ""), ("stdout", "stderr")):
            self.show(printed[name], urn)
        if done.returncode:
            said = done.stdout + done.stderr
            raise Refused(f'exit status {done.returncode}: running "{script}":\n{said}')
        return inputs | {name: text.removesuffix("\n") for name, text in printed.items()}

    def show(self, text: str, urn: str) -> None:
        with grpc.insecure_channel(self.engine) as channel:
            log = engine_pb2_grpc.EngineStub(channel)
            for line in text.splitlines():
                info = engine_pb2.INFO
                log.Log(engine_pb2.LogRequest(severity=info, message=line, urn=urn))


def previewed(inputs: Data) -> Data:
    """Return what a preview knows: nothing is run."""
    return inputs | {"stdout": UNKNOWN, "stderr": UNKNOWN}


if __name__ == "__main__":
    serve_provider(Command(sys.argv[-1]))
