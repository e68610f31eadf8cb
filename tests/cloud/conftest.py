"""A cloud of its own for each test of the double."""

from pathlib import Path

import pytest

from tests.cloud.asking import PROJECT, Asking
from tests.cloud.gcp.provider import Gcp
from tests.cloud.gcp.state import Cloud

SERVICE = "gcp:projects/service:Service"


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud")


@pytest.fixture
def bare(cloud: Cloud) -> Asking:
    """The provider in a new project: no API is enabled."""
    return Asking(Gcp(cloud), project=PROJECT, region="us-central1", zone="us-central1-a")


@pytest.fixture
def gcp(bare: Asking) -> Asking:
    """The provider in a project whose APIs are enabled."""
    for api in ("compute", "iam", "artifactregistry", "cloudresourcemanager"):
        bare.create(SERVICE, service=f"{api}.googleapis.com")
    return bare
