"""The clients of Google's Compute API, made when first used: importing them takes seconds."""

from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import Access

if TYPE_CHECKING:
    from google.cloud import compute_v1

# The Google provider's own variable, so that both speak to the same place.
ENDPOINT = "GOOGLE_COMPUTE_CUSTOM_ENDPOINT"


class Clients:
    """One client for each kind of thing.

    Args:
        endpoint: The API's address; empty for Google's own.
        access: Whose credentials are used.

    Raises:
        ComputeError: if the address is plain http and not on this computer.
    """

    def __init__(self, endpoint: str, access: Access) -> None:
        self._access = access
        address = urlsplit(endpoint)
        self._host = address.netloc
        self._plain = address.scheme == "http"
        if self._plain and not is_loopback(address.hostname or ""):
            raise ComputeError(
                f"{ENDPOINT} is {endpoint}: credentials are not sent over plain http."
                " Use https, or an address on this computer."
            )

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

        The library's own waiting (ExtendedOperation) makes a client of its own, for Google's own
        address whatever the endpoint is.
        """
        from google.cloud import compute_v1
        from google.cloud.compute_v1.services.zone_operations.transports import (
            ZoneOperationsRestTransport,
        )

        transport = ZoneOperationsRestTransport(**self._options())
        return compute_v1.ZoneOperationsClient(transport=transport)

    def _options(self) -> dict[str, Any]:
        if not self._plain:
            host = {"host": self._host} if self._host else {}
            return {"credentials": self._access.credentials(), **host}
        from google.auth.credentials import AnonymousCredentials

        return {"host": self._host, "url_scheme": "http", "credentials": AnonymousCredentials()}


def is_loopback(host: str) -> bool:
    """Return whether a host is this computer."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
