"""Runs last: ends the demo and starts it again."""

import psutil
import pytest

from tests.e2e.demo import Demo, listens

pytestmark = pytest.mark.integration


def test_a_stop_leaves_no_process_and_a_second_start_takes_seconds_and_finds_all(
    demo: Demo,
) -> None:
    task = demo.tasks()[0]
    annotation = demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": []})
    ports = [url.rpartition(":")[2] for url in demo.services().values()]
    tasks = len(demo.tasks())
    demo.stop()
    left = [p for p in psutil.process_iter() for port in ports if listens(p, port)]
    assert left == []

    demo.up()
    first, second = demo.seconds[0], demo.seconds[-1]
    print(f"first start {first:.0f} s, second start {second:.0f} s")
    assert second < 60
    assert len(demo.tasks()) == tasks
    found = demo.api("GET", f"/api/tasks/{task['id']}/")["annotations"]
    assert annotation["id"] in [item["id"] for item in found]
