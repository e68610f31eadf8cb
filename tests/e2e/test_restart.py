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
    task = demo.scenes()[0]
    drawn = {"result": task["predictions"][0]["result"]}
    assert drawn["result"]
    demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json=drawn)
    urls = list(demo.services().values())
    running = [process for url in urls for process in processes(url)]
    before = annotations(demo)
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
    # All as they were, and nothing that was made after the backup.
    assert annotations(demo) == before
    assert lost["id"] not in {one["id"] for ones in before.values() for one in ones}
    assert (demo.user, demo.password, demo.facts["token"]) == (user, password, token)
    assert log_in(demo) == 200
    assert image(demo, address) == picture


def annotations(demo: Demo) -> dict[int, list[dict]]:
    """The annotations of each task, as Label Studio has them."""
    return {
        # How long ago they were made is said in words.
        task["id"]: [
            {name: value for name, value in one.items() if name != "created_ago"}
            for one in demo.api("GET", f"/api/tasks/{task['id']}/annotations/")
        ]
        for task in demo.tasks()
    }


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
