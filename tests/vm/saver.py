"""Somebody who saves annotations until the machine is gone."""

import threading
import time
from typing import Any

import requests

from tests.vm.sprint import Sprint


class Saver(threading.Thread):
    """Saves one annotation after the other until the studio does not answer."""

    def __init__(self, sprint: Sprint) -> None:
        super().__init__()
        self.sprint = sprint
        self.url = sprint.url
        token = sprint.machine.run("cat", "/srv/atelier/secrets/api_token").stdout.strip()
        self.headers = {"Authorization": f"Token {token}"}
        self.tasks = sprint.tasks()
        self.confirmed: dict[int, Any] = {}
        self.ended_by: Exception | None = None

    def run(self) -> None:
        for number in range(500):
            task = self.tasks[number % len(self.tasks)]
            body = {"result": task["predictions"][0]["result"], "lead_time": number}
            path = f"/api/tasks/{task['id']}/annotations/"
            try:
                answer = self.sprint.web.post(
                    self.url + path, json=body, headers=self.headers, timeout=20
                )
                answer.raise_for_status()
            except requests.RequestException as error:
                self.ended_by = error
                return
            self.confirmed[answer.json()["id"]] = answer.json()["result"]

    def wait_for(self, count: int) -> None:
        while len(self.confirmed) < count:
            assert self.is_alive(), self.ended_by
            time.sleep(0.005)
