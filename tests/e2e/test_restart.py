"""Runs last: ends the demo and starts it again."""

import pytest

from tests.e2e.demo import Demo, processes

pytestmark = pytest.mark.integration


def test_a_stop_leaves_no_process_and_a_second_start_takes_seconds_and_finds_all(
    demo: Demo,
) -> None:
    task = demo.tasks()[0]
    annotation = demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": []})
    urls = list(demo.services().values())
    running = [process for url in urls for process in processes(url)]
    tasks = len(demo.tasks())
    demo.stop()
    assert len(running) >= 2 * len(urls)
    assert [process for process in running if process.is_running()] == []

    demo.up()
    first, second = demo.seconds[0], demo.seconds[-1]
    print(f"first start {first:.0f} s, second start {second:.0f} s")
    assert second < 60
    assert len(demo.tasks()) == tasks
    found = demo.api("GET", f"/api/tasks/{task['id']}/")["annotations"]
    assert annotation["id"] in [item["id"] for item in found]
