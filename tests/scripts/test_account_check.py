"""The check for whoever has an account: what it hides, and what it holds against the stand-in."""

import json

import pytest

from scripts import account_check
from scripts.account_check import Done, Place, differences, kept, redacted, report, told

UP = """Resources:
    + 51 created
    2 unchanged
"""
DOCTOR = """Looking at stack check in project PROJECT:
  ok       billing      on
  warning  APIs         6 are off, and `make up` enables them
               gcloud services enable compute.googleapis.com
  ok       other state  no studio of this name
"""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("lead@example.org may not", "SOMEBODY may not"),
        ("https://203.0.113.7 answers", "https://ADDRESS answers"),
        ("projects/123456789012 (123456789012)", "projects/NUMBER (NUMBER)"),
        ("instance 1234567890123456789", "instance NUMBER"),
        ("Bearer ya29.a0Af_H-x.y", "Bearer TOKEN"),
        ("View Live: https://app.pulumi.com/my-team/atelier/check/1", "View Live: PULUMI-PAGE"),
        ("billingAccounts/012345-6789AB-CDEF01", "billingAccounts/BILLING-ACCOUNT"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "PRIVATE-KEY"),
        ("\x1b[31mred\x1b[0m my-project", "red PROJECT"),
        ("51 created in 3.14.15 s", "51 created in 3.14.15 s"),
    ],
)
def test_nothing_that_names_somebody_or_opens_something_is_shown(said: str, shown: str) -> None:
    assert redacted(said, {"my-project": "PROJECT", "": "nothing"}) == shown


def done(name: str, status: int, said: str = "") -> Done:
    return Done(name, status, said, 1.0, {"exit status": str(status), **told(name, said)})


def test_two_lives_that_are_alike_do_not_differ() -> None:
    life = [done("doctor", 0, DOCTOR), done("up", 0, UP)]
    on = [done("doctor", 0, DOCTOR.replace("warning  APIs   ", "ok       APIs   ")), life[1]]
    assert differences(life, on) == []
    assert "Nowhere." in report(life, life)


def test_what_google_says_otherwise_is_a_line() -> None:
    google = [
        done("doctor", 0, DOCTOR.replace("ok       billing", "ERROR    billing")),
        done("up", 1, UP.replace("51", "40")),
    ]
    double = [done("doctor", 0, DOCTOR), done("up", 0, UP), done("destroy", 0)]
    assert differences(double, google) == [
        "| doctor | doctor: billing | no error | error |",
        "| up | exit status | 0 | 1 |",
        "| up | created | 51 | 40 |",
        "| destroy | exit status | 0 | not reached |",
    ]
    assert "exit status 1, 1 s" in report(double, google)


SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
DISK = "gcp:compute/disk:Disk"


def state(project: str, suffix: str, **outputs: object) -> str:
    identity = f"projects/{project}/zones/us-central1-a/disks/atelier-check-data-{suffix}"
    disk = {"type": DISK, "id": identity, "outputs": outputs}
    return "progress\n" + json.dumps({"deployment": {"resources": [disk]}})


def test_of_a_state_ids_and_forms_are_compared_and_no_value_is_shown() -> None:
    google = state("mine", "12ab34c", sizeGb=20, key=SECRET, users=["lead@example.org"], empty="")
    facts, forms = kept(google, {"mine": "PROJECT"})
    assert facts == {
        "resources": "1",
        f"id of {DISK}": "projects/PROJECT/zones/us-central1-a/disks/atelier-check-data-SUFFIX",
    }
    assert forms == {f"{DISK} sizeGb": "int", f"{DISK} key": "secret", f"{DISK} users": "list"}
    double, _ = kept(state("demo-project", "7654321"), {"demo-project": "PROJECT"})
    assert double == facts


@pytest.mark.parametrize("status", [1, account_check.INTERRUPTED])
def test_whatever_fails_the_stack_is_destroyed(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    ran: list[str] = []

    def run(self: Place, name: str, *arguments: object, **more: object) -> Done:
        ran.append(name)
        return done(name, status if name == "up" else 0)

    monkeypatch.setattr(Place, "run", run)
    list(account_check.life(Place("Google Cloud", "my-project")))
    assert ran == ["doctor", "preview", "up", "destroy", "what is left"]


def test_what_the_doctor_refuses_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "run", lambda self, name, *words, **more: done(name, 2))
    assert [done.name for done in account_check.life(Place("x", "y"))] == ["doctor"]
