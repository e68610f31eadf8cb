#!/usr/bin/env python3
"""Take a stack through its life on Google Cloud, and compare what happens with the stand-in.

    scripts/account_check.py --project my-project     about a dollar and half an hour
    scripts/account_check.py --double                 both sides on the stand-in: no account

It runs the commands of docs/deploying.md for a stack of its own, `check`, without a GPU: doctor,
preview, up, stop, start, destroy. Each is run on the stand-in first, then on Google Cloud. What
both said, and what the state keeps of Google's answers, is compared. The report is written to
.local/account-check/report.md, without project, addresses, e-mail addresses and secrets, to be
pasted into an issue. Whatever fails, and after Ctrl-C, the stack is destroyed at the end, and the
script says so where that failed. Exit status: 0 when both agree, 1 when they differ, 2 when nothing
was begun.
"""

import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".local" / "account-check"
PYTHON = ROOT / ".local" / "env" / "operator" / "bin" / "python"
STACK = "check"
CONFIG = {
    "atelier:preset": "cpu",
    # All of it goes at the end.
    "atelier:keepData": "false",
    # The hour of the check is no working hour everywhere.
    "atelier:workHours": "off",
    "atelier:maxRunHours": "2",
}
SHOWN_LINES = 80
INTERRUPTED = 130

# What names somebody, an account or a way in, and what is shown in its place.
SECRETS: tuple[tuple[str, str], ...] = (
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", "PRIVATE-KEY"),
    (r"\bya29\.[\w.-]+", "TOKEN"),
    (r"\bAIza[\w-]{30,}", "API-KEY"),
    (r"\bpul-[0-9a-f]{30,}", "TOKEN"),
    (r"https://app\.pulumi\.com/\S+", "PULUMI-PAGE"),
    (r"[A-Za-z0-9+/]{80,}={0,2}", "LONG-TEXT"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "SOMEBODY"),
    (r"\b[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}\b", "BILLING-ACCOUNT"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "ADDRESS"),
    (r"\bprojects/\d{6,}", "projects/NUMBER"),
    (r"\b\d{10,}\b", "NUMBER"),
)
# What is another one each time.
PASSING: tuple[tuple[str, str], ...] = (
    (r"\b[0-9a-f]{32,}\b", "HASH"),
    (r"-[0-9a-f]{7}\b", "-SUFFIX"),
)
_COUNT = re.compile(r"^ {4}[+~-]{0,2} ?(\d+) (created|updated|deleted|unchanged|replaced)\b", re.M)
_FINDING = re.compile(r"^  (ok|warning|ERROR) +(\S+(?: \S+)?)  ", re.M)


@dataclass(frozen=True)
class Done:
    """One command, what it said without what is nobody's business, and what is compared of it."""

    name: str
    status: int
    said: str
    seconds: float
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    details: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass
class Place:
    """Where the commands run.

    Attributes:
        prefix: What comes before a command.
        make: What `make` is told beside the stack.
        config: What leads pulumi to the stack's config.
        hidden: Words that the report must not have, with what stands for them.
    """

    name: str
    project: str
    prefix: Sequence[str] = ()
    make: Sequence[str] = ()
    config: Sequence[str] = ()
    hidden: Mapping[str, str] = field(default_factory=dict[str, str])

    def run(
        self,
        name: str,
        command: Sequence[str],
        text: str = "",
        look: Callable[[str], tuple[Mapping[str, str], Mapping[str, str]]] | None = None,
    ) -> Done:
        """Run a command, and show that it runs.

        Args:
            name: The step's.
            command: What is run.
            text: Its standard input.
            look: Makes facts and details of what it printed; else they are read as pulumi's words.
        """
        print(f"{self.name}: {' '.join(command)}", flush=True)
        started = time.monotonic()
        process = subprocess.Popen(
            [*self.prefix, *command] if command[0] != "make" else command,
            cwd=ROOT,
            env=os.environ | {"PULUMI_STACK": STACK},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        status = 0
        try:
            raw, _ = process.communicate(text)
        except KeyboardInterrupt:
            # It had the Ctrl-C too, and ends in order.
            print("    ending; another Ctrl-C leaves everything as it is", flush=True)
            raw, _ = process.communicate()
            status = INTERRUPTED
        seconds = time.monotonic() - started
        status = status or process.returncode
        print(f"    exit status {status}, {seconds:.0f} s", flush=True)
        said = redacted(raw, self.hidden)
        facts, details = look(raw) if look else (told(name, said), {})
        return Done(name, status, said, seconds, {"exit status": str(status), **facts}, details)

    def verb(self, verb: str, *words: str) -> Done:
        """Run one of make's verbs."""
        return self.run(verb, ["make", verb, f"STACK={STACK}", *self.make, *words])

    def pulumi(self, name: str, *words: str, text: str = "") -> Done:
        """Run pulumi on the stack."""
        config = self.config if words[0] in ("config", "preview") else ()
        return self.run(name, ["pulumi", *words, "--stack", STACK, *config], text)

    def state(self, name: str) -> Done:
        """Look at the state; its values go nowhere, but for the IDs."""
        command = ["pulumi", "stack", "export", "--stack", STACK]
        return self.run(name, command, look=lambda raw: kept(raw, self.hidden))


def told(name: str, said: str) -> Mapping[str, str]:
    """Return what the doctor would not begin, and how much an operation changed."""
    found: dict[str, str] = {}
    for severity, check in _FINDING.findall(said) if name == "doctor" else []:
        # A warning is the project's: of an API, say, that is off as yet.
        fact = f"doctor: {check}"
        found[fact] = "error" if severity == "ERROR" else found.get(fact, "no error")
    return {**found, **{word: number for number, word in _COUNT.findall(said)}}


def kept(exported: str, hidden: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a state keeps: the IDs of each type, and of which form each property is."""
    try:
        state = cast("dict[str, Any]", json.loads(exported[exported.index("{") :]))
    except ValueError:
        return {"state": "not readable"}, {}
    held = cast("list[dict[str, Any]]", (state.get("deployment") or {}).get("resources") or [])
    ids: dict[str, list[str]] = {}
    forms: dict[str, str] = {}
    for resource in held:
        kind = str(resource["type"])
        if not kind.startswith("gcp:"):
            continue
        ids.setdefault(kind, []).append(passing(redacted(str(resource.get("id", "")), hidden)))
        for key, value in cast("dict[str, Any]", resource.get("outputs") or {}).items():
            if value not in (None, "", [], {}):
                forms[f"{kind} {key}"] = "secret" if _is_secret(value) else type(value).__name__
    facts = {f"id of {kind}": ", ".join(sorted(them)) for kind, them in ids.items()}
    return {"resources": str(len(held)), **facts}, forms


def _is_secret(value: object) -> bool:
    # sdk/go/common/resource: marks a secret in a state.
    return isinstance(value, dict) and "4dabf18193072939515e22adb298388d" in value


def redacted(text: str, hidden: Mapping[str, str]) -> str:
    """Return the text without what names somebody or opens something."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for word in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(word, hidden[word])
    for pattern, instead in SECRETS:
        text = re.sub(pattern, instead, text, flags=re.DOTALL)
    return text


def passing(text: str) -> str:
    """Return the text without what is another one each time."""
    for pattern, instead in PASSING:
        text = re.sub(pattern, instead, text)
    return text


def life(place: Place) -> Iterator[Done]:
    """Take the stack through its life; a step that fails ends it, with `destroy`."""
    doctor = place.verb("doctor")
    yield doctor
    if doctor.status:
        return
    for step in steps(place):
        yield step
        if step.status:
            break
    yield place.verb("destroy", "YES=1")
    yield place.state("what is left")


def steps(place: Place) -> Iterator[Done]:
    """Yield what is done between the doctor and the end."""
    yield place.verb("preview")
    yield place.verb("up", "YES=1")
    yield place.state("what the state keeps")
    yield place.pulumi("nothing to change", "preview", "--expect-no-changes", "--non-interactive")
    yield place.verb("stop")
    yield place.verb("start")


def configured(place: Place, images: str) -> None:
    """Set the stack's settings.

    Raises:
        SystemExit: pulumi refuses.
    """
    password = secrets.token_urlsafe(24)
    place.hidden = {password: "PASSWORD", **place.hidden}
    values = {"gcp:project": place.project, **CONFIG, "atelier:images": images}
    for key, value in values.items():
        need(place.pulumi("config", "config", "set", key, value))
    secret = ("config", "set", "--secret", "atelier:adminPassword")
    need(place.pulumi("config", *secret, text=password))


def need(done: Done) -> None:
    """End where a step failed without which nothing can be begun.

    Raises:
        SystemExit: It failed.
    """
    if done.status:
        print(done.said, file=sys.stderr)
        sys.exit(2)


def differences(double: Sequence[Done], google: Sequence[Done]) -> list[str]:
    """Return in what the two differ, a line of the report's table each."""
    return _rows(double, google, lambda done: done.facts)


def other_forms(double: Sequence[Done], google: Sequence[Done]) -> list[str]:
    """Return in which properties of the state they differ, likewise: the provider fills in more."""
    return _rows(double, google, lambda done: done.details)


def _rows(
    double: Sequence[Done], google: Sequence[Done], of: Callable[[Done], Mapping[str, str]]
) -> list[str]:
    rows: list[str] = []
    said = {done.name: done for done in google}
    for one in double:
        here = of(one)
        other = said.get(one.name)
        if here and other is None:
            rows.append(f"| {one.name} | exit status | {one.status} | not reached |")
            continue
        there = of(other) if other else {}
        for fact in dict.fromkeys((*here, *there)):
            ours, theirs = here.get(fact, "-"), there.get(fact, "-")
            if ours != theirs:
                rows.append(f"| {one.name} | {fact} | {ours} | {theirs} |")
    return rows


def report(double: Sequence[Done], google: Sequence[Done]) -> str:
    """Return the report in Markdown."""
    seconds = {done.name: done.seconds for done in double}
    parts = ["# A stack's life: the stand-in and Google Cloud", ""]
    parts += ["| step | stand-in | Google Cloud |", "|---|---|---|"]
    for done in google:
        here = seconds.get(done.name)
        parts.append(
            f"| {done.name} | {'-' if here is None else f'{here:.0f} s'} |"
            f" exit status {done.status}, {done.seconds:.0f} s |"
        )
    heading = ["| step | what | stand-in | Google Cloud |", "|---|---|---|---|"]
    rows, forms = differences(double, google), other_forms(double, google)
    parts += ["", "## Where they differ", "", *([*heading, *rows] if rows else ["Nowhere."])]
    if forms:
        parts += ["", *_folded("What the state keeps in another form", [*heading, *forms])]
    parts += ["", "## What Google Cloud said", ""]
    for done in google:
        if not done.details and done.name != "what is left":
            shown = done.said.strip().splitlines()[-SHOWN_LINES:]
            parts += _folded(done.name, ["```text", *shown, "```"])
    return "\n".join(parts)


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def the_double() -> Place:
    """Return the stand-in, with an empty stack."""
    run = (str(PYTHON), "-m", "tests.cloud.run", "--")
    hidden = {"demo-project": "PROJECT"}
    return Place(
        "stand-in", "demo-project", run, ("CLOUD=double",), ("--config-file", "{config}"), hidden
    )


def googles(project: str) -> Place:
    """Return Google Cloud, with a new stack.

    Raises:
        SystemExit: there is such a stack already, which somebody may use.
    """
    place = Place("Google Cloud", project, hidden={project: "PROJECT", str(Path.home()): "~"})
    if (ROOT / f"Pulumi.{STACK}.yaml").exists():
        print(f"Pulumi.{STACK}.yaml is there: an earlier check, or a stack of yours. To end it:")
        print(f"    make destroy STACK={STACK} && pulumi stack rm {STACK}")
        sys.exit(2)
    need(place.run("stack", ["pulumi", "stack", "init", STACK, "--no-select"]))
    return place


def lived(place: Place, images: str) -> list[Done]:
    """Configure a stack and return what its life was."""
    configured(place, images)
    return list(life(place))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both lives, and write the report."""
    about, _, more = (__doc__ or "").partition("\n\n")
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=about, epilog=more, formatter_class=form)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--project", help="the Google Cloud project")
    where.add_argument("--double", action="store_true", help="both sides on the stand-in")
    parser.add_argument(
        "--images", choices=("docker", "cloudbuild"), default="docker", help="who builds the images"
    )
    given = parser.parse_args(arguments)
    if subprocess.run(["python3", "scripts/bootstrap.py", "operator"], cwd=ROOT).returncode:
        return 2
    double = lived(the_double(), given.images)
    google = lived(the_double() if given.double else googles(given.project), given.images)
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / "report.md"
    file.write_text(report(double, google), encoding="utf-8")
    ended = {done.name: done.status for done in google}
    if ended.get("destroy"):
        print(f"destroy FAILED, and what is left costs money: make destroy STACK={STACK}")
    elif "destroy" in ended and not given.double:
        print(f"The stack is destroyed. To forget the stack: pulumi stack rm {STACK}")
    rows = differences(double, google)
    print(f"{file.relative_to(ROOT)}: {len(rows)} differences")
    return 1 if rows or ended.get("destroy") else 0


if __name__ == "__main__":
    sys.exit(main())
