"""`python -m backends.serving`: serve MODEL_CLASS with gunicorn, one process and many threads."""

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from backends.serving.errors import SettingsError
from backends.serving.memory import keep_for_next
from backends.serving.model_loader import ModelLoader, model_factory
from backends.serving.settings import RESERVE, ServingSettings

if TYPE_CHECKING:
    from flask import Flask


class Server(BaseApplication):
    """gunicorn around one app, made in the worker: a CUDA context does not survive a fork."""

    def __init__(self, settings: ServingSettings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._settings.threads + RESERVE,
            # One process holds the embeddings: it must not be recycled for a slow request. gthread
            # reports to the arbiter from its own loop, so a worker that hangs is still ended.
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 30,
            "loglevel": self._settings.log_level.lower(),
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":  # pyright: ignore[reportIncompatibleMethodOverride] (base: NoReturn)
        # The arbiter, which only starts workers, need not hold all of this too.
        from backends.serving.app import create_app

        settings = self._settings
        loader = ModelLoader(
            model_factory(settings.model_class, settings.label_config),
            settings.model_class,
            on_failure=end_server if settings.exit_without_model else None,
            on_loss=end_worker,
        )
        app = create_app(settings, loader)
        loader.start()
        return app


def end_server() -> None:
    """End this worker with the status at which gunicorn's arbiter ends too, with the same one."""
    logging.shutdown()
    os._exit(Arbiter.WORKER_BOOT_ERROR)


def end_worker() -> None:
    """End this worker; gunicorn's arbiter starts another one, which gets a device of its own."""
    logging.shutdown()
    os._exit(1)


def main() -> int:
    try:
        settings = ServingSettings.from_environment(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # The Google and HTTP libraries log request headers at DEBUG, tokens among them.
    for noisy in ("urllib3", "google", "requests"):
        logging.getLogger(noisy).setLevel(max(logging.INFO, logging.root.level))
    keep_for_next()
    Server(settings).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
