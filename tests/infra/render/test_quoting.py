"""KEY=value lines come back from bash as they went in."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.render.quoting import EnvironmentTextError, line

ROOT = Path(__file__).parents[3]
# Python's printable characters: no separators but the space, and nothing that is not a character.
PRINTABLE = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
    | st.just(" "),
    max_size=40,
)
HARD = st.text(st.sampled_from("ab =#$'\"\\`!~*?&;|<>(){}[]%é€"), max_size=12)

HARDEST = [
    *["", " ", "#", "a #b", "'", "''", "\\", "'\\", "\\'", "a\\\\", "$(id)", "`id`", '"', "~", "="],
    *["it's $5", "C:\\", "a'\\\"$", "'$$HOME ${HOME}", "'\\n", "'\\0101", "'#", " 'x"],
]

# What a startup script does: the file is sourced with every variable exported.
READ = 'set -a; source "$1"; set +a; for name in "${@:2}"; do printf "%s\\0" "${!name}"; done'


def read_by_bash(text: str, names: list[str], folder: Path) -> list[str]:
    file = folder / "env"
    file.write_text(text, encoding="utf-8")
    command = ["bash", "-euc", READ, "bash", str(file), *names]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples: each writes its files over the last one's."""
    return tmp_path_factory.mktemp("read")


def accepted(value: str) -> str:
    """Return a value without the backticks that `line` refuses."""
    refused = "`" in value and ("'" in value or value.endswith("\\"))
    return value.replace("`", "") if refused else value


@settings(max_examples=40)
@given(st.lists((PRINTABLE | HARD).map(accepted), min_size=1, max_size=20))
@example(HARDEST)
def test_bash_reads_every_value_back_that_is_not_refused(folder: Path, values: list[str]) -> None:
    names = [f"V{number}" for number in range(len(values))]
    text = "".join(f"{line(name, value)}\n" for name, value in zip(names, values, strict=True))
    assert read_by_bash(text, names, folder) == values


@pytest.fixture(scope="module")
def compose() -> list[str]:
    installed = subprocess.run(
        ["scripts/install_compose.sh"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return installed.stdout.split()


def read_by_compose(compose: list[str], text: str, names: list[str], folder: Path) -> list[str]:
    (folder / "env").write_text(text, encoding="utf-8")
    service = {"image": "x", "environment": {name: f"${{{name}}}" for name in names}}
    (folder / "compose.yml").write_text(json.dumps({"services": {"x": service}}))
    command = [*compose, "--env-file", "env", "--file", "compose.yml", "config", "--format=json"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder)
    assert done.stderr == b""
    read = json.loads(done.stdout)["services"]["x"]["environment"]
    # Its output is a compose file again, in which a dollar is written twice.
    return [read[name].replace("$$", "$") for name in names]


@pytest.mark.integration
@settings(max_examples=25)
@given(st.lists((PRINTABLE | HARD).map(accepted), min_size=10, max_size=40))
@example(HARDEST)
def test_bash_and_compose_read_alike_whatever_is_not_refused(
    folder: Path, compose: list[str], values: list[str]
) -> None:
    names = [f"V{number}" for number in range(len(values))]
    text = "".join(f"{line(name, value)}\n" for name, value in zip(names, values, strict=True))
    assert read_by_compose(compose, text, names, folder) == values
    assert read_by_bash(text, names, folder) == values


@pytest.mark.parametrize("value", ["two\nlines", "\x00", "tab\t", "\r", "\x1b[31m", "\u2028"])
def test_a_control_character_is_refused_without_repeating_the_value(value: str) -> None:
    with pytest.raises(EnvironmentTextError, match="NAME holds a line break") as refused:
        line("NAME", f"geheim{value}")
    assert "geheim" not in str(refused.value)


@pytest.mark.integration
def test_a_backtick_beside_a_quote_is_what_compose_reads_differently(
    tmp_path: Path, compose: list[str]
) -> None:
    text = """V="'\\`"\n"""
    assert read_by_compose(compose, text, ["V"], tmp_path) == ["'\\`"]
    assert read_by_bash(text, ["V"], tmp_path) == ["'`"]


@pytest.mark.parametrize("value", ["'`", "`\\"])
def test_what_compose_and_bash_read_differently_is_refused(value: str) -> None:
    with pytest.raises(EnvironmentTextError, match="leave the backtick out"):
        line("NAME", value)


@pytest.mark.parametrize("key", ["", "lower", "A-B", "1A", "A=B", "É"])
def test_a_key_that_is_no_variable_name_is_refused(key: str) -> None:
    with pytest.raises(EnvironmentTextError, match="is not a variable name"):
        line(key, "value")


@pytest.mark.parametrize("value", ["https://203.0.113.10", "a@b.org", "true", "/dev/x", ""])
def test_ordinary_values_are_written_bare(value: str) -> None:
    assert line("NAME", value) == f"NAME={value}"
