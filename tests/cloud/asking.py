"""Asks a provider double what the engine asks, without an engine: for the double's own tests."""

from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.rpc import Provider, read, write

PROJECT = "demo-project"


class Answered(Exception):
    """The provider answered with an error; the message is the answer."""


class Context:
    """The part of a gRPC call that the doubles use."""

    def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise Answered(message)


class Asking:
    """One provider, asked about resources that are named by their types.

    Inputs are keyword arguments, named as properties (createSnapshotBeforeDestroy).
    """

    def __init__(self, provider: Provider, **config: str) -> None:
        self.provider: Any = provider
        provider.Configure(pb.ConfigureRequest(args=write(dict(config))), None)

    def urn(self, token: str) -> str:
        return f"urn:pulumi:dev::lab::{token}::it"

    def check(self, token: str, **inputs: Any) -> dict[str, str]:
        """Return {property: what is wrong}."""
        request = pb.CheckRequest(urn=self.urn(token), news=write(inputs))
        answer = self.provider.Check(request, Context())
        return {failure.property: failure.reason for failure in answer.failures}

    def checked(self, token: str, **inputs: Any) -> dict[str, Any]:
        """Return the inputs as the provider completes them."""
        request = pb.CheckRequest(urn=self.urn(token), news=write(inputs), randomSeed=b"1")
        return read(self.provider.Check(request, Context()).inputs)

    def create(self, token: str, *, preview: bool = False, **inputs: Any) -> tuple[str, Any]:
        """Return the id and the outputs."""
        request = pb.CreateRequest(urn=self.urn(token), properties=write(inputs), preview=preview)
        answer = self.provider.Create(request, Context())
        return answer.id, read(answer.properties)

    def diff(self, token: str, old: dict[str, Any], new: dict[str, Any], **state: Any) -> Any:
        """Return the answer to: what does this change do?"""
        request = pb.DiffRequest(
            urn=self.urn(token),
            old_inputs=write(old),
            olds=write({**old, **state}),
            news=write(new),
        )
        return self.provider.Diff(request, Context())

    def update(
        self, token: str, identity: str, old: dict[str, Any], *, preview: bool = False, **new: Any
    ) -> dict[str, Any]:
        """Return the outputs."""
        request = pb.UpdateRequest(
            id=identity,
            urn=self.urn(token),
            old_inputs=write(old),
            olds=write(old),
            news=write(new),
            preview=preview,
        )
        return read(self.provider.Update(request, Context()).properties)

    def delete(self, token: str, identity: str, **state: Any) -> None:
        request = pb.DeleteRequest(id=identity, urn=self.urn(token), properties=write(state))
        self.provider.Delete(request, Context())

    def read(self, token: str, identity: str, **inputs: Any) -> Any:
        """Return what a refresh (or without inputs an import) finds."""
        request = pb.ReadRequest(
            id=identity,
            urn=self.urn(token),
            inputs=write(inputs),
            properties=write(inputs),
        )
        return self.provider.Read(request, Context())

    def look_up(self, token: str, **args: Any) -> dict[str, Any]:
        request = pb.InvokeRequest(tok=token, args=write(args))
        return read(getattr(self.provider.Invoke(request, Context()), "return"))
