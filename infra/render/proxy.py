"""The Caddyfile: one site in front of Label Studio, with or without TLS.

Facts it rests on:
- Let's Encrypt certifies an IP address only in its `shortlived` profile (six days)
  https://letsencrypt.org/2026/01/15/6day-and-ip-general-availability
- A client sends no server name (SNI) for an IP address (RFC 6066, section 3), so Caddy has to be
  told whose certificate to show: `default_sni`.
- A browser ignores Strict-Transport-Security from an IP address (RFC 6797, section 8.1.1).
"""

from infra.render.url import is_plain
from infra.settings.facts import PLAIN_PORT
from infra.settings.fields import Settings

UPSTREAM = "frontend:8080"
# Label Studio's own limit of an upload, DATA_UPLOAD_MAX_MEMORY_SIZE.
MAX_BODY_MB = 250
# A little over the frontend's own limit of a request (180 s), so that its answer is the one seen.
ANSWER_SECONDS = 190


def caddyfile(settings: Settings, *, address: str) -> str:
    """Return the Caddyfile of Caddy 2, formatted as `caddy fmt` does.

    Args:
        settings: The stack's settings.
        address: The static IPv4 address, which the certificate is made for with `tls: address`.
    """
    plain = is_plain(settings)
    on_domain = not plain and settings.tls == "domain"
    if plain:
        name, options = f"http://:{PLAIN_PORT}", ["auto_https off"]
    elif on_domain:
        name, options = f"https://{settings.domain}", []
    else:
        name, options = f"https://{address}", [f"default_sni {address}"]
    if settings.acme_email and not plain:
        options.append(f"email {settings.acme_email}")
    blocks = [_block("", [*options, *OPTIONS]), _block(name, _site(plain, on_domain))]
    return "\n".join(blocks)


OPTIONS = [
    # Reachable inside Caddy's own container only: `caddy reload` there loses no connection.
    "admin localhost:2019",
    "servers {",
    "\ttimeouts {",
    "\t\tread_header 10s",
    # A picture archive over a slow line; without a limit a stalled client holds its connection.
    "\t\tread_body 15m",
    "\t\tidle 2m",
    "\t}",
    "}",
]

# As short as the certificate lives, it is renewed over port 80: the validation over TLS has
# failed for IP addresses (letsencrypt/boulder#8286).
ADDRESS_CERTIFICATE = [
    "tls {",
    "\tissuer acme {",
    "\t\tprofile shortlived",
    "\t\tdisable_tlsalpn_challenge",
    "\t}",
    "}",
]

HEADERS = [
    # With `?`, what Label Studio sets itself stays.
    "?X-Content-Type-Options nosniff",
    "?X-Frame-Options SAMEORIGIN",
    "?Referrer-Policy same-origin",
    "-Server",
]

UPSTREAM_OPTIONS = [
    # Requests wait here while a new frontend container starts, instead of failing.
    "lb_try_duration 30s",
    "transport http {",
    "\tdial_timeout 5s",
    f"\tresponse_header_timeout {ANSWER_SECONDS}s",
    "}",
]


# The last line of this log says when somebody last worked: templates/vm/idle.sh. Label Studio's
# pages ask for the project every 20 seconds (web/dist, startPolling), and its `last_activity` takes
# that for a person. So only what changes or computes something counts, and what is fetched for a
# task that is opened or a project that is exported. Nothing of who asked is written down.
ACTIVITY = [
    "@idle {",
    "\tnot {",
    "\t\tmethod POST PUT PATCH DELETE",
    "\t\tpath /api/*",
    "\t}",
    "\tnot path /api/tasks/* /api/projects/*/export",
    "}",
    "log_skip @idle",
    "log activity {",
    "\toutput file {$XDG_DATA_HOME:/data}/activity.log {",
    "\t\troll_size 1MiB",
    "\t\troll_uncompressed",
    "\t\troll_keep 2",
    "\t}",
    "\tformat filter {",
    "\t\twrap json",
    "\t\tfields {",
    "\t\t\trequest delete",
    "\t\t\tresp_headers delete",
    "\t\t\tuser_id delete",
    "\t\t}",
    "\t}",
    "}",
]


def _site(plain: bool, on_domain: bool) -> list[str]:
    headers = HEADERS
    if on_domain:
        headers = [*HEADERS, 'Strict-Transport-Security "max-age=31536000"']
    lines = [] if plain or on_domain else list(ADDRESS_CERTIFICATE)
    lines += [*ACTIVITY, "encode zstd gzip"]
    lines += _block("header", headers).splitlines()
    lines += _block("request_body", [f"max_size {MAX_BODY_MB}MB"]).splitlines()
    lines += _block(f"reverse_proxy {UPSTREAM}", UPSTREAM_OPTIONS).splitlines()
    return lines


def _block(name: str, lines: list[str]) -> str:
    opening = f"{name} {{" if name else "{"
    return "\n".join([opening, *(f"\t{line}" for line in lines), "}", ""])
