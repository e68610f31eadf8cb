"""Who the machine is, what it may do, and who may reach it."""

from infra.components.network import subnet_range
from infra.settings.regions import ZONES
from tests.infra.conftest import Deploy

FIREWALL = "compute/firewall:Firewall"
ACCOUNT = "atelier-dev@demo-project.iam.gserviceaccount.com"
DIGEST = f"sha256:{64 * 'a'}"


def ports(stack, name: str) -> list[str]:
    """The ports that a rule opens."""
    (allowed,) = stack.named(FIREWALL, name).inputs["allows"]
    return allowed["ports"]


def test_the_web_is_open_to_the_allowed_ranges_and_ssh_to_iap_alone(deploy: Deploy) -> None:
    stack = deploy(allowedRanges=["203.0.113.0/24"])

    assert stack.named(FIREWALL, "atelier-dev-web").inputs["sourceRanges"] == ["203.0.113.0/24"]
    assert ports(stack, "atelier-dev-web") == ["80", "443"]
    assert stack.named(FIREWALL, "atelier-dev-iap").inputs["sourceRanges"] == ["35.235.240.0/20"]
    assert ports(stack, "atelier-dev-iap") == ["22"]


def test_a_narrowed_studio_still_answers_the_certificate_authority(deploy: Deploy) -> None:
    stack = deploy(allowedRanges=["203.0.113.0/24"])

    rule = stack.named(FIREWALL, "atelier-dev-certificate")
    assert rule.inputs["sourceRanges"] == ["0.0.0.0/0"]
    assert ports(stack, "atelier-dev-certificate") == ["80"]


def test_only_a_narrowed_studio_with_a_certificate_has_a_rule_for_it(deploy: Deploy) -> None:
    narrowed_and_plain = {"tls": "off", "allowedRanges": ["10.0.0.0/8"]}
    for config in ({}, narrowed_and_plain):
        names = {rule.name for rule in deploy(**config).all(FIREWALL)}
        assert names == {"atelier-dev-web", "atelier-dev-iap"}


def test_without_tls_the_studios_own_port_is_open(deploy: Deploy) -> None:
    assert ports(deploy(tls="off", allowedRanges=["10.0.0.0/8"]), "atelier-dev-web") == ["8080"]


def test_through_iap_only_no_port_is_open_to_anyone_else(deploy: Deploy) -> None:
    stack = deploy(access="iap", tls="off")

    rule = stack.one(FIREWALL)
    assert rule.inputs["sourceRanges"] == ["35.235.240.0/20"]
    assert ports(stack, "atelier-dev-iap") == ["22", "8080"]


def test_the_rules_aim_at_the_machines_account(deploy: Deploy) -> None:
    stack = deploy()

    for rule in stack.all(FIREWALL):
        assert rule.parent == "atelier:gcp:Network"
        assert rule.inputs["targetServiceAccounts"] == [ACCOUNT]
        assert "targetTags" not in rule.inputs
    machine = stack.one("compute/instance:Instance")
    assert machine.inputs["serviceAccount"]["email"] == ACCOUNT


def test_the_network_is_the_stacks_own_and_waits_for_the_api(deploy: Deploy) -> None:
    network = deploy().one("compute/network:Network")

    assert network.inputs["autoCreateSubnetworks"] is False
    assert "gcp:projects/service:Service atelier-dev-compute" in network.depends_on


def test_no_two_regions_share_a_range() -> None:
    # The last two are not in the table: each takes a number that is free there.
    regions = [*ZONES, "mars-north1", "mars-south1"]

    assert len({subnet_range(region) for region in regions}) == len(regions)
    assert subnet_range("us-central1") == "10.80.156.0/24"


def test_the_account_has_roles_on_the_buckets_and_the_registry_only(deploy: Deploy) -> None:
    stack = deploy()

    grants = {
        (grant.inputs["bucket"], grant.inputs["role"])
        for grant in stack.all("storage/bucketIAMMember:BucketIAMMember")
    }
    assert grants == {
        ("demo-project-dev-source", "roles/storage.objectViewer"),
        ("demo-project-dev-source", "roles/storage.legacyBucketReader"),
        ("demo-project-dev-target", "roles/storage.objectUser"),
        ("demo-project-dev-target", "roles/storage.legacyBucketReader"),
    }
    reader = stack.one("artifactregistry/repositoryIamMember:RepositoryIamMember")
    assert reader.inputs["role"] == "roles/artifactregistry.reader"
    assert not any("projects/iam" in kind.lower() for kind in stack.types())


def test_it_signs_for_itself_only_where_there_is_no_key_and_urls_are_signed(
    deploy: Deploy,
) -> None:
    signer = "serviceaccount/iAMMember:IAMMember"
    granted = deploy(auth="keyless").one(signer)

    assert granted.inputs["role"] == "roles/iam.serviceAccountTokenCreator"
    assert granted.inputs["serviceAccountId"].endswith(ACCOUNT)
    assert not deploy(auth="keyless", mediaAccess="proxy").all(signer)
    assert not deploy().all(signer)


def test_the_key_is_secret_and_a_new_version_makes_a_new_one(deploy: Deploy) -> None:
    key = deploy(keyVersion=4).one("serviceaccount/key:Key")

    assert key.inputs["keepers"] == {"version": "4"}
    assert "privateKey" in key.request.additionalSecretOutputs
    assert not key.request.deleteBeforeReplace


def test_the_apis_stay_enabled_when_the_stack_goes(deploy: Deploy) -> None:
    services = deploy(images="cloudbuild").all("projects/service:Service")

    assert all(service.inputs["disableOnDestroy"] is False for service in services)
    enabled = {service.inputs["service"] for service in services}
    assert {"compute.googleapis.com", "cloudbuild.googleapis.com"} <= enabled
    assert "billingbudgets.googleapis.com" not in enabled


def test_a_reader_is_granted_on_the_projects_own_prebuilt_repositories(deploy: Deploy) -> None:
    references = {
        "frontend": f"europe-docker.pkg.dev/demo-project/mine/frontend@{DIGEST}",
        "segmentation": f"europe-docker.pkg.dev/demo-project/mine/segmentation@{DIGEST}",
        "segment_anything_model": f"us-docker.pkg.dev/others/theirs/sam@{DIGEST}",
    }
    stack = deploy(images="prebuilt", prebuilt=references)

    reader = stack.one("artifactregistry/repositoryIamMember:RepositoryIamMember")
    assert (reader.inputs["location"], reader.inputs["repository"]) == ("europe", "mine")
    assert not stack.all("artifactregistry/repository:Repository")
    metadata = stack.one("compute/instance:Instance").inputs["metadata"]
    assert (
        f"SEGMENT_ANYTHING_MODEL_IMAGE={references['segment_anything_model']}"
        in (metadata["atelier-images"])
    )
