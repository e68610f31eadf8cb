"""Settings are checked when they are made, and their secret stays in them."""

import pytest

from tests.backends.serving.images.samples import settings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"label_studio_url": "studio.example"}, "label_studio_url must be http"),
        ({"label_studio_url": "ftp://studio.example"}, "label_studio_url must be http"),
        ({"label_studio_url": "http://u:p@studio.example"}, "label_studio_url must be http"),
        ({"label_studio_url": "http://studio.example?x=1"}, "label_studio_url must be http"),
        ({"label_studio_aliases": frozenset({"studio"})}, "label_studio_aliases must be http"),
        ({"allowed_hosts": frozenset({"https://images.example"})}, "without scheme"),
        ({"allowed_hosts": frozenset({"*.example"})}, "without scheme, path or wildcard"),
        ({"allowed_hosts": frozenset({"Images.example"})}, "lower case"),
        ({"allowed_hosts": frozenset({"images.example/a"})}, "without scheme, path"),
        ({"allowed_hosts": frozenset({""})}, "write host"),
        ({"max_bytes": 0}, "max_bytes must be more than 0"),
        ({"max_pixels": -1}, "max_pixels must be more than 0"),
        ({"timeout_seconds": 0}, "timeout_seconds must be more than 0"),
        ({"retries": -1}, "retries must be 0 or more"),
    ],
)
def test_a_bad_setting_is_named(change: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        settings(**change)
    assert "u:p" not in str(caught.value)


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"max_bytes.*max_pixels"):
        settings(max_bytes=0, max_pixels=0)


def test_the_key_is_shown_as_stars() -> None:
    shown = repr(settings(label_studio_api_key="very-secret"))
    assert "very-secret" not in shown
    assert "'***'" in shown
