"""Passes requests without clicks on to the segmentation backend."""

from typing import Any, Self

import orjson
import requests

from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving.errors import ModelUnavailable
from backends.serving.outcomes import Answer
from backends.serving.payloads import Json


class Prelabels:
    """The segmentation backend, as Label Studio would ask it.

    Label Studio asks one backend of a project for predictions and does not promise which; so the
    interactive one answers with the other's.
    """

    def __init__(self, url: str, auth: tuple[str, str] | None, timeout_seconds: float) -> None:
        self._url = url.rstrip("/") + "/predict"
        self._auth = auth
        self._timeout = timeout_seconds

    @classmethod
    def of(cls, settings: SegmentAnythingSettings) -> Self | None:
        """Return the backend that the settings name, if they do."""
        if settings.segmentation_url is None:
            return None
        user, password = settings.segmentation_user, settings.segmentation_pass
        auth = (user, password.get_secret_value() if password else "") if user else None
        return cls(settings.segmentation_url, auth, settings.segmentation_timeout_seconds)

    def predict(self, tasks: list[Json], label_config: str | None) -> list[Answer]:
        """Return the segmentation backend's predictions, one per task.

        Raises:
            ModelUnavailable: it cannot be reached, refuses, or answers something else.
        """
        body = orjson.dumps({"tasks": tasks, "label_config": label_config})
        try:
            # A fresh connection: an idle one may have been closed at the other end, and a repeated
            # POST of a batch would cost more than a handshake.
            answer = requests.post(
                self._url,
                data=body,
                headers={"Content-Type": "application/json"},
                auth=self._auth,
                timeout=(5, self._timeout),
                allow_redirects=False,
            )
            payload: Any = orjson.loads(answer.content) if answer.ok else None
        except (requests.RequestException, orjson.JSONDecodeError) as error:
            raise ModelUnavailable(f"the segmentation backend gave no answer: {error}") from error
        if not answer.ok:
            raise ModelUnavailable(
                f"the segmentation backend answered {answer.status_code}: {answer.text[:200]}"
            )
        results = payload.get("results") if isinstance(payload, dict) else None
        if not isinstance(results, list) or len(results) != len(tasks):
            raise ModelUnavailable("the segmentation backend did not answer one result per task")
        return results
