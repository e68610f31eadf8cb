"""`python -m infra.plan`."""

from infra.plan.cli import main

if __name__ == "__main__":
    main()
