"""Answers of Google's that the doctor has a word for."""

from collections.abc import Mapping

from infra.operate.doctor import account, batch, place, things
from infra.operate.doctor.checks import Check
from infra.operate.doctor.google import Answer
from infra.operate.doctor.permissions import needed
from tests.infra.render.scenarios import load

NUMBER = "123456789012"
FORBIDDEN = Answer(403, {"error": {"code": 403, "message": "The caller does not have permission"}})
# docs.cloud.google.com/apis/design/errors, and the words of Google's own API Explorer.
OFF = Answer(
    403,
    {
        "error": {
            "code": 403,
            "message": f"Compute Engine API has not been used in project {NUMBER} before or it is"
            " disabled.",
            "details": [{"reason": "SERVICE_DISABLED"}],
        }
    },
)
# googleapis/google-auth-library-python#1459; the number is that of gcloud's own project.
NO_QUOTA_PROJECT = Answer(
    403,
    {
        "error": {
            "code": 403,
            "message": "Your application is authenticating by using local Application Default"
            " Credentials. The serviceusage.googleapis.com API requires a quota project, which is"
            " not set by default.",
            "details": [
                {"reason": "SERVICE_DISABLED", "metadata": {"consumer": "projects/764086051850"}}
            ],
        }
    },
)
MISSING = Answer(404, {"error": {"code": 404, "message": "not found"}})


def policy(**rule: object) -> Answer:
    return Answer(200, rule)


def limit(**counts: float) -> Answer:
    quotas = [{"metric": name, "limit": count, "usage": 0.0} for name, count in counts.items()]
    return Answer(200, {"quotas": quotas})


def l4_on_cloud_run(*limits: dict[str, object]) -> Answer:
    return Answer(200, {"consumerQuotaLimits": [{"quotaBuckets": [*limits]}]})


DENIED = {"listPolicy": {"allValues": "DENY"}}
ENFORCED = {"booleanPolicy": {"enforced": True}}
PROVOKED: dict[str, tuple[Check, Mapping[str, Answer], Mapping[str, object], str, str]] = {
    "a project of somebody's": (
        account.project,
        {"projects/demo-project": FORBIDDEN},
        {},
        "warning",
        "does not exist, or your account may not look",
    ),
    "a project that is being deleted": (
        account.project,
        {"projects/demo-project": Answer(200, {"lifecycleState": "DELETE_REQUESTED"})},
        {},
        "error",
        "gcloud projects undelete demo-project",
    ),
    "no billing account": (
        account.billing,
        {"billingInfo": Answer(200, {"billingEnabled": False})},
        {},
        "error",
        "billing/linkedaccount?project=demo-project",
    ),
    "billing that may not be looked at": (
        account.billing,
        {"billingInfo": FORBIDDEN},
        {},
        "warning",
        "your account may not ask",
    ),
    "the API that enables the others": (
        account.apis,
        {"services:batchGet": OFF},
        {},
        "error",
        "gcloud services enable serviceusage.googleapis.com",
    ),
    "a login without a quota project": (
        account.project,
        {"projects/demo-project": NO_QUOTA_PROJECT},
        {},
        "warning",
        "gcloud auth application-default set-quota-project demo-project",
    ),
    "the same, where it looks as if the API were off": (
        account.apis,
        {"services:batchGet": NO_QUOTA_PROJECT},
        {},
        "warning",
        "as your login has no quota project",
    ),
    "the API of what is to be looked at": (
        account.apis,
        {
            "services:batchGet": Answer(
                200, {"services": [{"name": "x/compute.googleapis.com", "state": "DISABLED"}]}
            )
        },
        {},
        "warning",
        "gcloud services enable compute.googleapis.com --project demo-project",
    ),
    "a permission that is missing": (
        account.permissions,
        {"testIamPermissions": Answer(200, {"permissions": list(needed(load({})))[1:]})},
        {},
        "error",
        "--role roles/artifactregistry.admin --condition None",
    ),
    "an Editor, who has nearly all": (
        account.permissions,
        {
            "testIamPermissions": Answer(
                200,
                {"permissions": [it for it in needed(load({})) if "setIamPolicy" not in it]},
            )
        },
        {},
        "error",
        "--role roles/compute.admin",
    ),
    "keys forbidden": (
        account.policies,
        {"OrgPolicy disableServiceAccountKeyCreation": policy(**ENFORCED)},
        {},
        "error",
        "pulumi config set atelier:auth keyless",
    ),
    "accounts forbidden": (
        account.policies,
        {"OrgPolicy disableServiceAccountCreation": policy(**ENFORCED)},
        {},
        "error",
        "new service accounts are forbidden",
    ),
    "external addresses forbidden": (
        account.policies,
        {"OrgPolicy vmExternalIpAccess": policy(**DENIED)},
        {},
        "error",
        "zones/us-central1-a/instances/atelier-dev",
    ),
    "images not trusted": (
        account.policies,
        {
            "OrgPolicy trustedImageProjects": policy(
                listPolicy={"allowedValues": ["projects/debian-cloud"]}
            )
        },
        {},
        "error",
        "projects/ubuntu-os-accelerator-images are not trusted",
    ),
    "guest attributes forbidden": (
        account.policies,
        {"OrgPolicy disableGuestAttributesAccess": policy(**ENFORCED)},
        {},
        "error",
        "pulumi config set atelier:readyMinutes 0",
    ),
    "a region forbidden": (
        account.policies,
        {"OrgPolicy resourceLocations": policy(listPolicy={"allowedValues": ["europe-west4"]})},
        {},
        "error",
        "Set zone to one of europe-west4.",
    ),
    "policies that may not be looked at": (
        account.policies,
        {"OrgPolicy": FORBIDDEN},
        {},
        "warning",
        "the organization's policies: not looked at",
    ),
    "no GPU in any region": (
        place.quota,
        {"projects/demo-project": limit(GPUS_ALL_REGIONS=0)},
        {},
        "error",
        "--quota-id=GPUS-ALL-REGIONS-per-project --preferred-value=1",
    ),
    "no Spot GPU in the region": (
        place.quota,
        {"regions/us-central1": limit(PREEMPTIBLE_NVIDIA_L4_GPUS=0, NVIDIA_L4_GPUS=0)},
        {"spot": True},
        "error",
        "--quota-id=NVIDIA-L4-GPUS-per-project-region --dimensions=region=us-central1",
    ),
    "a Spot GPU in use": (
        place.quota,
        {
            "regions/us-central1": Answer(
                200, {"quotas": [{"metric": "PREEMPTIBLE_NVIDIA_L4_GPUS", "limit": 1, "usage": 1}]}
            )
        },
        {"spot": True},
        "error",
        "--preferred-value=2",
    ),
    "too few CPUs": (
        place.quota,
        {"regions/us-central1": limit(CPUS=3)},
        {"preset": "cpu"},
        "error",
        "quota CPUS in us-central1 is 3, 0 in use, and the studio needs 4",
    ),
    "quota behind an API that is off": (
        place.quota,
        {"projects/demo-project": OFF},
        {},
        "warning",
        "not looked at, as the API is off",
    ),
    "a zone that Google has closed": (
        place.zone,
        {"zones/us-central1-a": MISSING},
        {},
        "error",
        "pulumi config set atelier:zone us-central1-b",
    ),
    "a zone that is down": (
        place.zone,
        {"zones/us-central1-a": Answer(200, {"status": "DOWN"})},
        {},
        "warning",
        "zone us-central1-a is down",
    ),
    "no such machine type": (
        place.zone,
        {"machineTypes/g2-standard-4": MISSING},
        {},
        "error",
        "us-central1-a has no machine type g2-standard-4",
    ),
    "an Arm machine": (
        place.zone,
        {"machineTypes/": Answer(200, {"architecture": "ARM64"})},
        {"preset": "cpu"},
        "error",
        "is an Arm machine",
    ),
    "no such GPU": (
        place.zone,
        {"acceleratorTypes/nvidia-l4": MISSING},
        {},
        "error",
        "has no L4, which preset l4 needs",
    ),
    "no such image": (
        place.image,
        {"global/images": MISSING},
        {},
        "error",
        "gcloud compute images list --project ubuntu-os-accelerator-images",
    ),
    "an Arm image": (
        place.image,
        {"global/images": Answer(200, {"architecture": "ARM64", "diskSizeGb": "10"})},
        {"preset": "cpu"},
        "error",
        "is for Arm machines",
    ),
    "an image larger than its disk": (
        place.image,
        {"global/images": Answer(200, {"diskSizeGb": "100"})},
        {},
        "error",
        "pulumi config set atelier:bootDiskGb 120",
    ),
    "an image past its time": (
        place.image,
        {"global/images": Answer(200, {"diskSizeGb": "50", "deprecated": {"state": "DEPRECATED"}})},
        {},
        "warning",
        "is deprecated",
    ),
    "somebody's bucket": (
        things.buckets,
        {"b/demo-project-dev-source": FORBIDDEN},
        {},
        "error",
        "pulumi config set atelier:sourceBucket NAME",
    ),
    "a bucket of another project": (
        things.buckets,
        {"b/demo-project-dev-target": Answer(200, {"projectNumber": "1"})},
        {},
        "error",
        "pulumi config set atelier:targetBucket NAME",
    ),
    "a bucket of somebody's in the project": (
        things.buckets,
        {"b/a-team-images": Answer(200, {"projectNumber": NUMBER})},
        {"sourceBucket": "a-team-images"},
        "warning",
        "and stays as it is",
    ),
    "a bucket of the stack's that lost a label": (
        things.buckets,
        {
            "b/demo-project-dev-source": Answer(
                200, {"projectNumber": NUMBER, "labels": {"atelier-stack": "dev"}}
            )
        },
        {},
        "error",
        "gs://demo-project-dev-source --update-labels=atelier-stack=dev,managed-by=atelier",
    ),
    "a studio of another state": (
        things.other_state,
        {
            "aggregated/instances": Answer(
                200,
                {
                    "items": {
                        "zones/us-east1-b": {
                            "instances": [{"name": "atelier-dev", "zone": "x/zones/us-east1-b"}]
                        }
                    }
                },
            )
        },
        {},
        "error",
        "atelier-dev in us-east1-b is a studio of this name, and this state knows nothing of it",
    ),
    "no GPU of Cloud Run's in the region": (
        batch.jobs,
        {
            "consumerQuotaMetrics": l4_on_cloud_run(
                {"effectiveLimit": "3"}, {"dimensions": {"region": "us-central1"}}
            )
        },
        {"batch": "cloudrun"},
        "warning",
        "--service=run.googleapis.com --project=demo-project"
        " --quota-id=NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion"
        " --dimensions=region=us-central1 --preferred-value=1",
    ),
    "Cloud Run's quota that Google does not tell": (
        batch.jobs,
        {"consumerQuotaMetrics": l4_on_cloud_run()},
        {"batch": "cloudrun"},
        "warning",
        "not looked at, as Google tells no quota",
    ),
    "Cloud Run's quota behind an API that is off": (
        batch.jobs,
        {"consumerQuotaMetrics": OFF},
        {"batch": "cloudrun"},
        "warning",
        "Cloud Run's GPUs: not looked at, as the API is off",
    ),
    "the only L4 is the studio's own": (
        batch.jobs,
        {"regions/us-central1": limit(NVIDIA_L4_GPUS=1)},
        {"batch": "dataflow", "preset": "l4"},
        "warning",
        "it leaves a job on Dataflow no GPU beside the studio's own machine",
    ),
    "a staging bucket of somebody's": (
        batch.jobs,
        {"b/demo-project-dev-staging": FORBIDDEN},
        {"batch": "cloudrun"},
        "error",
        "pulumi config set atelier:batch off",
    ),
}
