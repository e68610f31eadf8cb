"""Run every benchmark: python -m benchmarks."""

from benchmarks.accuracy import main

if __name__ == "__main__":
    main()
