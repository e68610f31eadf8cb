"""The roles in docs/deploying.md, against what the program makes."""

import re
from pathlib import Path

import pytest

from infra.operate.causes.access import ROLES

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
NOT_MADE = {"organizations"}  # Lookups, which any of these roles allows.


@pytest.fixture(scope="module")
def listed() -> set[str]:
    text = (ROOT / "docs/deploying.md").read_text(encoding="utf-8")
    section = text.partition("## Who may deploy\n")[2].partition("\n## ")[0]
    return set(re.findall(r"`(roles/[\w.]+)`", section))


def test_every_kind_of_resource_that_the_program_makes_has_its_roles(listed: set[str]) -> None:
    sources = (ROOT / "infra/components").glob("*.py")
    modules = {
        module
        for source in sources
        for module in re.findall(r"\bgcp\.(\w+)\.[A-Z]", source.read_text(encoding="utf-8"))
    }
    assert modules - NOT_MADE == set(NEEDED)
    assert set().union(*NEEDED.values()) <= listed


def test_the_roles_that_are_advised_after_a_refusal_are_those_of_the_docs(
    listed: set[str],
) -> None:
    # SSH through the proxy is allowed to people, not made by the program.
    assert set(ROLES.values()) - {"roles/iap.admin"} == listed
