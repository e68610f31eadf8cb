"""What a policy is against, as the table shows it."""

from typing import Any

from infra.operate.table.markdown import render
from tests.infra.operate.table.record import made_of, text_of

URN = "urn:pulumi:dev::atelier::atelier:gcp:Network$gcp:compute/firewall:Firewall::atelier-dev-iap"


def against(policy: str, level: str, message: str, urn: str = URN) -> dict[str, Any]:
    said = {"policyName": policy, "enforcementLevel": level, "message": message}
    return {"policyEvent": said | {"resourceUrn": urn, "color": "raw"}}


ADVISORY = against(
    "stop-rule", "advisory", "<{%fg 13%}>Something stops.\nNothing does.<{%reset%}>\n"
)
MANDATORY = against("no-public-ssh", "mandatory", "Not everybody.\nIt opens port 22 to @all.\n")
FAILED = {"diagnosticEvent": {"message": "error: preview failed", "severity": "error"}}


def test_what_fails_the_preview_comes_first_and_each_is_told_once() -> None:
    made = made_of([ADVISORY, MANDATORY, ADVISORY])
    assert [one.policy for one in made.violations] == ["no-public-ssh", "stop-rule"]
    assert [one.text for one in made.violations] == ["It opens port 22 to @all.", "Nothing does."]
    assert made.is_refused
    assert not made_of([ADVISORY]).is_refused
    assert made.summary == "no changes, 2 against a policy"


def test_the_engines_own_words_on_the_failure_are_left_out() -> None:
    assert made_of([MANDATORY, FAILED]).errors == ()
    assert made_of([ADVISORY, FAILED]).errors == ("preview failed",)


def test_a_terminal_shows_the_resource_and_what_to_do() -> None:
    shown = text_of(made_of([ADVISORY, MANDATORY]))
    assert "x  no-public-ssh  firewall rule iap  It opens port 22 to @all." in shown
    assert "!  stop-rule      firewall rule iap  Nothing does." in shown


def test_a_comment_shows_the_same_and_notifies_nobody() -> None:
    shown = render(made_of([ADVISORY, MANDATORY]))
    assert (
        "| ⛔ `no-public-ssh` | firewall rule | `iap` | It opens port 22 to @\u200ball. |" in shown
    )
    assert "| ⚠️ `stop-rule` | firewall rule | `iap` | Nothing does. |" in shown
