"""`python -m infra.operate`."""

from infra.operate.cli import main

if __name__ == "__main__":
    main()
