"""The clients of Google's Compute API, made when first used: importing them takes seconds."""

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.dynamic.calls import COMPUTE, endpoint
from infra.dynamic.credentials import Access

if TYPE_CHECKING:
    from google.cloud import compute_v1


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
        from google.cloud import compute_v1
        from google.cloud.compute_v1.services.instances.transports import InstancesRestTransport

        return compute_v1.InstancesClient(transport=InstancesRestTransport(**self._options()))

    @cached_property
    def disks(self) -> "compute_v1.DisksClient":
        """The persistent disks."""
        from google.cloud import compute_v1
        from google.cloud.compute_v1.services.disks.transports import DisksRestTransport

        return compute_v1.DisksClient(transport=DisksRestTransport(**self._options()))

    @cached_property
    def snapshots(self) -> "compute_v1.SnapshotsClient":
        """The snapshots of disks."""
        from google.cloud import compute_v1
        from google.cloud.compute_v1.services.snapshots.transports import SnapshotsRestTransport

        return compute_v1.SnapshotsClient(transport=SnapshotsRestTransport(**self._options()))

    @cached_property
    def operations(self) -> "compute_v1.ZoneOperationsClient":
        """What is under way in a zone.

        They are waited for here, as ExtendedOperation asks at Google's own address, whatever the
        endpoint is (`_zone_operations_client` of the transports), and up to 20 s too late.
        """
        from google.cloud import compute_v1
        from google.cloud.compute_v1.services.zone_operations.transports import (
            ZoneOperationsRestTransport,
        )

        transport = ZoneOperationsRestTransport(**self._options())
        return compute_v1.ZoneOperationsClient(transport=transport)

    def _options(self) -> dict[str, Any]:
        from google.auth.credentials import AnonymousCredentials

        address, plain = endpoint(COMPUTE)
        host = {"host": urlsplit(address).netloc} if address else {}
        if plain:
            return {"credentials": AnonymousCredentials(), "url_scheme": "http", **host}
        return {"credentials": self._access.credentials(), **host}
