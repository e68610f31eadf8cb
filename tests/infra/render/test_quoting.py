"""KEY=value lines come back from bash as they went in."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.render.quoting import EnvironmentTextError, line

PRINTABLE = st.text(st.characters().filter(str.isprintable), max_size=40)
HARD = st.text(st.sampled_from("ab =#$'\"\\`!~*?&;|<>(){}[]%é€"), max_size=12)

# What a startup script does: the file is sourced with every variable exported.
READ = 'set -a; source "$1"; set +a; for name in "${@:2}"; do printf "%s\\0" "${!name}"; done'


def read_by_bash(text: str, names: list[str], folder: Path) -> list[str]:
    file = folder / "env"
    file.write_text(text, encoding="utf-8")
    command = ["bash", "-euc", READ, "bash", str(file), *names]
    done = subprocess.run(command, capture_output=True, check=True, cwd=folder)
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PRINTABLE | HARD, min_size=1, max_size=20))
@example(["", " ", "#", "a #b", "'", "''", "\\", "'\\", "\\'", "a\\\\", "$(id)", "`id`'", '"', "~"])
def test_bash_reads_every_printable_value_back(tmp_path: Path, values: list[str]) -> None:
    names = [f"V{number}" for number in range(len(values))]
    text = "".join(
        line(name, value, shell_only=True) + "\n" for name, value in zip(names, values, strict=True)
    )
    assert read_by_bash(text, names, tmp_path) == values


def read_by_compose(text: str) -> str:
    """compose-go v2.10, dotenv/parser.go: the rules for one line, without variables to fill in."""
    value = text.partition("=")[2]
    if value[:1] not in ("'", '"'):
        assert " #" not in value
        assert "$" not in value
        return value.rstrip()
    quote, read, escaped = value[0], "", False
    for place, character in enumerate(value[1:], 1):
        if character == quote and not escaped:
            assert place == len(value) - 1, "text after the closing quote"
            return _unescaped(read) if quote == '"' else read
        if character != quote and escaped:
            read += "\\"
        if character == "\\" and not escaped:
            escaped = True
            continue
        escaped = False
        read += character
    raise AssertionError("no closing quote")


def _unescaped(text: str) -> str:
    read, rest = "", text
    while rest:
        if rest[0] == "\\" and rest[1:2] in ("$", '"', "\\"):
            rest = rest[1:]
        else:
            assert rest[0] != "$", "a variable would be filled in"
        read, rest = read + rest[0], rest[1:]
    return read


@settings(max_examples=300)
@given(PRINTABLE | HARD)
@example("it's $5")
@example("C:\\")
@example("a'\\\"$")
def test_compose_reads_alike_whatever_is_not_refused(value: str) -> None:
    try:
        text = line("NAME", value)
    except EnvironmentTextError:
        assert "`" in value
        assert "'" in value or value.endswith("\\")
        return
    assert read_by_compose(text) == value


@pytest.mark.parametrize("value", ["two\nlines", "\x00", "tab\t", "\r", "\x1b[31m", "\u2028"])
def test_a_control_character_is_refused_without_repeating_the_value(value: str) -> None:
    with pytest.raises(EnvironmentTextError, match="NAME holds a line break") as refused:
        line("NAME", f"geheim{value}", shell_only=True)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("value", ["'`", "`\\"])
def test_what_compose_and_bash_read_differently_is_refused(value: str) -> None:
    with pytest.raises(EnvironmentTextError, match="leave the backtick out"):
        line("NAME", value)


@pytest.mark.parametrize("key", ["", "lower", "A-B", "1A", "A=B", "É"])
def test_a_key_that_is_no_variable_name_is_refused(key: str) -> None:
    with pytest.raises(EnvironmentTextError, match="is no variable name"):
        line(key, "value")


@pytest.mark.parametrize("value", ["https://203.0.113.10", "a@b.org", "true", "/dev/x", ""])
def test_ordinary_values_are_written_bare(value: str) -> None:
    assert line("NAME", value) == f"NAME={value}"
