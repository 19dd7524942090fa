"""Runs the helper."""

from .serve import main

if __name__ == "__main__":
    main()
