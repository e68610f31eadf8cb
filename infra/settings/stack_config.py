"""Reads the stack's config; the only module that touches Pulumi's."""

import json
import sys
from collections.abc import Mapping
from typing import NoReturn

import pulumi
from pulumi.runtime import config as runtime_config

from infra.settings.fields import Settings
from infra.settings.findings import SettingsError
from infra.settings.load import load
from infra.settings.schema import kind

NAMESPACE = "atelier:"

# With this status the language host takes the program's error as told. With any other, also that
# of pulumi.RunError, it adds "an unhandled error occurred" below our words.
# Source: PYTHON_PROCESS_EXITED_AFTER_SHOWING_USER_ACTIONABLE_MESSAGE_CODE in Pulumi's program
# pulumi-language-python-exec.
_ERROR_WAS_SHOWN = 32


def read() -> Settings:
    """Return the settings of the stack that Pulumi runs.

    A config that cannot be used ends the program with one message that lists every fault.
    """
    # pulumi.Config answers for one key at a time, and the unknown keys are to be found too.
    config: dict[str, str] = runtime_config.CONFIG.get()
    secret_keys = frozenset(key for key in config if runtime_config.is_config_secret(key))
    try:
        return parse(config, stack=pulumi.get_stack(), secret_keys=secret_keys)
    except SettingsError as error:
        end(str(error))


def end(message: str) -> NoReturn:
    """End the program with an error in our words alone; the engine then deletes nothing."""
    pulumi.log.error(message)
    sys.exit(_ERROR_WAS_SHOWN)


def parse(
    config: Mapping[str, str], *, stack: str, secret_keys: frozenset[str] = frozenset()
) -> Settings:
    """Return the settings from Pulumi's own form: full keys, every value a string.

    Raises:
        SettingsError: with every fault at once.
    """
    raw = {
        key.removeprefix(NAMESPACE): _value(key.removeprefix(NAMESPACE), text)
        for key, text in config.items()
        if key.startswith(NAMESPACE)
    }
    return load(
        raw,
        project=config.get("gcp:project", ""),
        stack=stack,
        secret_keys={key.removeprefix(NAMESPACE) for key in secret_keys},
    )


def _value(key: str, text: str) -> object:
    """Return a value in the type of its key, or as it is where it has not that form."""
    try:
        if kind(key) == "string":
            return text
        return json.loads(text)
    except (KeyError, json.JSONDecodeError):
        return text
