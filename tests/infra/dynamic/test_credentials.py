"""Whose credentials the dynamic resources use: the provider's, from its config or environment."""

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from infra.dynamic.alerts import AlertsProvider
from infra.dynamic.budget import BudgetProvider
from infra.dynamic.credentials import Access, CredentialsError
from infra.dynamic.guest import BucketGuestProvider
from infra.dynamic.readiness_resource import ReadinessProvider
from infra.dynamic.restore_point import RestorePointProvider

USER = {
    "type": "authorized_user",
    "client_id": "id",
    "client_secret": "hidden",
    "refresh_token": "hidden too",
}


def of(config: dict[str, object], **environ: str) -> Access:
    return Access.of(config.get, environ)


@pytest.mark.parametrize(
    ("config", "environ", "access"),
    [
        ({}, {}, Access()),
        ({"gcp:accessToken": "ya29"}, {"GOOGLE_CREDENTIALS": "{}"}, Access(token="ya29")),
        ({}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29"}, Access(token="ya29")),
        ({"gcp:credentials": "k.json"}, {"GOOGLE_CREDENTIALS": "{}"}, Access(key="k.json")),
        ({}, {"GCLOUD_KEYFILE_JSON": "k.json"}, Access(key="k.json")),
        (
            {
                "gcp:impersonateServiceAccount": "deployer@p.iam.gserviceaccount.com",
                "gcp:impersonateServiceAccountDelegates": '["between@p.iam.gserviceaccount.com"]',
            },
            {},
            Access(
                account="deployer@p.iam.gserviceaccount.com",
                delegates=("between@p.iam.gserviceaccount.com",),
            ),
        ),
        (
            {"gcp:userProjectOverride": "true", "gcp:project": "p"},
            {},
            Access(quota_project="p"),
        ),
        ({"gcp:billingProject": "b", "gcp:project": "p"}, {}, Access()),
    ],
)
def test_the_providers_own_keys_count_then_its_variables(
    config: dict[str, object], environ: dict[str, str], access: Access
) -> None:
    assert of(config, **environ) == access


def test_a_token_a_file_and_its_content_become_credentials(tmp_path: Path) -> None:
    file = tmp_path / "user.json"
    file.write_text(json.dumps(USER))
    assert of({"gcp:accessToken": "ya29"}).credentials().token == "ya29"
    for key in (str(file), json.dumps(USER)):
        found: Any = of({"gcp:credentials": key}).credentials()
        assert found.refresh_token == "hidden too"


def test_another_account_is_acted_as(tmp_path: Path) -> None:
    account = "deployer@p.iam.gserviceaccount.com"
    found: Any = of(
        {"gcp:accessToken": "ya29", "gcp:impersonateServiceAccount": account}
    ).credentials()
    assert found.service_account_email == account


@pytest.mark.parametrize("key", ["/nowhere/hidden", '{"private_key": "hidden"'])
def test_what_cannot_be_read_is_said_without_it(key: str) -> None:
    access = of({"gcp:credentials": key})
    with pytest.raises(CredentialsError, match="gcp:credentials is neither") as refused:
        access.credentials()
    assert "hidden" not in f"{refused.value}{access!r}"


@pytest.mark.parametrize(
    "kind",
    [AlertsProvider, BudgetProvider, BucketGuestProvider, ReadinessProvider, RestorePointProvider],
)
def test_every_dynamic_resource_takes_them_from_the_stacks_config(kind: Any) -> None:
    provider = kind()
    provider.configure(ConfigureRequest(Config({"gcp:accessToken": "ya29"}, "atelier")))
    assert provider.access == Access(token="ya29")
