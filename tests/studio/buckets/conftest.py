"""Label Studio, the studio and a backend, with the stand-in for Cloud Storage under Google's names.

One Label Studio serves all tests of this folder, with the key of the account `studio`; each test
has its own project and its own two buckets.
"""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from click.testing import Result

from demo.scenes import folder as scenes
from tests.cloud.storage import names
from tests.cloud.storage.stand_in import StandIn, run_stand_in
from tests.label_studio import LabelStudioServer, serve_label_studio
from tests.studio.conftest import CONFIG, Workplace

# Where the browser is; the bucket's CORS rule names it.
ORIGIN = "https://labels.example.org"
NUMBERS = itertools.count(1)
COLUMNS = {"Name": "Name", "Theme": "Theme", "Typology": "Typology"}


@dataclass
class Account:
    """A service account and the file with its key."""

    email: str
    key: Path


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    if not names.can_be_given():
        pytest.skip("Cloud Storage's names and port on loopback take Linux and root")
    with run_stand_in(tmp_path_factory.mktemp("cloud-storage")) as running:
        yield running


@pytest.fixture(scope="session")
def account(stand_in: StandIn) -> Account:
    email = stand_in.cloud.add_account("studio")
    return Account(email, stand_in.key_file(email, stand_in.cloud.add_key(email)))


@pytest.fixture(scope="session")
def label_studio(
    tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn, account: Account
) -> Iterator[LabelStudioServer]:
    settings = {**stand_in.environment, "GOOGLE_APPLICATION_CREDENTIALS": str(account.key)}
    folder = tmp_path_factory.mktemp("label-studio")
    with serve_label_studio(folder, names.with_names(stand_in.hosts), **settings) as server:
        yield server


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three garment scenes and their catalogue."""
    folder = tmp_path_factory.mktemp("scenes")
    scenes.write(folder, 3, (160, 120), 7)
    return folder


@dataclass
class BucketPlace(Workplace):
    """A project whose images come from a bucket and whose annotations go to another."""

    stand_in: StandIn = field(kw_only=True)
    account: Account = field(kw_only=True)
    source: str = field(kw_only=True)
    target: str = field(kw_only=True)

    def run(self, *arguments: str, about: Sequence[str] = (), **environment: str) -> Result:
        """Run a command of the studio with Google's names and the account's key."""
        settings = {
            **self.stand_in.environment,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.account.key),
            **environment,
        }
        with names.resolved_at(self.stand_in.address):
            return super().run(*arguments, about=about, **settings)

    def refusal(self, **environment: str) -> str:
        """Apply the project file and return what was said against it."""
        result = self.run("apply", **environment)
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.output
        return result.output

    def address(self, name: str) -> str:
        return f"gs://{self.source}/{name}"

    def storages(self, kind: str = "") -> list[dict]:
        query = {"project": self.project()["id"]}
        return self.label_studio.get(f"/api/storages{kind}/gcs", params=query).json()

    def browser(self) -> requests.Session:
        """Log in as a labeler does."""
        session = requests.Session()
        page = f"{self.label_studio.url}/user/login/"
        session.get(page)
        form = {
            "email": self.label_studio.user,
            "password": self.label_studio.password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        assert session.post(page, data=form, headers={"Referer": page}).ok
        return session

    def shown_image(self, name: str) -> str:
        """The address that the labeling screen gets for an image."""
        number = self.tasks()[self.address(name)]["id"]
        path = self.label_studio.get(f"/api/tasks/{number}/").json()["data"]["image"]
        return path if path.startswith("http") else self.label_studio.url + path


@pytest.fixture
def workplace(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    label_studio: LabelStudioServer,
    stand_in: StandIn,
    account: Account,
    pictures: Path,
) -> BucketPlace:
    """A project of three scenes in a bucket, with their catalogue beside them."""
    number = next(NUMBERS)
    source, target = f"bucket-of-scenes-{number}", f"bucket-of-annotations-{number}"
    rule = {"origins": [ORIGIN], "methods": ["GET"], "responseHeaders": ["Content-Type"]}
    stand_in.cloud.add_bucket(source, cors=[{**rule, "maxAgeSeconds": 3600}])
    stand_in.cloud.add_bucket(target, versioning={"enabled": True})
    stand_in.cloud.grant(source, account.email, "objectViewer", "legacyBucketReader")
    stand_in.cloud.grant(target, account.email, "objectUser", "legacyBucketReader")
    for file in sorted(pictures.iterdir()):
        stand_in.put(source, f"autumn/{file.name}", file.read_bytes(), "image/jpeg")
    shutil.copy(CONFIG, tmp_path / "config.xml")
    title = request.node.name.removeprefix("test_").replace("_", " ")[:50].strip()
    place = BucketPlace(
        tmp_path,
        title,
        label_studio,
        stand_in=stand_in,
        account=account,
        source=source,
        target=target,
    )
    place.content = {
        "title": title,
        "labeling_config": "config.xml",
        "source": {"bucket": f"gs://{source}/autumn"},
        "catalogue": {
            "file": f"gs://{source}/autumn/catalogue.csv",
            "key": "id_file",
            "columns": COLUMNS,
        },
        "target": {"bucket": f"gs://{target}/sprint-1"},
    }
    return place
