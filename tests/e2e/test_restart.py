"""Runs last: ends the demo, loses its data, and starts it again from a backup."""

import shutil

import pytest
import requests

from tests.e2e.demo import Demo, processes

pytestmark = pytest.mark.integration

# As backends.frontend says before it makes the first user.
MIGRATES = "preparing the database"


def test_a_stop_leaves_no_process_and_a_start_from_a_backup_migrates_nothing_and_finds_all(
    demo: Demo,
) -> None:
    task = demo.tasks()[0]
    annotation = demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": []})
    urls = list(demo.services().values())
    running = [process for url in urls for process in processes(url)]
    tasks = len(demo.tasks())
    user, password, token = demo.user, demo.password, demo.facts["token"]
    address = task["data"]["image"]
    picture = image(demo, address)
    backup = demo.backup()  # While it runs.
    assert MIGRATES in log_of_frontend(demo)
    lost = demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": []})
    demo.stop()
    assert len(running) >= 2 * len(urls)
    assert [process for process in running if process.is_running()] == []

    shutil.rmtree(demo.state / "data")
    demo.restore(backup)
    demo.up()
    first, second = demo.seconds[0], demo.seconds[-1]
    print(f"first start {first:.0f} s, second start {second:.0f} s")
    assert MIGRATES not in log_of_frontend(demo)
    assert len(demo.tasks()) == tasks
    found = [item["id"] for item in demo.api("GET", f"/api/tasks/{task['id']}/")["annotations"]]
    assert annotation["id"] in found
    assert lost["id"] not in found, "made after the backup"
    assert (demo.user, demo.password, demo.facts["token"]) == (user, password, token)
    assert log_in(demo) == 200
    assert image(demo, address) == picture


def log_of_frontend(demo: Demo) -> str:
    """What it wrote since the demo was started; before that is in another file."""
    return (demo.state / "run" / "frontend.log").read_text(errors="replace")


def image(demo: Demo, address: str) -> bytes:
    """An uploaded image, as Label Studio gives it to a browser."""
    header = {"Authorization": f"Token {demo.facts['token']}"}
    answer = requests.get(demo.url + address, headers=header, timeout=60)
    assert answer.ok, address
    return answer.content


def log_in(demo: Demo) -> int:
    """The status of the page that a person sees after typing the demo's password."""
    with requests.Session() as session:
        page = f"{demo.url}/user/login/"
        session.get(page, timeout=60)
        form = {
            "email": demo.user,
            "password": demo.password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        answer = session.post(page, data=form, headers={"Referer": page}, timeout=60)
        assert "/user/login" not in answer.url, "refused"
        return answer.status_code
