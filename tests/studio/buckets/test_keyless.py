"""An account attached to the machine, without any key: what works, and what it takes to sign."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import yaml

from tests.cloud.storage import names
from tests.cloud.storage.stand_in import StandIn
from tests.label_studio import ROOT, LabelStudioServer, serve_label_studio
from tests.studio.buckets.attached_account import attached_account
from tests.studio.buckets.conftest import ORIGIN, Account, BucketPlace

pytestmark = pytest.mark.integration


@dataclass
class Machine:
    """What a process on the machine finds."""

    stand_in: StandIn
    environment: dict[str, str]

    def apply(self, place: BucketPlace) -> subprocess.CompletedProcess[str]:
        """Run the studio there, by its own command."""
        place.file.write_text(yaml.safe_dump(place.content))
        command = [sys.executable, "-m", "studio", "apply", str(place.file)]
        connection = {
            "LABEL_STUDIO_URL": place.label_studio.url,
            "LABEL_STUDIO_API_KEY": place.label_studio.token,
        }
        return subprocess.run(
            [*names.with_names(self.stand_in.hosts), *command],
            cwd=ROOT,
            env={**os.environ, **self.environment, **connection},
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def account(stand_in: StandIn) -> Account:
    return Account(stand_in.cloud.add_account("machine"), Path("there-is-no-key"))


@pytest.fixture(scope="module")
def machine(stand_in: StandIn, account: Account) -> Iterator[Machine]:
    issue = stand_in.server.service.tokens.issue
    with attached_account(account.email, issue) as environment:
        yield Machine(stand_in, {**stand_in.environment, **environment})


@pytest.fixture(scope="module")
def label_studio(
    tmp_path_factory: pytest.TempPathFactory, machine: Machine
) -> Iterator[LabelStudioServer]:
    """Label Studio on such a machine."""
    folder = tmp_path_factory.mktemp("label-studio")
    started_by = names.with_names(machine.stand_in.hosts)
    with serve_label_studio(folder, started_by, **machine.environment) as server:
        yield server


def test_images_are_signed_by_iam_or_proxied(
    workplace: BucketPlace, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not yet allowed to sign in its own name.
    refused = machine.apply(workplace)
    assert refused.returncode == 1, refused.stdout
    assert "Label Studio cannot sign the address of gs://" in refused.stderr
    assert "Service Account Token Creator on itself" in refused.stderr
    assert len(workplace.tasks()) == 3

    name = machine.stand_in.live(workplace.source)[1].name
    content = machine.stand_in.read(workplace.source, name)
    machine.stand_in.cloud.let_sign(workplace.account.email)
    # What comes after the addresses was left for this run.
    assert "import" not in machine.apply(workplace).stdout
    assert machine.apply(workplace).stdout.strip().endswith("nothing to change")
    answer = workplace.browser().get(workplace.shown_image(name), allow_redirects=False)
    for variable, value in machine.stand_in.environment.items():
        monkeypatch.setenv(variable, value)
    with names.resolved_at(machine.stand_in.address):
        image = requests.get(answer.headers["Location"], headers={"Origin": ORIGIN})
    assert image.content == content

    workplace.content["source"]["media"] = "proxy"
    proxied = machine.apply(workplace)
    assert proxied.returncode == 0, proxied.stderr
    answer = workplace.browser().get(workplace.shown_image(name), allow_redirects=False)
    assert (answer.status_code, answer.content) == (200, content)
