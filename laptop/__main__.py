"""`python -m laptop`."""

from laptop.cli import laptop

if __name__ == "__main__":
    laptop(prog_name="python -m laptop")
