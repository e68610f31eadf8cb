"""A whole sprint, in the order of this file: up, labeling, a new version, accidents, destroy, up.

Everything is real but the cloud: the Pulumi engine, the images of backends/ at full size, the
machine's systemd and Docker, Label Studio, a browser. With `-s` it prints the table of
docs/verification.md.
"""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from demo.scenes import folder as scenes
from infra.settings.facts import IMAGE_NAMES
from tests.cloud.gcp.state import of_kind
from tests.cloud.lab.images import Images
from tests.cloud.lab.lab import Lab
from tests.cloud.storage.signatures import new_private_key
from tests.e2e.browser import photograph
from tests.e2e.masks import inner_point, iou, label_of, mask_of, masked
from tests.e2e.screen import Screen
from tests.infra.operate.table.record import logged, made_of, text_of
from tests.vm import weights
from tests.vm.browser import open_page
from tests.vm.saver import Saver
from tests.vm.sprint import EMAIL, SOURCE, TARGET, Sprint, show
from tests.vm.studio import LOG
from weights.file import megabytes

SCENES = 4
PHASES = ["driver", "docker", "pull", "database", "models", "project", "ready"]
SERVICES = {"caddy", "postgres", *IMAGE_NAMES}


@pytest.fixture(scope="module")
def sprint(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sprint]:
    Images(lab).python()
    before = lab.cloud
    sprint = Sprint(lab, tmp_path_factory.mktemp("sprint"))
    pictures = tmp_path_factory.mktemp("pictures")
    scenes.write(pictures, SCENES, (640, 480), 7)
    sprint.fill(pictures)
    yield sprint
    if sprint.machine.is_on:
        folder = before / "logs" / "test_sprint"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "startup.log").write_text(sprint.machine.run("cat", LOG, check=False).stdout)
    sprint.close()
    lab.follow(before)


@pytest.fixture(scope="module")
def page(sprint: Sprint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A labeler's browser, which is open all the time."""
    with open_page(sprint.lab, tmp_path_factory.mktemp("browser"), sprint.url) as page:
        yield page


def test_up_returns_when_labelers_can_log_in(sprint: Sprint) -> None:
    began = time.time()
    done = sprint.stack.up()
    assert sprint.built(done.said) == sorted(IMAGE_NAMES)
    # The last words of the wait: the machine's own Caddy was asked, by its address and over TLS.
    assert f"ready; {sprint.url} answers" in done.said
    assert sprint.url == f"https://{sprint.machine.outside}"
    assert set(sprint.containers()) == SERVICES
    show("`pulumi up` from nothing: builds, pushes, boot", f"{done.seconds:.0f} s")
    show_boot(sprint, "first boot")
    show("pulled", f"{sprint.lab.registry.pulled(began) / 1e9:.2f} GB")
    show_sizes(sprint)


def show_boot(sprint: Sprint, what: str) -> None:
    phases = sprint.phases()
    assert [phase.name for phase in phases][-1] == "ready"
    show(f"{what} to ready", f"{phases[-1].seconds} s")
    for phase, next_one in itertools.pairwise(phases):
        show(f"{what}: {phase.name}", f"{next_one.seconds - phase.seconds} s")


def show_sizes(sprint: Sprint) -> None:
    machine = sprint.machine
    for service, (_, image) in sorted(sprint.containers().items()):
        size = machine.run("docker", "image", "inspect", "-f", "{{.Size}}", image).stdout
        show(f"image {service}, unpacked", f"{int(size) / 1e9:.2f} GB")
    form = "{{.Name}} {{.MemUsage}}"
    for line in machine.run("docker", "stats", "--no-stream", "--format", form).stdout.splitlines():
        name, used, *_ = line.split()
        show(f"memory {name.removeprefix('atelier-').removesuffix('-1')}", used)
    used = machine.run("df", "--output=used", "-BM", "/var/lib/docker").stdout.split()[-1]
    show("boot disk in use", used)


def test_the_first_boot_passes_all_phases_in_order(sprint: Sprint) -> None:
    assert [phase.name for phase in sprint.phases()] == PHASES


def test_nothing_but_80_and_443_answers_from_outside(sprint: Sprint) -> None:
    assert sprint.lab.open_ports(sprint.machine.outside) == [80, 443]


def test_a_second_up_changes_nothing(sprint: Sprint) -> None:
    before = sprint.containers()
    done = sprint.stack.up()
    assert sprint.built(done.said) == []
    assert "created" not in done.said.partition("Resources:")[2]
    assert "updated" not in done.said.partition("Resources:")[2]
    assert sprint.containers() == before


def test_every_image_of_the_source_bucket_is_pre_labelled(sprint: Sprint) -> None:
    tasks = sprint.tasks()
    assert {task["data"]["image"] for task in tasks} == {
        f"gs://{SOURCE}/scene-{number:03}.jpg" for number in range(1, SCENES + 1)
    }
    for task in tasks:
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("demo@")
        assert prediction["result"]


def largest_garment(sprint: Sprint) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the largest region of all pre-labels that is of one piece, and its task.

    Of two people's shirts, which are one region, a click means one.
    """
    found: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
    for task in sprint.tasks():
        for region in masked(task["predictions"][0]["result"]):
            mask = mask_of(region)
            _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
            if max(stats[1:, cv2.CC_STAT_AREA]) > 0.98 * mask.sum():
                found.append((int(mask.sum()), task, region))
    _, task, region = max(found, key=lambda one: one[0])
    return task, region


def test_a_labeler_corrects_a_pre_label_in_the_browser_and_it_lands_in_the_target_bucket(
    sprint: Sprint, page: Page
) -> None:
    task, garment = largest_garment(sprint)
    before = masked(task["predictions"][0]["result"])
    screen = Screen(page, sprint)
    screen.log_in()
    screen.open_task(task["id"])
    assert [item["label"] for item in screen.state()["regions"]] == [*map(label_of, before)]
    headers = page.locator("body").inner_text()
    assert all(task["data"][key] in headers for key in ("Name", "Theme", "Typology"))

    label, spot = label_of(garment), inner_point(mask_of(garment))
    screen.switch_auto_annotation_on()
    screen.delete_region_at(*spot)
    screen.choose_label(label)
    screen.choose_smart_tool("key-point-tool")
    with screen.expecting_a_mask() as clicked:
        screen.click_image(*spot)
    (answered,) = masked(clicked)
    assert label_of(answered) == label
    photograph(page, "machine.jpg")
    screen.accept()
    screen.submit()

    saved = sprint.saved()[f"annotations/{task['id']}.json"]
    assert saved["data"]["Name"] == task["data"]["Name"]
    (annotation,) = saved["annotations"]
    assert annotation["completed_by"]["email"] == EMAIL
    drawn = masked(annotation["result"])
    assert sorted(map(label_of, drawn)) == sorted(map(label_of, before))
    # What is in the bucket is what Segment Anything answered, to the pixel.
    assert iou(mask_of(drawn[-1]), mask_of(answered)) == 1
    assert iou(mask_of(answered), mask_of(garment)) > 0.6


USE_A_KEY = """
import sys
from google.cloud import storage
source, target = sys.argv[1:3]
client = storage.Client.from_service_account_json(sys.argv[3])
print("listed", sorted(blob.name for blob in client.list_blobs(source)))
for bucket in (source, target):
    try:
        client.bucket(bucket).blob("probe").upload_from_string("x")
        print("wrote to", bucket)
    except Exception as error:
        print("refused by", bucket, type(error).__name__)
"""


def test_the_key_on_the_machine_has_the_granted_roles_and_a_wrong_one_none(sprint: Sprint) -> None:
    buckets = (SOURCE, TARGET)
    said = sprint.python("frontend", USE_A_KEY, *buckets, "/run/google/key.json")
    assert f"refused by {SOURCE} Forbidden" in said
    assert f"wrote to {TARGET}" in said
    forge = """
import json, sys
key = json.load(open("/run/google/key.json")) | {"private_key": sys.argv[1]}
json.dump(key, open("/tmp/wrong.json", "w"))
"""
    assert sprint.python("frontend", forge, new_private_key()) == ""
    said = sprint.python("frontend", USE_A_KEY, *buckets, "/tmp/wrong.json")
    assert "invalid_grant" in said
    assert "listed" not in said


def test_one_changed_line_in_a_backend_builds_one_image_and_replaces_one_container(
    sprint: Sprint, page: Page
) -> None:
    before = sprint.containers()
    changed = sprint.checkout / "backends" / "segment_anything_model" / "__init__.py"
    changed.write_text(changed.read_text() + "# A line more.\n")
    done = sprint.stack.up()
    show("`pulumi up` after one changed line in a backend", f"{done.seconds:.0f} s")
    assert sprint.built(done.said) == ["segment_anything_model"]
    after = sprint.containers()
    replaced = {service for service in SERVICES if before[service] != after[service]}
    assert replaced == {"segment_anything_model"}
    # The labeler's browser goes on where it was.
    page.goto(f"{sprint.url}/projects/{sprint.project}/data")
    page.wait_for_selector(f"text={sprint.tasks()[0]['data']['Name']}")
    assert "/user/login" not in page.url


def test_a_backend_that_does_not_become_healthy_is_taken_back_and_up_says_so(
    sprint: Sprint,
) -> None:
    before = sprint.containers()
    broken = "raise RuntimeError('the weights do not fit this model')\n"
    with sprint.changed("backends/segmentation/__init__.py", lambda text: text + broken):
        done = sprint.stack.up(check=False)
    show("`pulumi up` with a broken backend, until it is taken back", f"{done.seconds:.0f} s")
    assert done.returncode != 0
    assert "did not become healthy, the one before it runs" in done.said
    assert "the weights do not fit this model" in done.said
    after = sprint.containers()
    assert {name: image for name, (_, image) in after.items()} == {
        name: image for name, (_, image) in before.items()
    }
    sprint.stack.up()
    sprint.wait_for("ready", "is open")
    assert sprint.containers() == after


def test_another_model_is_shown_with_size_and_licence_built_in_and_named_by_its_service(
    sprint: Sprint, tmp_path: Path
) -> None:
    own, before = weights.full_size(tmp_path), sprint.containers()
    own.offer(sprint)
    sprint.stack.config(interactiveModel=own.name, weightsMirror=weights.MIRROR)
    table = text_of(made_of(logged(sprint.stack)))
    assert f"demo => {own.name}  {megabytes(len(own.content))}" in table
    assert "CC-BY-4.0" in table
    assert f"{own.name}: name who drew the random numbers." in table
    done = sprint.stack.up()
    show("`pulumi up` with another model of 375 MB", f"{done.seconds:.0f} s")
    assert sprint.built(done.said) == ["segment_anything_model"]
    after = sprint.containers()
    assert {name for name in SERVICES if before[name] != after[name]} == {"segment_anything_model"}
    health = sprint.health("segment_anything_model", 9090)
    assert health["status"] == "UP"
    # The model's type, and the beginning of the hash of the file that was asked for.
    assert f"vit_b@{own.sha256[:8]}" in health["model_version"]


def test_a_model_that_cannot_be_loaded_is_taken_back(sprint: Sprint) -> None:
    before, broken = sprint.containers(), weights.broken()
    broken.offer(sprint)
    sprint.stack.config(interactiveModel=broken.name)
    done = sprint.stack.up(check=False)
    assert done.returncode != 0
    assert "did not become healthy, the one before it runs" in done.said
    assert sprint.containers()["segment_anything_model"][1] == before["segment_anything_model"][1]
    assert sprint.health("segment_anything_model", 9090)["status"] == "UP"

    sprint.stack.config(interactiveModel="demo")
    sprint.stack.up()
    assert "small@" in sprint.health("segment_anything_model", 9090)["model_version"]


def test_no_confirmed_annotation_is_lost_when_the_power_is_cut_while_one_is_saved(
    sprint: Sprint,
) -> None:
    known = sprint.annotations()
    saver = Saver(sprint)
    saver.start()
    saver.wait_for(6)
    assert "/srv/atelier" in sprint.machine.cut_power()
    saver.join()
    assert saver.ended_by is not None, "the power was cut between two annotations"
    sprint.boot()
    sprint.wait_for("ready", "is open")
    show_boot(sprint, "boot after a power cut")
    after = sprint.annotations()
    assert known.items() <= after.items()
    assert {identity: after.get(identity) for identity in saver.confirmed} == saver.confirmed
    in_bucket = {
        annotation["id"]: annotation["result"]
        for task in sprint.saved().values()
        for annotation in task["annotations"]
    }
    assert in_bucket == after


def test_a_reboot_ends_ready_and_pulls_nothing(sprint: Sprint) -> None:
    sprint.machine.shut_down()
    began = time.time()
    sprint.boot()
    sprint.wait_for("ready", "is open")
    show_boot(sprint, "second boot")
    assert sprint.lab.registry.pulled(began) == 0


def test_a_key_that_is_revoked_while_the_studio_runs_is_named_and_a_new_one_helps(
    sprint: Sprint,
) -> None:
    machine = sprint.machine
    # What takes ten minutes otherwise.
    machine.run("systemctl", "set-environment", "WAIT_SECONDS=5")
    machine.run("systemctl", "restart", "atelier-watch")
    revoke_keys(sprint)
    said = sprint.wait_for("failed", "the project could not be applied")["message"]
    assert "create a new key" in said or "a valid key" in said, said
    # Nothing that works without Google stops.
    assert set(sprint.containers()) == SERVICES
    known = sprint.annotations()
    machine.run("systemctl", "unset-environment", "WAIT_SECONDS")

    sprint.stack.config(keyVersion=2)
    done = sprint.stack.up()
    assert f"ready; {sprint.url} answers" in done.said
    assert sprint.annotations() == known
    shown = sprint.api("GET", f"/api/tasks/{sprint.tasks()[0]['id']}/")["data"]["image"]
    answer = sprint.ask("GET", shown.removeprefix(sprint.url), allow_redirects=False)
    assert answer.headers["Location"].startswith(f"https://storage.googleapis.com/{SOURCE}/")


def revoke_keys(sprint: Sprint) -> None:
    """Delete the account's keys, as somebody does in the console."""
    with sprint.stack.state_of_cloud.open() as data:
        keys = [key for key in data["resources"] if key.startswith("serviceaccount.Key ")]
        assert keys
        for key in keys:
            del data["resources"][key]


def test_a_backup_brings_back_a_studio_of_which_all_was_deleted(sprint: Sprint, page: Page) -> None:
    machine, before = sprint.machine, sprint.annotations()
    # As its timer does at night; it returns when the backup is done.
    machine.run("systemctl", "start", "atelier-backup")
    assert f"annotations: {len(before)}, " in sprint.report()["backup"]
    wipe = "docker exec atelier-postgres-1 psql --username=labelstudio postgres --command"
    machine.run("sh", "-c", f"{wipe} 'DROP SCHEMA public CASCADE'; rm -r /srv/atelier/frontend/*")
    assert not sprint.ask("GET", "/api/projects").ok
    began = time.time()
    machine.run("bash", "/opt/atelier/backup.sh", "restore")
    show("restore of a backup, until people can log in", f"{time.time() - began:.0f} s")
    assert sprint.report()["phase"] == "ready"
    page.context.clear_cookies()
    Screen(page, sprint).log_in()
    assert sprint.annotations() == before


def test_after_destroy_and_up_the_same_project_has_the_same_annotations(sprint: Sprint) -> None:
    before, saved = sprint.annotations(), sprint.saved()
    title = sprint.api("GET", f"/api/projects/{sprint.project}")["title"]
    sprint.stack.destroy()
    assert not sprint.machine.is_on
    assert of_kind({"resources": sprint.stack.cloud}, "compute.Instance") == {}
    kept = {key.split(" ")[1].rpartition("/")[2] for key in sprint.stack.cloud}
    assert {SOURCE, TARGET} <= kept
    assert of_kind({"resources": sprint.stack.cloud}, "compute.Snapshot")
    assert sprint.saved() == saved

    done = sprint.stack.up()
    show("`pulumi up` after `pulumi destroy`", f"{done.seconds:.0f} s")
    assert f"ready; {sprint.url} answers" in done.said
    assert sprint.api("GET", f"/api/projects/{sprint.project}")["title"] == title
    assert sprint.annotations() == before
    assert sprint.saved() == saved


def test_no_password_or_key_is_in_any_log(sprint: Sprint) -> None:
    machine = sprint.machine
    secrets = machine.run("sh", "-c", "tail -qn 1 /srv/atelier/secrets/*").stdout.splitlines()
    (key,) = of_kind({"resources": sprint.stack.cloud}, "serviceaccount.Key").values()
    secrets.append(key["outputs"]["privateKey"][:60])
    logs = machine.run("cat", LOG).stdout + machine.console.read_text(errors="replace")
    for container in (f"atelier-{service}-1" for service in sorted(SERVICES)):
        logs += machine.run("sh", "-c", f"docker logs {container} 2>&1").stdout
    assert [secret[:4] for secret in secrets if secret in logs] == []
    assert json.dumps(sprint.report()).count(sprint.password) == 0
