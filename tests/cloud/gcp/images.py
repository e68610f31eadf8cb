"""What has been pushed to registries: {"docker.Image NAME:TAG@DIGEST"} in the cloud."""

import re

from tests.cloud.gcp.state import Data, of_kind
from tests.cloud.rpc import Refused

KIND = "docker.Image"
IN_REGISTRY = re.compile(
    r"(?P<place>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[^/]+)/(?P<id>[^/]+)/"
)


def push(data: Data, reference: str) -> None:
    """Put an image into its registry.

    Raises:
        Refused: where that is Artifact Registry and the repository does not exist.
    """
    if found := IN_REGISTRY.match(reference):
        place, project, name = found.group("place", "project", "id")
        repository = f"projects/{project}/locations/{place}/repositories/{name}"
        if repository not in of_kind(data, "artifactregistry.Repository"):
            raise Refused(
                f"failed to push {reference.partition('@')[0]}: name unknown: Repository "
                f'"{name}" not found'
            )
    data["resources"][f"{KIND} {reference}"] = {"inputs": {}, "outputs": {"name": reference}}


def forget(data: Data, address: str) -> None:
    """Delete the images of a repository, as deleting the repository does."""
    for reference in of_kind(data, KIND):
        if reference.startswith(address + "/"):
            del data["resources"][f"{KIND} {reference}"]
