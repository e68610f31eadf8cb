"""A run as a job of Cloud Run: each of its tasks does one part of the plan.

The fields are those of the Admin API, version 2: cloud.google.com/run/docs/reference/rest/v2/
projects.locations.jobs, .../v2/TaskTemplate. A GPU comes with 4 CPUs and 16 GiB at least
(run/docs/configuring/jobs/gpu); its tasks may take an hour, longer ones are a preview and are
interrupted by maintenance (run/docs/configuring/task-timeout); an execution has 10,000 tasks at
most (run/docs/create-jobs).
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from batch.errors import BatchError
from batch.quote import prices
from batch.stack import Stack

API = "https://run.googleapis.com/v2"
NAME = "atelier-prelabel"
MOST_TASKS = 10_000
TASK_SECONDS = 3600
# What a task is given, as far as its speed is known: room for a model that is half as quick.
AIM_SECONDS = 1500
RETRIES = 3
POLL_SECONDS = 20.0


def task_count(images: int, images_per_second: float) -> int:
    """Return into how many tasks a run is divided, so that none takes too long."""
    wanted = math.ceil(images / max(1.0, images_per_second * AIM_SECONDS))
    if wanted > MOST_TASKS:
        raise BatchError(
            f"{images:,} images are more than {MOST_TASKS:,} tasks do in time; divide them, or take"
            " --runner dataflow"
        )
    return max(1, wanted)


def job(stack: Stack, plan: str, tasks: int, workers: int) -> dict[str, Any]:
    """Return the job's description as the API takes it.

    Args:
        plan: where the plan is.
        tasks: how many parts it has.
        workers: how many work at a time, at most.
    """
    sizes = prices()["cloudrun"]
    limits = {
        "cpu": str(sizes["vcpus"]),
        "memory": f"{sizes['memory_gib']}Gi",
        "nvidia.com/gpu": "1",
    }
    template = {
        "containers": [
            {
                "image": stack.image,
                "command": ["python", "-m", "batch"],
                "args": ["part", plan],
                "resources": {"limits": limits},
            }
        ],
        "maxRetries": RETRIES,
        "timeout": f"{TASK_SECONDS}s",
        "serviceAccount": stack.service_account,
        "nodeSelector": {"accelerator": "nvidia-l4"},
        "gpuZonalRedundancyDisabled": True,
    }
    return {
        "labels": {"app": "atelier"},
        "template": {
            "taskCount": tasks,
            "parallelism": min(workers, tasks),
            "template": template,
        },
    }


class CloudRun:
    """The API, with the credentials of whoever runs this."""

    def __init__(self, stack: Stack, session: Any = None) -> None:
        self._place = f"{API}/projects/{stack.project}/locations/{stack.region}"
        self._session = session or _session()

    def run(self, description: Mapping[str, Any]) -> str:
        """Make the job, or change it, and start it; return the name of its execution."""
        job_address = f"{self._place}/jobs/{NAME}"
        made = self._ask("PATCH", f"{job_address}?allowMissing=true", description)
        self._finished(made)
        started = self._ask("POST", f"{job_address}:run", {})
        return str(started["metadata"]["name"])

    def wait(self, execution: str, tell: Callable[[str], None]) -> bool:
        """Return once an execution is over: whether all of its tasks succeeded.

        Args:
            tell: called with a line whenever something changed.
        """
        before = ""
        while True:
            state = self._ask("GET", f"{API}/{execution}")
            counts = {name: state.get(f"{name}Count", 0) for name in ("succeeded", "failed")}
            line = f"{counts['succeeded']} of {state.get('taskCount', '?')} tasks done"
            line += f", {counts['failed']} failed" if counts["failed"] else ""
            if line != before:
                tell(line)
            before = line
            if state.get("completionTime"):
                return not counts["failed"] and not state.get("cancelledCount", 0)
            time.sleep(POLL_SECONDS)

    def _finished(self, operation: dict[str, Any]) -> None:
        while not operation.get("done"):
            time.sleep(1.0)
            operation = self._ask("GET", f"{API}/{operation['name']}")
        if "error" in operation:
            raise BatchError(f"Cloud Run refuses the job: {operation['error'].get('message')}")

    def _ask(self, method: str, address: str, body: Any = None) -> dict[str, Any]:
        import requests
        from google.auth.exceptions import GoogleAuthError

        try:
            answer = self._session.request(method, address, json=body, timeout=60)
        except (requests.RequestException, GoogleAuthError) as error:
            raise BatchError(f"Cloud Run cannot be reached: {error}") from error
        if not answer.ok:
            try:
                said = answer.json()["error"]["message"]
            except (ValueError, KeyError, TypeError):
                said = answer.text[:300]
            raise BatchError(f"Cloud Run refuses ({answer.status_code}): {said}")
        return answer.json()


def _session() -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(["https://www.googleapis.com/auth/cloud-platform"])
    except DefaultCredentialsError as error:
        raise BatchError(
            "no Google credentials: run gcloud auth application-default login"
        ) from error
    return AuthorizedSession(credentials)
