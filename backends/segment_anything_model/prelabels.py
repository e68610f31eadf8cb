"""Passes requests without clicks on to the segmentation backend."""

from typing import Any

import orjson
import requests

from backends.serving.errors import ModelUnavailable
from backends.serving.payloads import Json
from backends.serving.predictions import Prediction


class Prelabels:
    """The segmentation backend, as Label Studio would ask it.

    Label Studio asks one backend of a project for predictions and does not promise which; so the
    interactive one answers with the other's.
    """

    def __init__(self, url: str, user: str | None, password: str | None, timeout: float) -> None:
        self._url = url.rstrip("/") + "/predict"
        self._auth = (user, password or "") if user else None
        self._timeout = timeout

    def predict(self, tasks: list[Json], label_config: str | None) -> list[Prediction]:
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
