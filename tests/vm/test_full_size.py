"""The images of backends/, once at full size: built, pushed, pulled, booted twice and used.

With `-s` it prints the table of docs/verification.md.
"""

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.scenes import folder as scenes
from infra.settings import IMAGE_NAMES
from tests.cloud.lab.images import CHECKOUT, Images
from tests.cloud.lab.lab import Lab
from tests.cloud.storage.cloud_file import CloudFile as Accounts
from tests.cloud.storage.objects import Objects
from tests.vm.conftest import keep_logs
from tests.vm.studio import Studio
from tests.vm.tiny_images import REPOSITORY

PROJECT_FILE = "templates/projects/garments-bucket.yaml"
SCENES = 3
READY_SECONDS = 900


def show(what: str, value: str) -> None:
    print(f"| {what} | {value} |")


@pytest.fixture(scope="module")
def references(lab: Lab) -> dict[str, str]:
    """The three images, built by their Dockerfiles and pushed."""
    Images(lab.place, lab.authority, lab.docker).python()
    pushed: dict[str, str] = {}
    for name in sorted(IMAGE_NAMES, reverse=True):
        tag = f"{REPOSITORY}/{name.replace('_', '-')}:full"
        began = time.monotonic()
        dockerfile = CHECKOUT / "backends" / name / "Dockerfile"
        lab.docker("build", "-q", "-t", tag, "-f", dockerfile, CHECKOUT)
        built = time.monotonic()
        pushed[name] = lab.push(tag)
        size = lab.docker("image", "inspect", "-f", "{{.Size}}", tag).stdout.strip()
        times = f"built in {built - began:.0f} s, pushed in {time.monotonic() - built:.0f} s"
        show(f"image {name}", f"{int(size) / 1e9:.2f} GB unpacked, {times}")
    return pushed


@pytest.fixture(scope="module")
def studio(
    lab: Lab, references: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A studio with a key, its two buckets, and three scenes in the first. It is off at first."""
    studio = Studio(lab, references, projectFile=PROJECT_FILE)
    studio.create()
    accounts = Accounts(studio.cloud.file)
    email = accounts.add_account("atelier-dev")
    key = accounts.add_key(email)
    source, target = studio.settings.source_bucket_name, studio.settings.target_bucket_name
    accounts.add_bucket(source)
    accounts.add_bucket(target, versioning={"enabled": True})
    accounts.grant(source, email, "objectViewer", "legacyBucketReader")
    accounts.grant(target, email, "objectUser", "legacyBucketReader")
    encoded = base64.b64encode(key.encode()).decode()
    studio.change(GOOGLE_APPLICATION_CREDENTIALS_BASE64=encoded)
    fill(lab, source, tmp_path_factory.mktemp("scenes"))
    yield studio
    keep_logs(studio, "test_full_size")
    studio.remove()


def fill(lab: Lab, bucket: str, folder: Path) -> None:
    """Put scenes and their catalogue into a bucket."""
    scenes.write(folder, SCENES, (640, 480), 7)
    lab.processes.end("storage", force=True)
    objects = Objects(lab.cloud)
    for file in sorted(folder.iterdir()):
        kind = "text/csv" if file.suffix == ".csv" else "image/jpeg"
        objects.put(bucket, file.name, file.read_bytes(), content_type=kind)
    lab.serve_storage()


def test_the_real_images_boot_to_ready(studio: Studio) -> None:
    began = time.time()
    studio.boot()
    pulling = studio.wait_for("pull", READY_SECONDS)
    pulled = studio.wait_for("database", READY_SECONDS)
    ready = studio.wait_for("ready", READY_SECONDS)
    assert ready.message == f"{studio.url} is open"
    total = pulling.seconds + pulled.seconds + ready.seconds
    show("first boot to ready", f"{total:.0f} s")
    show("of which until the pull (disk, Docker installed)", f"{pulling.seconds:.0f} s")
    show("of which pull", f"{pulled.seconds:.0f} s")
    show("of which start, migrations, models, project", f"{ready.seconds:.0f} s")
    show("pulled", f"{studio.lab.registry.pulled(began) / 1e9:.2f} GB")
    form = "{{.Name}} {{.MemUsage}}"
    for line in studio.machine.run("docker", "stats", "--no-stream", "--format", form).stdout.split(
        "\n"
    ):
        if line:
            name, used, *_ = line.split()
            show(f"memory after the boot: {name}", used)
    df = studio.machine.run("df", "--output=used", "-BM", "/var/lib/docker").stdout.split()[-1]
    show("boot disk in use", df)


def test_a_labeler_can_log_in_over_tls(studio: Studio) -> None:
    page = browse(studio, "/user/login/")
    assert "Label Studio" in page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None, page[:500]
    form = {
        "email": studio.settings.admin_email,
        "password": studio.settings.admin_password.get_secret_value(),
        "csrfmiddlewaretoken": token[1],
    }
    data = [word for pair in form.items() for word in ("--data-urlencode", "=".join(pair))]
    answer = browse(studio, "/user/login/", *data, "--referer", f"{studio.url}/user/login/", "-i")
    assert answer.startswith("HTTP/2 302"), answer[:500]
    assert "secure" in answer.lower().partition("set-cookie")[2]
    projects = json.loads(browse(studio, "/api/projects"))["results"]
    assert [project["title"] for project in projects] == ["Garments"]
    assert projects[0]["task_number"] == SCENES


def browse(studio: Studio, path: str, *options: str) -> str:
    """Ask as a browser does that keeps its cookies."""
    cookies = studio.lab.place.state / "cookies"
    command = ("curl", "-sS", "--max-time", "30", "--cacert", studio.lab.issuer.root())
    kept = ("--cookie", cookies, "--cookie-jar", cookies)
    return studio.lab.network.run(*command, *kept, *options, f"{studio.url}{path}").stdout


def test_the_images_of_the_source_bucket_are_tasks(studio: Studio) -> None:
    project = json.loads(browse(studio, "/api/projects"))["results"][0]["id"]
    listed = json.loads(browse(studio, f"/api/tasks?project={project}"))["tasks"]
    assert len(listed) == SCENES
    task = json.loads(browse(studio, f"/api/tasks/{listed[0]['id']}/"))
    # What the labeling screen is given leads to a signed address in the bucket.
    shown = task["data"]["image"].removeprefix(studio.url)
    told = browse(studio, shown, "--output", "/dev/null", "--write-out", "%{redirect_url}")
    bucket = studio.settings.source_bucket_name
    assert told.startswith(f"https://storage.googleapis.com/{bucket}/"), (shown, told)


def test_the_second_boot_pulls_nothing(studio: Studio) -> None:
    studio.machine.shut_down()
    studio.forget_report()
    began = time.time()
    studio.boot()
    ready = studio.wait_for("ready", READY_SECONDS)
    show("second boot to ready", f"{ready.seconds:.0f} s")
    assert studio.lab.registry.pulled(began) == 0
