"""The roles in docs/deploying.md, against what the program makes."""

import re
from pathlib import Path

import pytest

from infra.operate.causes.access import ROLES
from infra.operate.doctor.permissions import needed
from tests.infra.render.scenarios import load

ROOT = Path(__file__).parents[2]
# What the program makes of each module of the provider needs one of these roles.
NEEDED = {
    "artifactregistry": {"roles/artifactregistry.admin"},
    "compute": {"roles/compute.admin"},
    "projects": {
        "roles/serviceusage.serviceUsageAdmin",
        "roles/resourcemanager.projectIamAdmin",
    },
    "secretmanager": {"roles/secretmanager.admin"},
    "serviceaccount": {
        "roles/iam.serviceAccountAdmin",
        "roles/iam.serviceAccountKeyAdmin",
        "roles/iam.serviceAccountUser",
    },
    "storage": {"roles/storage.admin"},
}
# And these permissions, by their beginning.
PERMISSIONS = {
    "artifactregistry": {"artifactregistry."},
    "compute": {"compute."},
    "projects": {"serviceusage.services.", "resourcemanager.projects.setIamPolicy"},
    "secretmanager": {"secretmanager.secrets.", "secretmanager.versions."},
    "serviceaccount": {"iam.serviceAccounts.", "iam.serviceAccountKeys."},
    "storage": {"storage.buckets."},
}
# Settings that need permissions beyond the usual ones.
ALL = (
    {"images": "cloudbuild"},
    {"batch": "cloudrun"},
    {"batch": "dataflow"},
    {"adminEmail": "lead@garments.studio"},
)
NOT_MADE = {"organizations"}  # Lookups, which any of these roles allows.


@pytest.fixture(scope="module")
def listed() -> set[str]:
    text = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    section = text.partition("## Who may deploy\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`(roles/[\w.]+)`", section))


def test_every_kind_of_resource_that_the_program_makes_has_its_roles(listed: set[str]) -> None:
    assert made() - NOT_MADE == set(NEEDED)
    assert set().union(*NEEDED.values()) <= listed


def test_the_doctor_asks_for_a_permission_on_every_kind_of_resource_that_is_made() -> None:
    asked = needed(load({"images": "cloudbuild"}))
    assert made() - NOT_MADE == set(PERMISSIONS)
    for start in set().union(*PERMISSIONS.values()):
        assert any(name.startswith(start) for name in asked), start


def test_every_permission_that_is_asked_for_has_a_role_that_gives_it() -> None:
    everything = {name for raw in ALL for name in needed(load(raw))}
    for name in everything:
        assert any(name.startswith(start) for start in ROLES), name


def made() -> set[str]:
    """The modules of the provider that the program makes resources of."""
    return {
        module
        for source in (ROOT / "infra/components").glob("*.py")
        for module in re.findall(r"\bgcp\.(\w+)\.[A-Z]", source.read_text(encoding="utf-8"))
    }


def test_the_roles_that_are_advised_after_a_refusal_are_those_of_the_docs(
    listed: set[str],
) -> None:
    # SSH through the proxy is allowed to people, not made by the program; to see the project, any
    # role of the docs is enough.
    assert set(ROLES.values()) - {"roles/iap.admin", "roles/browser"} == listed
