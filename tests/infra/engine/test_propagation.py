"""What Google has not told all its parts yet: each `make up` says so, and the last one ends.

An account, a role and an API take up to minutes to be known everywhere
(docs.cloud.google.com/iam/docs/access-change-propagation). The provider waits for ten seconds after
it made an account (GoogleCloudPlatform/magic-modules#10813), and for the rest not at all.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cloud.gcp.facts import NUMBER
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import PROJECT, MakeStack

pytestmark = pytest.mark.integration

ACCOUNT = f"atelier-dev@{PROJECT}.iam.gserviceaccount.com"
# That it happens: hashicorp/terraform-provider-google#2939. The words are of the form of Google's.
NO_ACCOUNT = f"googleapi: Error 400: Service account {ACCOUNT} does not exist., badRequest"
AGENT = f"service-{NUMBER}@compute-system.iam.gserviceaccount.com"
# GoogleCloudPlatform/cloud-foundation-fabric#2870, IGS/gEAR#677.
NO_ROLE = (
    f"googleapi: Error 412: Compute Engine System service account {AGENT} needs to have"
    " [compute.instances.start,compute.instances.stop] permissions applied in order to perform this"
    " operation., conditionNotMet"
)
DIGEST = "sha256:" + "a" * 64
IMAGES = ("frontend", "segmentation", "segment_anything_model")


def faults(times: int) -> list[dict[str, Any]]:
    """An account, an API and a role that are not known yet, at what needs them first."""
    return [
        {"type": "compute.Network", "code": "SERVICE_DISABLED", "times": times},
        {"type": "storage.BucketIAMMember", "message": NO_ACCOUNT, "times": times},
        {"type": "secretmanager.SecretIamMember", "message": NO_ACCOUNT, "times": times},
        {"type": "compute.ResourcePolicyAttachment", "message": NO_ROLE, "times": times},
    ]


@dataclass
class Ups:
    """What each `make up` said, until one ended well."""

    stack: Stack
    said: list[Result] = field(default_factory=list)


@pytest.fixture(scope="module", params=[1, 3], ids=["once", "three times"])
def ups(request: pytest.FixtureRequest, make_stack: MakeStack) -> Ups:
    prebuilt = {name: f"registry.example/{name}@{DIGEST}" for name in IMAGES}
    ups = Ups(make_stack(images="prebuilt", prebuilt=prebuilt, keepData=False))
    told = faults(request.param)
    ups.stack.faults(*told)
    scope = ("--stack", "dev", "--config-file", str(ups.stack.config_file), "--yes")
    command = ("up", *scope, "--no-doctor", "--no-check-builder", "--", "--skip-preview")
    for _ in range(1 + len(told) * request.param):
        done = ups.stack.run(sys.executable, "-m", "infra.operate", *command, check=False)
        ups.said.append(done)
        if done.returncode == 0:
            break
    return ups


def test_each_that_fails_says_to_wait_and_to_run_the_same_again(ups: Ups) -> None:
    *failed, _ = ups.said
    assert failed
    for result in failed:
        beneath = result.said.rpartition("Duration:")[2]
        assert "Wait a minute or two, then run the same again" in beneath, result.said[-3000:]


def test_all_of_it_is_met(ups: Ups) -> None:
    said = " ".join(result.said for result in ups.said)
    for words in (
        f"the account {ACCOUNT} everywhere yet",
        "The schedule's right to start and stop",
    ):
        assert words in said
    assert "the API compute.googleapis.com is off" in said


def test_the_last_one_ends_well_and_there_is_one_of_each(ups: Ups) -> None:
    assert ups.said[-1].returncode == 0, ups.said[-1].said[-3000:]
    kinds = Counter(key.split(" ")[0] for key in ups.stack.cloud)
    one = ("compute.Network", "compute.Instance", "compute.Address", "compute.Disk")
    assert [kinds[kind] for kind in (*one, "serviceaccount.Account")] == [1] * 5
    assert kinds["storage.Bucket"] == 2
