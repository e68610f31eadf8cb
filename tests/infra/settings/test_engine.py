"""What the real engine makes of a bad config: its own checks, then the program's."""

from collections.abc import Iterator

import pytest
import yaml

from tests.cloud.workspace import Stack
from tests.infra.settings import configs

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("settings")) as stack:
        yield stack


def configure(stack: Stack, config: dict[str, object]) -> None:
    """Set these keys and no other beside the project and the password."""
    stack.config_file.write_text(
        yaml.safe_dump({"config": {"gcp:project": configs.PROJECT, **config}})
    )
    stack.config(secrets={"adminPassword": configs.PASSWORD})


def test_three_bad_values_end_the_program_in_one_readable_message(stack: Stack) -> None:
    configure(
        stack,
        {
            "atelier:zone": "us-central1-z",
            "atelier:domain": "label.example.org",
            "atelier:sorceBucket": "photos",
        },
    )
    result = stack.preview(check=False)
    assert result.returncode != 0
    *_, told = result.stdout.partition("Diagnostics:")
    lines = [line.strip() for line in told.partition("Resources:")[0].splitlines()]
    assert [line for line in lines if line] == [
        "pulumi:pulumi:Stack (atelier-dev):",
        "error: 3 settings are wrong; nothing was changed:",
        "zone: region us-central1 has no zone us-central1-z (Google's list as of 2026-11-28)."
        " Write us-central1-a, us-central1-b, us-central1-c, us-east1-b, us-east1-c or"
        " us-east1-d. If Google has it by now, add it to unlisted: [us-central1-z].",
        'domain: "label.example.org" is given, but tls is address.'
        " Set tls to domain, or remove domain.",
        "sorceBucket: there is no such setting; the nearest is sourceBucket."
        " Run `pulumi config rm atelier:sorceBucket` and set sourceBucket instead.",
    ]
    assert "Traceback" not in result.said
    assert "unhandled" not in result.said


def test_the_engine_itself_refuses_a_text_for_a_number_and_a_password_in_clear(
    stack: Stack,
) -> None:
    configure(stack, {"atelier:dataDiskGb": "large"})
    assert "'dataDiskGb' must be of type 'integer'" in stack.preview(check=False).said
    configure(stack, {})
    stack.config(adminPassword=configs.PASSWORD)
    said = stack.preview(check=False).said
    assert "'adminPassword' must be encrypted as it's secret" in said
    assert configs.PASSWORD not in said
