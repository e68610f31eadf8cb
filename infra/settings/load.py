"""Reads a stack's config into `Settings`; every fault is reported in one error."""

from collections.abc import Mapping, Set

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from infra.settings import wording
from infra.settings.fields import CONFIG_FIELDS, Settings
from infra.settings.findings import SettingsError
from infra.settings.rules import checks


def load(
    raw: Mapping[str, object],
    *,
    project: str,
    stack: str,
    secret_keys: Set[str] = frozenset(),
) -> Settings:
    """Return the settings of one stack.

    Args:
        raw: The config keys without their namespace, in camel case, with Python values.
        project: The Google Cloud project's id (`gcp:project`).
        stack: The Pulumi stack's name.
        secret_keys: The keys of `raw` that are encrypted in the stack's file.

    Raises:
        SettingsError: with every fault at once. No secret is in it.
    """
    field_of = {to_camel(name): name for name in CONFIG_FIELDS}
    given = {"project": project, "stack": stack}
    given |= {key: value for key, value in raw.items() if key in field_of}
    found = wording.misplaced_secrets(raw.keys() & field_of.keys() & secret_keys)
    for finding in found:
        given.pop(finding.key)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        found += wording.type_findings(error, given)
        wrong = {finding.key for finding in found}
        usable = {key: value for key, value in given.items() if key not in wrong}
        usable.setdefault("adminPassword", "never used: rules on it are left out")
        settings = Settings.model_validate(usable)
    found += checks.findings(settings, {field_of[finding.key] for finding in found})
    order = ["gcp:project", "stack", *field_of]
    found.sort(key=lambda finding: order.index(finding.key))
    found += wording.unknown_keys(raw.keys() - field_of.keys(), field_of)
    if found:
        raise SettingsError(found)
    return settings
