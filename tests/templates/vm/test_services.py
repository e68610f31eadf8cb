"""services.sh up to where a Docker daemon is needed: what it fetches, and what compose says."""

import base64
import json
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest

from tests.templates.vm.conftest import KEY, PASSWORD, ROOT, SECRET, VM, Machine, mode, served
from tests.templates.vm.metadata_server import TOKEN, Metadata

# The settings of this environment name no address.
OTHER_ENV = {"SECRETS_HASH", "PUBLIC_HOST"}
FETCH = "ensure_secrets; fetch"


def run(machine: Machine, commands: str = FETCH, status: int = 0) -> str:
    return machine.run(commands, script="services.sh", status=status)


@cache
def compose() -> list[str]:
    done = subprocess.run(
        ["scripts/install_compose.sh"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.split()


def with_compose(machine: Machine) -> None:
    """Let `docker compose` work where docker has no plugin; whatever needs a daemon fails."""
    if compose()[0] != "docker":
        machine.program(
            "docker", f'[[ $1 == compose ]] || exit 1\nshift\nexec {compose()[0]} "$@"\n'
        )


def machine_env(machine: Machine, folder: str = "next") -> dict[str, str]:
    lines = (machine.state / folder / "machine.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that has fetched its set, for cases that leave it and its metadata as they are."""
    with served() as metadata:
        machine = Machine(tmp_path_factory.mktemp("fetched") / "machine", metadata)
        run(machine)
        yield machine


def test_every_part_of_a_set_lies_in_its_place(fetched: Machine) -> None:
    found = fetched.state / "next"
    assert sorted(str(file.relative_to(found)) for file in found.rglob("*") if file.is_file()) == [
        "Caddyfile",
        "compose.gpu.yml",
        "compose.tls.yml",
        "compose.yml",
        "images.env",
        "machine.env",
        "project/labeling/garments.xml",
        "project/projects/project.yaml",
        "settings.env",
    ]
    assert (found / "compose.yml").read_text() == (VM / "compose.yml").read_text()
    assert mode(found) == "0o700"
    assert mode(found / "project/labeling/garments.xml") == "0o644"
    assert not (fetched.state / "incoming").exists()


def test_the_key_is_its_containers_alone(fetched: Machine) -> None:
    key = fetched.state / "google/key.json"
    assert key.read_text() == KEY
    assert mode(key) == "0o400"
    assert mode(key.parent) == "0o700"


def test_the_password_reaches_its_file_with_every_character(fetched: Machine) -> None:
    file = fetched.data / "secrets/admin_password"
    assert file.read_text() == PASSWORD
    assert mode(file) == "0o600"


def test_no_secret_is_said_or_left_in_a_set(machine: Machine) -> None:
    said = run(machine, FETCH + '; adopt; fetch; adopt; is_current || echo "another"')
    private = [PASSWORD, KEY, base64.b64encode(KEY.encode()).decode(), TOKEN]
    private += [file.read_text() for file in (machine.data / "secrets").iterdir()]
    texts = [said]
    for folder in ("current", "previous"):
        texts += [
            file.read_text() for file in (machine.state / folder).rglob("*") if file.is_file()
        ]
    assert not [text for text in texts if any(secret in text for secret in private)]


def test_the_same_metadata_makes_the_same_set(machine: Machine) -> None:
    assert run(machine, FETCH + "; adopt; fetch; is_current && echo same") == "same\n"


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"atelier_caddyfile": ":80\n"}, {"CADDYFILE_HASH"}),
        ({"atelier_env": f"AUTH_MODE=key\nADMIN_PASSWORD_SECRET={SECRET}/2\n"}, OTHER_ENV),
        (
            {
                "GOOGLE_APPLICATION_CREDENTIALS_BASE64": base64.b64encode(
                    KEY.replace("stand-in", "new").encode()
                ).decode()
            },
            {"GOOGLE_KEY_HASH"},
        ),
        ({"GOOGLE_APPLICATION_CREDENTIALS_BASE64": None}, {"GOOGLE_KEY_HASH"}),
        ({"atelier_project": "title: Other\nlabeling_config: ../labeling/garments.xml\n"}, set()),
    ],
    ids=["caddyfile", "password", "key", "no key", "project"],
)
def test_a_change_replaces_the_containers_that_read_it_and_no_other(
    machine: Machine, metadata: Metadata, change: dict[str, str | None], replaced: set[str]
) -> None:
    run(machine)
    before = machine_env(machine)
    metadata.set(**change)
    run(machine)
    after = machine_env(machine)
    assert {name for name in after if after[name] != before[name]} == replaced


def test_where_secret_manager_is_away_the_password_that_is_there_stays(
    machine: Machine, metadata: Metadata
) -> None:
    run(machine)
    metadata.secrets.clear()
    said = run(machine)
    assert "the admin password that is here stays" in said
    assert (machine.data / "secrets/admin_password").read_text() == PASSWORD


def test_without_a_key_none_is_left_behind(machine: Machine, metadata: Metadata) -> None:
    run(machine)
    metadata.set(GOOGLE_APPLICATION_CREDENTIALS_BASE64=None)
    run(machine)
    assert list((machine.state / "google").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://203.0.113.7", "203.0.113.7"),
        ("https://label.example.org", "label.example.org"),
        ("http://localhost:8080", "localhost"),
    ],
)
def test_label_studio_answers_to_the_address_that_labelers_open(
    machine: Machine, metadata: Metadata, url: str, host: str
) -> None:
    metadata.set(atelier_env=f"ATELIER_URL={url}\nADMIN_PASSWORD_SECRET={SECRET}/1\n")
    run(machine)
    assert machine_env(machine)["PUBLIC_HOST"] == host


@pytest.mark.parametrize("line", ["../own.xml", "'../own.xml' # ours", '"../own.xml"'])
def test_the_labeling_config_lies_where_the_project_file_says(
    machine: Machine, metadata: Metadata, line: str
) -> None:
    metadata.set(atelier_project=f"title: Own\nlabeling_config: {line}\n")
    run(machine)
    assert (machine.state / "next/project/own.xml").is_file()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"atelier_images": None}, "no metadata attribute atelier-images"),
        ({"atelier_env": "AUTH_MODE=key\n"}, "atelier-env names no ADMIN_PASSWORD_SECRET"),
        (
            {"atelier_env": f"ADMIN_PASSWORD_SECRET={SECRET}/9\n"},
            f"does not give {SECRET}/9 to this machine's service account (status 403)",
        ),
        (
            {"GOOGLE_APPLICATION_CREDENTIALS_BASE64": "%%%"},
            "is not a service account key in base64",
        ),
        ({"GOOGLE_APPLICATION_CREDENTIALS_BASE64": "aGVsbG8="}, "is not a service account key"),
        ({"atelier_project": "title: Own\n"}, "names the labeling config ''"),
        (
            {"atelier_project": "labeling_config: ../../../x.xml\n"},
            "a path in its folder or beside",
        ),
        ({"atelier_project": "labeling_config: /etc/x.xml\n"}, "a path in its folder or beside"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_by_name(
    machine: Machine, metadata: Metadata, change: dict[str, str | None], message: str
) -> None:
    metadata.set(**change)
    run(machine, status=1)
    assert metadata.phases()[-1] == "failed"
    assert message in metadata.message


def test_what_is_fetched_is_all_that_compose_asks_for(machine: Machine) -> None:
    with_compose(machine)
    text = run(machine, FETCH + '; adopt; compose "$CURRENT" --profile apply config --format json')
    services = json.loads(text)["services"]
    assert {port["published"] for port in services["caddy"]["ports"]} == {"80", "443"}
    assert {port["host_ip"] for port in services["caddy"]["ports"]} == {"0.0.0.0"}
    assert "203.0.113.7" in services["frontend"]["environment"]["ALLOWED_HOSTS"].split(",")
    assert services["apply"]["volumes"][1]["source"] == str(machine.state / "current/project")


def test_a_set_that_compose_refuses_never_becomes_the_current_one(
    machine: Machine, metadata: Metadata
) -> None:
    with_compose(machine)
    metadata.set(atelier_compose="services: {caddy: {imagee: x}}\n")
    said = run(machine, 'ensure_secrets; prepare; echo "$reason"')
    assert "compose refuses its files" in said
    assert "imagee" in said
    assert not (machine.state / "current").exists()


def test_a_set_that_was_refused_is_not_tried_again(machine: Machine) -> None:
    with_compose(machine)
    commands = FETCH + '; adopt; cp -a "$CURRENT" "$REFUSED"; prepare; echo "$reason"'
    assert "was refused before" in run(machine, commands)


def test_images_are_asked_for_with_the_machines_token_and_a_message_says_what_is_wrong(
    machine: Machine, metadata: Metadata
) -> None:
    # A docker that knows of one image, has none, and is refused by every registry.
    machine.program(
        "docker",
        f"""case $1 in
  compose) echo a/b@sha256:1 ;;
  login) cat >{machine.root}/given; exit 1 ;;
  *) exit 1 ;;
esac
""",
    )
    said = run(machine, FETCH + '; PULL_TRIES=1; pull; echo "$reason"')
    assert (machine.root / "given").read_text().strip() == TOKEN
    assert TOKEN not in said
    assert "europe-west1-docker.pkg.dev does not let this machine's service account in" in said
    assert metadata.message == "fetching the images, try 1 of 1"


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("one\ntwo\n\n", "two"),
        (
            "Traceback (most recent call last):\nRuntimeError: the weights do not fit this model\n"
            "[1] [ERROR] Reason: Worker failed to boot.\n",
            "RuntimeError: the weights do not fit this model",
        ),
        ("", ""),
    ],
)
def test_a_sick_containers_last_words_are_its_own_error(
    machine: Machine, log: str, words: str
) -> None:
    file = machine.root / "log"
    file.write_text(log)
    assert run(machine, f'echo "$(last_words "{file}")"').strip() == words
