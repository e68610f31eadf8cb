"""`python -m weights`: the catalogue of models, and their weights on this machine."""

import argparse
import os
import shutil
import sys
import textwrap

from weights.access import Access
from weights.cache import Cache
from weights.catalogue import KINDS, Model, catalogue, choose
from weights.errors import WeightsError
from weights.file import megabytes
from weights.google import library_token
from weights.settings import load_settings
from weights.terminal import progress
from weights.verify import verify

INTERRUPTED = 130
NAMES = "names of the catalogue or of a set, or addresses with their hashes"


def main(arguments: list[str]) -> int:
    """Run the command line. Return the exit status."""
    words = _parser().parse_args(arguments)
    try:
        settings = load_settings(os.environ)
        access = Access(settings.mirror, library_token)
        cache = Cache(settings.cache, access, _say)
        match words.verb:
            case "list":
                print(table(shutil.get_terminal_size().columns))
                return 0
            case "fetch":
                return _fetch(_models(words.names), cache)
            case "where":
                return _where(_models([words.name]), cache)
            case _:
                chosen = words.names or [
                    name for kind in KINDS for name, one in catalogue()[kind].items() if one.files
                ]
                return _verify(_models(chosen), cache, access)
    except WeightsError as error:
        print(f"weights: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("weights: stopped. What arrived is kept: the same command goes on from there.")
        return INTERRUPTED


def table(width: int) -> str:
    """Return the catalogue as lines of at most `width` characters, which are at least 72."""
    rows = [("name", "kind", "size", "licence", "good for")]
    for kind in KINDS:
        for model in catalogue()[kind].values():
            size = megabytes(model.size) if model.size else "-"
            rows.append((model.name, kind, size, model.licence, model.good_for))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    indent = sum(widths) + 2 * len(widths)
    lines = []
    for row in rows:
        cells = [cell.ljust(widths[column]) for column, cell in enumerate(row[:4])]
        cells[2] = row[2].rjust(widths[2])
        text = "  ".join(cells) + "  " + row[4]
        lines.append(textwrap.fill(text, max(width, indent + 20), subsequent_indent=" " * indent))
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m weights", description="The models that Atelier knows, and their weights."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="show name, kind, size and licence of each model")
    fetch = verbs.add_parser("fetch", help="fetch models into the cache of this user")
    fetch.add_argument("names", nargs="+", metavar="NAME", help=NAMES)
    check = verbs.add_parser(
        "verify", help="ask the hosts for sizes and hashes, and check what is in the cache"
    )
    check.add_argument("names", nargs="*", metavar="NAME", help=f"{NAMES}; without one: all")
    where = verbs.add_parser("where", help="print where a model's weights are")
    where.add_argument("name", metavar="NAME", help=NAMES)
    return parser


def _models(names: list[str]) -> list[Model]:
    """Return the models of some words, each of which may choose one of each kind."""
    models = dict.fromkeys(model for name in names for model in choose(name).values())
    return list(models)


def _fetch(models: list[Model], cache: Cache) -> int:
    with progress(_say) as report:
        for model in models:
            if model.files:
                _say(f"{model.name} is in {cache.fetch(model, report)}")
            else:
                _say(f"{model.name} ({model.kind}) is part of Atelier: nothing to fetch")
    return 0


def _where(models: list[Model], cache: Cache) -> int:
    status = 0
    for model in models:
        if not model.files:
            _say(f"{model.name} ({model.kind}) is part of Atelier")
        elif cache.missing(model):
            print(
                f"weights: {model.name} is not here. Fetch it: python -m weights fetch "
                f"{model.name}",
                file=sys.stderr,
            )
            status = 1
        else:
            print(cache.path(model))
    return status


def _verify(models: list[Model], cache: Cache, access: Access) -> int:
    """Print a line a file. Return 1 for a difference, and for a host that could not be asked."""
    bad = 0
    for model in models:
        for file in model.files:
            try:
                found = verify(file, access)
                mark, words = "DIFFERS" if found.differs else "ok", found.words
            except WeightsError as error:
                mark, words = "UNKNOWN", str(error)
            whole = cache.check(file)
            if whole is not None:
                words += "; the copy in the cache is " + ("whole" if whole else "damaged")
                mark = mark if whole else "DAMAGED"
            bad += mark != "ok"
            print(f"{mark:7}  {model.name}  {file.name}: {words}", flush=True)
    return 1 if bad else 0


def _say(line: str) -> None:
    print(f"weights: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
