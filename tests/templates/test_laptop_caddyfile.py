"""The laptop's Caddyfile is what a stack without TLS gets."""

from infra.render.proxy import caddyfile
from tests.cloud.workspace import ROOT
from tests.infra.render.scenarios import load


def test_it_differs_from_the_rendered_one_in_its_comment_alone() -> None:
    comment, _, rest = (ROOT / "templates/laptop/Caddyfile").read_text().partition("\n")
    assert comment.startswith("# ")
    assert rest == caddyfile(load({"tls": "off", "access": "iap"}), address="203.0.113.7")
