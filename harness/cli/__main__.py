"""`python -m harness.cli` is `tinygate`."""

from harness.cli import main

if __name__ == "__main__":
    main()
