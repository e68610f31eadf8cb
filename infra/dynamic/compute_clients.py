"""The clients of Google's Compute API, made when first used: importing them takes seconds."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from infra.dynamic.calls import COMPUTE, endpoint
from infra.dynamic.credentials import Access

if TYPE_CHECKING:
    from google.cloud import compute_v1

T = TypeVar("T")


class Clients:
    """One client for each kind of thing.

    Args:
        access: Whose credentials are used.

    Raises:
        CredentialsError: by each of them, if the API's address is plain http and not on this
            computer, or the credentials cannot be used.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @cached_property
    def instances(self) -> "compute_v1.InstancesClient":
        """The machines."""
        from google.cloud.compute_v1 import InstancesClient

        return self._made(InstancesClient)

    @cached_property
    def disks(self) -> "compute_v1.DisksClient":
        """The persistent disks."""
        from google.cloud.compute_v1 import DisksClient

        return self._made(DisksClient)

    @cached_property
    def snapshots(self) -> "compute_v1.SnapshotsClient":
        """The snapshots of disks."""
        from google.cloud.compute_v1 import SnapshotsClient

        return self._made(SnapshotsClient)

    @cached_property
    def operations(self) -> "compute_v1.ZoneOperationsClient":
        """What is under way in a zone.

        They are waited for here, as ExtendedOperation asks at Google's own address, whatever the
        endpoint is (`_zone_operations_client` of the transports), and up to 20 s too late.
        """
        from google.cloud.compute_v1 import ZoneOperationsClient

        return self._made(ZoneOperationsClient)

    def _made(self, client: type[T]) -> T:
        from google.auth.credentials import AnonymousCredentials

        address, plain = endpoint(COMPUTE)
        options: dict[str, Any] = {"host": urlsplit(address).netloc} if address else {}
        if plain:
            options |= {"credentials": AnonymousCredentials(), "url_scheme": "http"}
        else:
            options["credentials"] = self._access.credentials()
        # Only a transport can be told to speak plain http.
        kind: Any = client
        return kind(transport=kind.get_transport_class("rest")(**options))
