"""One monitor that records what the program asks the engine for, in place of the engine."""

import asyncio
import gc
import json
import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime import mocks, rpc, set_all_config, set_mocks

PROGRAM = Path(__file__).parents[2] / "infra" / "__main__.py"
PASSWORD = "correct horse battery"
PROJECT_NUMBER = "123456789012"
ADDRESS = "198.51.100.7"
PASSWORD_SECRET = "projects/123456789012/secrets/atelier-dev-admin-password/versions/1"


@dataclass(frozen=True)
class Recorded:
    """A resource as the program registered it: `request` is the whole of what it sent."""

    type: str
    name: str
    request: Any

    @property
    def sent(self) -> dict[str, Any]:
        """The inputs as they went over the wire, with the marks of secrets."""
        return json_format.MessageToDict(self.request.object)

    @property
    def inputs(self) -> Any:
        """The inputs without the marks."""
        return _plain(self.sent)

    @property
    def parent(self) -> str:
        """The parent's type."""
        return _type(self.request.parent)

    @property
    def depends_on(self) -> set[str]:
        """Names and types of what it waits for, as TYPE NAME."""
        return {f"{_type(urn)} {urn.split('::')[-1]}" for urn in self.request.dependencies}

    def is_secret(self, *path: str) -> bool:
        """Whether the input at that path is marked as a secret, itself or above it."""
        value: Any = self.sent
        for key in path:
            if rpc.is_rpc_secret(value):
                return True
            value = value[key]
        return rpc.is_rpc_secret(value)


@dataclass
class Stack:
    """What one run of the program registered, exported and said."""

    resources: list[Recorded] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def all(self, kind: str) -> list[Recorded]:
        """The resources of a type, such as compute/instance:Instance."""
        return [item for item in self.resources if item.type == f"gcp:{kind}"]

    def one(self, kind: str) -> Recorded:
        """The only resource of a type."""
        (found,) = self.all(kind)
        return found

    def named(self, kind: str, name: str) -> Recorded:
        """The resource of a type and a name."""
        (found,) = [item for item in self.all(kind) if item.name == name]
        return found

    def types(self) -> set[str]:
        """All types."""
        return {item.type for item in self.resources}


class Refusal(grpc.RpcError):
    """What the engine answers when the provider refuses a lookup."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words

    def code(self) -> grpc.StatusCode:
        """The kind of error, as the engine gives it."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """The provider's words."""
        return self.words


class Cloud(mocks.Mocks):
    """Answers as the provider would: it fills in what the cloud computes."""

    def __init__(self, buckets: list[dict[str, Any]], refusal: str) -> None:
        self.buckets, self.refusal = buckets, refusal

    def call(self, args: mocks.MockCallArgs) -> Any:
        """Answer a lookup."""
        if args.token == "gcp:storage/getBuckets:getBuckets":
            if self.refusal:
                raise Refusal(self.refusal)
            return {"buckets": self.buckets, "id": "buckets"}
        if args.token == "gcp:organizations/getProject:getProject":
            return {"number": PROJECT_NUMBER, "id": "projects/demo-project"}
        if args.token == "gcp:organizations/getClientConfig:getClientConfig":
            return {"accessToken": "ya29.token", "id": "client"}
        raise AssertionError(f"an unexpected lookup: {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Create a resource."""
        if not args.custom:
            return "", {}
        name = args.inputs.get("name", f"{args.name}-1a2b3c4")
        email = f"{args.inputs.get('accountId')}@demo-project.iam.gserviceaccount.com"
        computed: Mapping[str, dict[str, Any]] = {
            "gcp:compute/address:Address": {"address": ADDRESS},
            "gcp:serviceaccount/account:Account": {
                "email": email,
                "member": f"serviceAccount:{email}",
                "name": f"projects/demo-project/serviceAccounts/{email}",
            },
            "gcp:serviceaccount/key:Key": {"privateKey": "a2V5"},
            "gcp:secretmanager/secretVersion:SecretVersion": {"name": PASSWORD_SECRET},
            "docker-build:index:Image": {"ref": f"registry/{args.name}@sha256:{64 * 'b'}"},
            "command:local:Command": {"stdout": f"registry/{args.name}@sha256:{64 * 'c'}"},
            "pulumi-python:dynamic/atelier:RestorePoint": {"snapshot": ""},
        }
        state = {"name": name, "selfLink": f"links/{name}", "instanceId": "4711", **args.inputs}
        return f"id-{args.name}", {**state, **computed.get(args.typ, {})}


class Monitor(mocks.MockMonitor):
    """Keeps each registration whole, then answers as Pulumi's own mock does."""

    def __init__(self, cloud: Cloud, stack: Stack) -> None:
        super().__init__(cloud)
        self.stack = stack

    def RegisterResource(self, request: Any) -> Any:
        """Record a resource."""
        if request.type != "pulumi:pulumi:Stack":
            self.stack.resources.append(Recorded(request.type, request.name, request))
        return super().RegisterResource(request)


Deploy = Callable[..., Stack]


@pytest.fixture(scope="session")
def event_loop() -> None:
    """A current event loop, as Pulumi's own launcher makes one before it runs a program.

    Its mocks ask asyncio for the current one, which from Python 3.12 on warns where there is none.
    It stays until the process ends: closed, it would end threads in which the mocks made others.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())


@pytest.fixture(scope="session")
def deploy(event_loop: None) -> Deploy:
    """Run the real program with a config, once for each: deploy(access="iap", buckets=[...])."""
    runs: dict[str, Stack] = {}

    def run(**wanted: Any) -> Stack:
        key = json.dumps(wanted, sort_keys=True)
        if key not in runs:
            runs[key] = _run(**wanted)
        return runs[key]

    return run


def _run(buckets: Sequence[dict[str, Any]] = (), refusal: str = "", **config: Any) -> Stack:
    stack = Stack()
    cloud = Cloud(list(buckets), refusal)
    set_mocks(cloud, project="atelier", stack="dev", monitor=Monitor(cloud, stack))
    written = {
        f"atelier:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    set_all_config(
        {"gcp:project": "demo-project", "atelier:adminPassword": PASSWORD, **written},
        ["atelier:adminPassword"],
    )

    exported: dict[str, Any] = {}

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        runpy.run_path(str(PROGRAM), run_name="__main__")
        return pulumi.Output.all(**exported).apply(stack.outputs.update)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulumi, "export", exported.__setitem__)
        patch.setattr(pulumi.log, "warn", lambda text, *_: stack.warnings.append(text))
        program()
    gc.enable()  # The program turns it off, and this process lives on.
    return stack


def _type(urn: str) -> str:
    return urn.split("::")[2].split("$")[-1] if urn else ""


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
