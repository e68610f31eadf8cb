"""Loads `module:Class` beside the server, so that /health can answer from the first moment."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from backends.serving.errors import ModelUnavailable, SettingsError

if TYPE_CHECKING:  # Importing it imports torch, for seconds in which /health has to answer.
    from label_studio_ml.model import LabelStudioMLBase

log = logging.getLogger(__name__)

State = Literal["LOADING", "UP", "FAILED", "LOST"]
# For the answer to the request that met the fault.
LAST_WORDS_SECONDS = 1.0


def model_factory(model_class: str, label_config: Path | None) -> Callable[[], LabelStudioMLBase]:
    """Return a function that imports the class and makes its one object.

    Args:
        model_class: `package.module:Class`, a subclass of LabelStudioMLBase.
        label_config: a labeling config for models that need one when they are made; ours do not.
    """

    def make() -> LabelStudioMLBase:
        from label_studio_ml.model import LabelStudioMLBase

        module_name, _, class_name = model_class.partition(":")
        found = getattr(importlib.import_module(module_name), class_name, None)
        if not isinstance(found, type) or not issubclass(found, LabelStudioMLBase):
            raise SettingsError(
                f"MODEL_CLASS={model_class} is not a subclass of label_studio_ml's "
                "LabelStudioMLBase"
            )
        return found(label_config=label_config.read_text() if label_config else None)

    return make


class ModelLoader:
    """Runs `load` once in a thread and holds the model that it returns.

    `on_failure` is called in that thread when loading failed, after it was logged; `on_loss` a
    moment after the model's device was lost.
    """

    def __init__(
        self,
        load: Callable[[], LabelStudioMLBase],
        model_class: str,
        on_failure: Callable[[], None] | None = None,
        on_loss: Callable[[], None] | None = None,
    ) -> None:
        self._load = load
        self._on_failure = on_failure
        self._on_loss = on_loss
        self._lock = threading.Lock()
        self._model: LabelStudioMLBase | None = None
        self._message = ""
        self._started = time.monotonic()
        self.model_class = model_class
        self.state: State = "LOADING"

    def start(self) -> None:
        """Start the loading thread."""
        threading.Thread(target=self.load_now, name="model-loader", daemon=True).start()

    def load_now(self) -> None:
        """Load in this thread; what goes wrong becomes the state that /health reports."""
        try:
            self._model = self._load()
        except Exception as error:
            log.exception("the model %s could not be loaded", self.model_class)
            self._message = f"{type(error).__name__}: {error}"
            self.state = "FAILED"
            if self._on_failure is not None:
                self._on_failure()
            return
        self.state = "UP"
        seconds = time.monotonic() - self._started
        log.info("%s is ready after %.1f s: %s", self.model_class, seconds, self.model_version)

    def lose(self, message: str) -> None:
        """Take note that the model's device is lost, which only a new process can mend."""
        with self._lock:
            if self.state == "LOST":
                return
            self._message = message
            self.state = "LOST"
        log.critical("%s: %s", self.model_class, message)
        if self._on_loss is not None:
            threading.Timer(LAST_WORDS_SECONDS, self._on_loss).start()

    @property
    def model(self) -> LabelStudioMLBase:
        """The loaded model.

        Raises:
            ModelUnavailable: it is still loading, loading failed, or its device is lost.
        """
        if self._model is None or self.state == "LOST":
            raise ModelUnavailable(self.progress)
        return self._model

    @property
    def model_or_none(self) -> LabelStudioMLBase | None:
        """The loaded model, None where `model` raises."""
        return None if self.state == "LOST" else self._model

    @property
    def model_version(self) -> str:
        """The version that predictions carry: the model's own, or the name of its class."""
        version = getattr(self._model, "model_version", None)
        return str(version or self.model_class.partition(":")[2])

    @property
    def device_name(self) -> str | None:
        """What the model runs on, where it says so; ours do."""
        return getattr(self._model, "device_name", None)

    @property
    def precision(self) -> str | None:
        """The numbers that the model works in, where it says so; ours do."""
        return getattr(self._model, "precision", None)

    @property
    def progress(self) -> str:
        """One sentence: how long the model has been loading, or why there is none."""
        if self.state == "LOST":
            return self._message
        if self.state == "FAILED":
            return f"the model could not be loaded: {self._message}"
        seconds = time.monotonic() - self._started
        return f"the model is loading, for {seconds:.0f} s so far"
