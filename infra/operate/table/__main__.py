"""`python -m infra.operate.table`."""

from infra.operate.table.cli import main

if __name__ == "__main__":
    main()
