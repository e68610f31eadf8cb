"""What the provider doubles share: protobuf values as plain ones, errors, and serving a plugin."""

import functools
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.language_host import serve

# What the engine writes for a value that is not known before creation (pulumi.runtime.rpc.UNKNOWN;
# importing that module takes a second).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Refused(Exception):
    """What the cloud would answer with an error; the message is the answer."""


def tidy(value: Any) -> Any:
    """Return `value` with whole floats as integers: a protobuf Struct knows only floats."""
    if isinstance(value, dict):
        return {key: tidy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a Struct as a dict."""
    return tidy(json_format.MessageToDict(struct))


def write(values: dict[str, Any]) -> struct_pb2.Struct:
    """Return a dict as a Struct."""
    return json_format.ParseDict(values, struct_pb2.Struct())


@functools.cache
def package_folder(name: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(f"{sys.executable} has no {name}: set PULUMI_PYTHON to a Python that has")
    return Path(spec.submodule_search_locations[0])


def short_type(urn: str) -> str:
    """Return the type token in a URN: gcp:storage/bucket:Bucket, without its parents."""
    return urn.split("::")[2].split("$")[-1]


def refusing(call: Callable[..., Any]) -> Callable[..., Any]:
    """Answer `Refused` as a provider does: one error, in the words of the cloud."""

    @functools.wraps(call)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(self, request)
        except Refused as refused:
            context.abort(grpc.StatusCode.UNKNOWN, f"1 error occurred:\n\t* {refused}\n")

    return answer


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that every provider answers alike. `package`: its Python package."""

    def __init__(self, package: str) -> None:
        about = package_folder(package) / "pulumi-plugin.json"
        self.version = json.loads(about.read_text())["version"]
        self.config: dict[str, Any] = {}

    def Handshake(self, request: Any, context: Any) -> pb.ProviderHandshakeResponse:
        return pb.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(self, request: Any, context: Any) -> pb.CheckResponse:
        return pb.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> pb.DiffResponse:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> pb.ConfigureResponse:
        variables = {key.split(":")[-1]: value for key, value in request.variables.items()}
        self.config = read(request.args) | variables
        return pb.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def serve_provider(provider: Provider) -> None:
    """Serve a provider double as the engine expects a plugin to."""
    os.environ.pop("PYTHONPATH", None)  # The plugin's own; what it starts shall not inherit it.
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


def cloud_folder() -> Path:
    """Return the folder of the cloud, CLOUD_DOUBLE; a plugin without one ends at once."""
    folder = os.environ.get("CLOUD_DOUBLE")
    if not folder:
        sys.exit(
            "CLOUD_DOUBLE is not set: it names the folder of the cloud double. Start the command "
            "with `python -m tests.cloud.run -- COMMAND`"
        )
    return Path(folder)
