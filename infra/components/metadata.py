"""The machine's metadata attributes: the files of the repository joined to what resources tell.

One attribute a concern, so that a new digest, address or key is an update of that attribute alone.
The values come from `infra.render`; which of them are secret is decided here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.render.env import env, image_env
from infra.render.metadata import SCRIPTS, check_limits, static
from infra.render.proxy import caddyfile
from infra.render.url import url
from infra.settings.facts import KEY_ATTRIBUTE
from infra.settings.fields import Settings

IMAGES = "atelier-images"


@dataclass(frozen=True)
class MetadataArgs:
    """What the attributes are made from.

    Attributes:
        password: The name of the secret's version that holds the admin password.
        key: A service-account key in base64, or None.
    """

    settings: Settings
    address: pulumi.Input[str]
    service_account: pulumi.Input[str]
    password: pulumi.Input[str]
    images: Mapping[str, pulumi.Input[str]]
    key: pulumi.Input[str] | None


def attributes(args: MetadataArgs) -> dict[str, pulumi.Input[str]]:
    """Return the attributes; the key is a secret output.

    Raises:
        LimitError: if what is known already is more than Google takes.
        ProjectFileError: if the project file cannot be used.
    """
    settings = args.settings
    known = static(settings)
    check_limits(known)

    def environment(values: list[str]) -> str:
        address, service_account, password = values
        return env(
            settings,
            url=url(settings, address),
            service_account=service_account,
            password=password,
        )

    address = pulumi.Output.from_input(args.address)
    values: dict[str, pulumi.Input[str]] = {
        **known,
        "atelier-caddyfile": address.apply(lambda ip: caddyfile(settings, address=ip)),
        "atelier-env": pulumi.Output.all(address, args.service_account, args.password).apply(
            environment
        ),
        IMAGES: pulumi.Output.all(**args.images).apply(image_env),
    }
    if args.key is not None:
        values[KEY_ATTRIBUTE] = pulumi.Output.secret(args.key)
    return values


def images_digest(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Return the SHA-256 of the images' attribute, which the machine reports as `running`."""
    return pulumi.Output.from_input(values[IMAGES]).apply(_sha256)


def settings_digest(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """Return a SHA-256 of the attributes that the machine reports taking up, but for the images.

    The key is left out: it is a secret, and `keyVersion` tells of a new one.
    """
    named = {
        name: value
        for name, value in sorted(values.items())
        if name not in (IMAGES, KEY_ATTRIBUTE, *SCRIPTS)
    }
    return pulumi.Output.all(**named).apply(
        lambda texts: _sha256("".join(f"{name}\0{text}\0" for name, text in texts.items()))
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
