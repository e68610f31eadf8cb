"""Write garment scenes and their catalogue: python -m demo.scenes FOLDER --count 12."""

from __future__ import annotations

import argparse
from pathlib import Path

from demo.scenes.folder import write


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not HEIGHTxWIDTH, such as 900x600")
    return int(height), int(width)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m demo.scenes", description="Draw garment scenes and their catalogue."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--size", type=_size, default=(900, 600), metavar="HEIGHTxWIDTH")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        paths = write(options.folder, options.count, options.size, options.seed)
    except ValueError as error:
        parser.error(str(error))
    print(f"{len(paths)} scenes and catalogue.csv in {options.folder}")


if __name__ == "__main__":
    main()
