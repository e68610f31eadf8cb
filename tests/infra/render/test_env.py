"""Registries, images and what is refused."""

import pytest

from infra.render.env import image_env, registry_hosts
from infra.settings.facts import IMAGE_NAMES
from tests.infra.render.scenarios import REFERENCES, load


def test_the_machine_logs_in_to_its_regions_registry() -> None:
    assert registry_hosts(load({"zone": "us-east4-a"})) == ("us-east4-docker.pkg.dev",)


@pytest.mark.parametrize(
    ("hosts", "trusted"),
    [
        (("ghcr.io", "europe-docker.pkg.dev", "eu.gcr.io"), ("eu.gcr.io", "europe-docker.pkg.dev")),
        (("gcr.io", "gcr.io", "gcr.io"), ("gcr.io",)),
        (("notgcr.io", "gcr.io.example.org", "docker.pkg.dev.example.org"), ()),
    ],
)
def test_with_prebuilt_images_its_token_goes_to_googles_registries_only(
    hosts: tuple[str, ...], trusted: tuple[str, ...]
) -> None:
    digest = "sha256:" + "a" * 64
    references = {
        name: f"{host}/team/{name}@{digest}" for name, host in zip(IMAGE_NAMES, hosts, strict=True)
    }
    settings = load({"images": "prebuilt", "prebuilt": references})
    assert registry_hosts(settings) == trusted


def test_an_image_without_a_reference_is_an_error() -> None:
    with pytest.raises(KeyError):
        image_env({name: REFERENCES[name] for name in IMAGE_NAMES[:2]})
