"""What all commands of `python -m studio` share."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from studio.errors import StudioError

INTERRUPTED = 130


def connection_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add --url and --token-file."""
    url = click.option(
        "--url",
        help="Label Studio's address. Default: LABEL_STUDIO_URL, else the demo that runs here.",
    )
    token = click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with an API token. Default: LABEL_STUDIO_API_KEY.",
    )
    return url(token(command))


@contextmanager
def plain_errors() -> Iterator[None]:
    """End with the message alone when something is wrong, and quietly on Ctrl-C.

    Also where the system refuses: no permission, a full disk. A closed pipe is click's to handle.
    A name with letters that the terminal or the log cannot show is shown with their codes.
    """
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper) and out.errors == "strict":
        out.reconfigure(errors="backslashreplace")
    try:
        yield
    except StudioError as error:
        click.echo(f"studio: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        raise
    except OSError as error:
        # Libraries derive errors of their own from this one, which need their tracebacks.
        if not error.strerror:
            raise
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"studio: {where}{error.strerror}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("studio: interrupted; the next run goes on from here", err=True)
        sys.exit(INTERRUPTED)
