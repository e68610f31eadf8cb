"""The buckets' CORS rule: which web page may read an image that the browser fetches from them.

The rule is Label Studio's own (https://labelstud.io/guide/storage.html): GET, the two response
headers, an hour. Its origin is the stack's own here, where the guide allows every page there is.
"""

from typing import TypedDict

from infra.settings.fields import Settings

METHODS = ("GET",)
RESPONSE_HEADERS = ("Content-Type", "Access-Control-Allow-Origin")
MAX_AGE_SECONDS = 3600


class CorsRule(TypedDict):
    """One rule, keyed as the bucket resource of pulumi-gcp takes it."""

    origins: list[str]
    methods: list[str]
    response_headers: list[str]
    max_age_seconds: int


def cors_rules(settings: Settings, *, origin: str) -> list[CorsRule]:
    """Return the rules for both buckets.

    Args:
        settings: The stack's settings; `cors_origins` takes the place of the stack's own origin.
        origin: The stack's own origin: scheme, host and port, as `infra.render.url.url` gives it.
    """
    return [
        CorsRule(
            origins=list(settings.cors_origins) or [origin],
            methods=list(METHODS),
            response_headers=list(RESPONSE_HEADERS),
            max_age_seconds=MAX_AGE_SECONDS,
        )
    ]


def api_rules(settings: Settings, *, origin: str) -> list[dict[str, object]]:
    """Return the same rules as the JSON API has them, for a bucket that is another's."""
    return [
        {
            "origin": rule["origins"],
            "method": rule["methods"],
            "responseHeader": rule["response_headers"],
            "maxAgeSeconds": rule["max_age_seconds"],
        }
        for rule in cors_rules(settings, origin=origin)
    ]
