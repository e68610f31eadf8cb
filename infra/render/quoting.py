r"""KEY=value lines that bash and docker compose read alike.

A value is written in the first of three forms that can hold it:

    KEY=value     letters, digits and `_ - . , : / @ % + =`, which nobody interprets
    KEY='value'   no single quote and no backslash at the end
    KEY="value"   the rest, with a backslash before `\`, `"` and `$`; no backtick

`source` in bash reads every line back exactly, and so does compose's --env-file (compose-go's
dotenv). A backtick in the third form they would read differently, as compose keeps the backslash
before it: `line` refuses it. A line break or another control character has no form.
"""

import re

KEY = re.compile(r"[A-Z][A-Z0-9_]*", re.ASCII)
PLAIN = re.compile(r"[\w\-.,:/@%+=]*", re.ASCII)
SPECIAL = re.compile(r'[\\"$]')


class EnvironmentTextError(ValueError):
    """A key or value that no line can hold; the message never repeats the value."""


def line(key: str, value: str) -> str:
    """Return one line without its line break.

    Args:
        key: Capital letters, digits and underscores.
        value: Any printable characters.

    Raises:
        EnvironmentTextError: if the value cannot be written so that its readers agree.
    """
    if not KEY.fullmatch(key):
        raise EnvironmentTextError(
            f"{key!r} is not a variable name: write capital letters, digits and underscores"
        )
    if not value.isprintable():
        raise EnvironmentTextError(
            f"{key} holds a line break or another control character: leave it out"
        )
    if PLAIN.fullmatch(value):
        return f"{key}={value}"
    if "'" not in value and not value.endswith("\\"):
        return f"{key}='{value}'"
    if "`" in value:
        raise EnvironmentTextError(
            f"{key} holds a backtick beside a single quote or a closing backslash, which"
            " docker compose and bash read differently: leave the backtick out"
        )
    return f'{key}="{SPECIAL.sub(lambda match: chr(92) + match[0], value)}"'
