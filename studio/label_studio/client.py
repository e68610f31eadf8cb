"""Label Studio, as the studio uses it: the one module that talks to it, but for accounts."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
import requests
from label_studio_sdk import LabelStudio
from label_studio_sdk.types import ImportApiRequest
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import Retry

from studio.errors import RefusedError
from studio.label_studio.answers import explained, refusal
from studio.label_studio.connection import Connection
from studio.label_studio.records import (
    Project,
    RegisteredBackend,
    Task,
    number_of,
    to_backend,
    to_mark,
    to_project,
    to_task,
)
from studio.label_studio.storages import Storages
from studio.label_studio.work import Work
from studio.project.project_file import Backend

# Label Studio itself waits 1 + 3 s for each backend, and up to 100 s for predictions.
TIMEOUT_SECONDS = 120.0
PREDICT_TIMEOUT_SECONDS = 200.0
PAGE_SIZE = 500
# Of a project's tasks, to see whose it is: others may have added some before.
LOOKED_AT = 10


def session() -> requests.Session:
    """Return a session that asks once more where a kept connection ends just then.

    Label Studio's server closes those that were idle for some seconds, which a request may cross.
    Only what changes nothing is asked again.
    """
    made = requests.Session()
    again = Retry(total=1, connect=0, read=1, status=0, other=0, allowed_methods={"GET", "HEAD"})
    for start in ("http://", "https://"):
        made.mount(start, HTTPAdapter(max_retries=again))
    return made


class Studio:
    """One Label Studio, through its API.

    Every method raises NotReachableError, WrongTokenError or RefusedError.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=True)
        with explained(connection, "connecting"):
            self._sdk = LabelStudio(
                base_url=connection.url,
                api_key=connection.token.get_secret_value(),
                httpx_client=self._client,
                # A request that failed half-way may have made what it should make.
                max_retries=0,
            )
        self._http = session()
        self._http.auth = _Authorization(self._sdk)
        self.storages = Storages(connection, self._sdk, self._http)
        self.work = Work(connection, self._sdk)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._client.close()

    def version(self) -> str:
        """Return Label Studio's version; also shows that address and token are right."""
        with explained(self.connection, "connecting"):
            self._sdk.users.whoami()
            return str(self._sdk.versions.get().release)

    def editor_changes(self) -> dict[str, str | None]:
        """Return what became of each change to the editor: name -> why not, None for one made.

        Empty: this Label Studio was started by something else than our frontend.
        """
        with explained(self.connection, "asking about the editor"):
            answer = self._http.get(
                f"{self.connection.url}/api/editor-changes/", timeout=TIMEOUT_SECONDS
            )
        return dict(answer.json()["changes"]) if answer.ok else {}

    def projects(self) -> list[Project]:
        """Return all projects, oldest first."""
        with explained(self.connection, "listing projects"):
            found = [to_project(item) for item in self._sdk.projects.list(page_size=PAGE_SIZE)]
        return sorted(found, key=lambda project: project.id)

    def create_project(self, fields: Mapping[str, Any]) -> int:
        """Create a project and return its id."""
        with explained(self.connection, f"creating project {fields['title']!r}"):
            return number_of(self._sdk.projects.create(**fields))

    def update_project(self, project: int, fields: Mapping[str, Any]) -> None:
        """Change ``fields``; Label Studio checks a new config against the annotations."""
        with explained(self.connection, f"changing {', '.join(fields)} of the project"):
            self._sdk.projects.update(id=project, **fields)

    def backends(self, project: int) -> list[RegisteredBackend]:
        """Return the project's backends in the order of registration."""
        with explained(self.connection, "listing backends"):
            found = [to_backend(item) for item in self._sdk.ml.list(project=project)]
        return sorted(found, key=lambda backend: backend.id)

    def register_backend(self, project: int, backend: Backend) -> None:
        """Add ``backend``, and remove the webhook that Label Studio creates with it."""
        with explained(self.connection, f"registering backend {backend.title!r}"):
            self._sdk.ml.create(project=project, **_backend_fields(backend))
        self.remove_webhooks(self.webhooks_of(project, [backend.url]))

    def update_backend(self, registered: int, project: int, backend: Backend) -> None:
        """Make a registered backend agree with ``backend``."""
        with explained(self.connection, f"changing backend {backend.title!r}"):
            self._sdk.ml.update(id=registered, project=project, **_backend_fields(backend))

    def remove_backend(self, registered: int) -> None:
        """Remove a backend; its predictions stay."""
        with explained(self.connection, "removing a backend"):
            self._sdk.ml.delete(id=registered)

    def webhooks_of(self, project: int, backend_urls: Iterable[str]) -> list[int]:
        """Return the webhooks that Label Studio made for backends: they carry no password, get
        every annotation with all its masks, and hold each save up for as long as they take."""
        urls = {f"{url.rstrip('/')}/webhook" for url in backend_urls}
        with explained(self.connection, "listing webhooks"):
            hooks = self._sdk.webhooks.list(project=str(project))
        return [number_of(hook) for hook in hooks if hook.url in urls]

    def remove_webhooks(self, webhooks: Iterable[int]) -> None:
        """Remove webhooks by id."""
        for webhook in webhooks:
            with explained(self.connection, "removing a webhook"):
                self._sdk.webhooks.delete(id=webhook)

    def users(self) -> dict[int, str]:
        """Return user id -> e-mail in lower case."""
        with explained(self.connection, "listing accounts"):
            return {number_of(user): str(user.email).lower() for user in self._sdk.users.list()}

    def tasks(self, project: int) -> list[Task]:
        """Return all tasks of the project in the order of their ids."""
        wanted = (
            "id,data,annotators,total_annotations,cancelled_annotations,predictions_model_versions,"
            "updated_at,overlap,completed_at,meta"
        )
        with explained(self.connection, "reading tasks"):
            pages = self._sdk.tasks.list(
                project=project, include=wanted, resolve_uri=False, page_size=PAGE_SIZE
            )
            return sorted((to_task(item) for item in pages), key=lambda task: task.id)

    def results_of(self, project: int, controls: Iterable[str]) -> int:
        """Return how many results the project's annotations have of some controls."""
        doing = "counting what annotations were made with"
        with explained(self.connection, doing):
            summary = self._send("GET", f"/api/projects/{project}/summary/", doing)
        wanted = set(controls)
        counts = (summary.get("created_annotations") or {}).items()
        # Keys are control|image|type.
        return sum(count for key, count in counts if str(key).partition("|")[0] in wanted)

    def labels_in_use(self, project: int) -> dict[str, frozenset[str]]:
        """Return the controls that annotations and drafts were made with, and their labels."""
        doing = "reading what the project's annotations were made with"
        with explained(self.connection, doing):
            summary = self._send("GET", f"/api/projects/{project}/summary/", doing)
        controls = (str(key).partition("|")[0] for key in summary.get("created_annotations") or {})
        used: dict[str, frozenset[str]] = dict.fromkeys(controls, frozenset())
        for key in ("created_labels", "created_labels_drafts"):
            for control, counts in (summary.get(key) or {}).items():
                used[control] = used.get(control, frozenset()) | frozenset(counts)
        return used

    def delete_predictions(self, project: int) -> None:
        """Delete all predictions of a project."""
        path, doing = f"/api/projects/{project}/model-versions/", "deleting predictions"
        with explained(self.connection, doing):
            for version in self._send("GET", path, doing):
                self._send("DELETE", path, doing, json={"model_version": version})

    def annotations(self, task: int) -> list[dict[str, Any]]:
        """Return a task's annotations as the API has them, with all their results.

        As they come: the SDK would make an object of each of the millions of numbers of a mask.
        """
        doing = f"reading the annotations of task {task}"
        with explained(self.connection, doing):
            answer = self._http.get(
                f"{self.connection.url}/api/tasks/{task}/annotations/", timeout=TIMEOUT_SECONDS
            )
            if not answer.ok:
                raise refusal(self.connection, doing, answer.status_code, answer.text)
            return list(answer.json())

    def make_annotation(self, task: int, fields: Mapping[str, Any]) -> int:
        """Add an annotation to a task and return its id."""
        doing = f"adding an annotation to task {task}"
        with explained(self.connection, doing):
            path = f"/api/tasks/{task}/annotations/"
            return int(self._send("POST", path, doing, json=dict(fields))["id"])

    def upload(self, project: int, images: Sequence[Path]) -> list[str]:
        """Upload files without creating tasks; return their addresses in the same order."""
        doing = f"uploading {len(images)} images"
        with explained(self.connection, doing), ExitStack() as stack:
            files = {
                str(number): (image.name, stack.enter_context(image.open("rb")))
                for number, image in enumerate(images)
            }
            # The ids in the answer come in the order of the files.
            answer = self._send(
                "POST",
                f"/api/projects/{project}/import",
                doing,
                params={"commit_to_project": "false"},
                files=files,
            )
            uploads = answer["file_upload_ids"]
            paths = [
                self._send("GET", f"/api/import/file-upload/{upload}", doing)["file"]
                for upload in uploads
            ]
        return [f"/data/{quote(path)}" for path in paths]

    def project_file_of(self, project: int) -> str:
        """Return the id of the project file that a project's tasks were imported by; "" if none."""
        with explained(self.connection, "looking for the project"):
            pages = self._sdk.tasks.list(
                project=project, include="id,meta", resolve_uri=False, page_size=LOOKED_AT
            )
            marks = [to_mark(item).get("project") for item in pages.items or ()]
        return next((str(mark) for mark in marks if mark), "")

    def import_tasks(self, project: int, tasks: Sequence[Mapping[str, Any]]) -> None:
        """Create tasks, each of its `data` and `meta`."""
        with explained(self.connection, f"importing {len(tasks)} tasks"):
            made = [ImportApiRequest(**task) for task in tasks]
            self._sdk.projects.import_tasks(id=project, request=made)

    def update_task(self, task: int, **fields: Any) -> None:
        """Replace a task's `data` or its `meta`, or both."""
        with explained(self.connection, f"changing task {task}"):
            self._sdk.tasks.update(id=str(task), **fields)

    def delete_predictions_of(self, project: int, tasks: Sequence[int]) -> None:
        """Delete all predictions of some tasks."""
        doing = f"deleting predictions of {len(tasks)} tasks"
        with explained(self.connection, doing):
            self._send(
                "POST",
                "/api/dm/actions",
                doing,
                params={"id": "delete_tasks_predictions", "project": project},
                json={"selectedItems": {"all": False, "included": list(tasks)}},
            )

    def add_prediction(
        self, task: int, results: Sequence[Mapping[str, Any]], version: str, score: float
    ) -> None:
        """Give a task one more prediction; whoever opens it in the Data Manager sees it."""
        doing = f"adding a prediction to task {task}"
        body = {"task": task, "result": list(results), "model_version": version, "score": score}
        with explained(self.connection, doing):
            self._send("POST", "/api/predictions/", doing, json=body)

    def import_predictions(self, project: int, predictions: Sequence[Mapping[str, Any]]) -> None:
        """Give tasks one more prediction each: of `task`, `result`, `model_version`, `score`."""
        doing = f"importing {len(predictions)} predictions"
        with explained(self.connection, doing):
            path = f"/api/projects/{project}/import/predictions"
            self._send("POST", path, doing, json=list(predictions), timeout=PREDICT_TIMEOUT_SECONDS)

    def delete_prediction(self, prediction: int) -> None:
        """Delete one prediction."""
        with explained(self.connection, f"deleting prediction {prediction}"):
            self._sdk.predictions.delete(id=prediction)

    def retrieve_predictions(self, project: int, tasks: Sequence[int]) -> None:
        """Ask the first backend for predictions; Label Studio answers 200 even if it got none."""
        doing = f"retrieving predictions of {len(tasks)} tasks"
        with explained(self.connection, doing):
            self._send(
                "POST",
                "/api/dm/actions",
                doing,
                params={"id": "retrieve_tasks_predictions", "project": project},
                json={"selectedItems": {"all": False, "included": list(tasks)}},
                timeout=PREDICT_TIMEOUT_SECONDS,
            )

    def tabs(self, project: int) -> list[str]:
        """Return the titles of the Data Manager's tabs, in their order."""
        with explained(self.connection, "listing tabs"):
            found = self._sdk.views.list(project=project)
        return [str((item.data or {}).get("title") or "") for item in found]

    def make_tab(self, project: int, data: Mapping[str, Any]) -> None:
        """Add a tab; ``data`` is what the Data Manager itself sends: title, filters, ordering."""
        doing = f"making the tab {data['title']!r}"
        with explained(self.connection, doing):
            body = {"project": project, "data": dict(data)}
            self._send("POST", "/api/dm/views/", doing, json=body)

    def invitation(self) -> str:
        """Return the path of the sign-up page with the organisation's invitation in it."""
        doing = "asking for the sign-up link"
        with explained(self.connection, doing):
            return str(self._send("GET", "/api/invite", doing)["invite_url"])

    def _send(self, method: str, path: str, doing: str, **options: Any) -> Any:
        """Call what the SDK has no method for, and return the JSON object of the answer."""
        options.setdefault("timeout", TIMEOUT_SECONDS)
        answer = self._http.request(method, self.connection.url + path, **options)
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            body = answer.text
        if not answer.ok:
            raise refusal(self.connection, doing, answer.status_code, body)
        if not isinstance(body, dict):
            raise RefusedError(f"{doing}: Label Studio answered in an unexpected form at {path}")
        return body


class _Authorization(AuthBase):
    """The SDK's own header: a legacy token, or what it got for a personal access token.

    The access token lasts five minutes, and the SDK renews it: each request asks.
    """

    def __init__(self, sdk: LabelStudio) -> None:
        self._sdk = sdk

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._sdk._client_wrapper.get_headers()["Authorization"]
        return request


def _backend_fields(backend: Backend) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "url": backend.url,
        "title": backend.title,
        "is_interactive": backend.interactive,
        "auth_method": "BASIC_AUTH" if backend.user else "NONE",
    }
    if backend.user:
        fields |= {
            "basic_auth_user": backend.user,
            "basic_auth_pass": backend.password.get_secret_value(),
        }
    return fields
