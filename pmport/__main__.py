"""``python -m pmport``: the command, without its script."""

from pmport.cli import main

if __name__ == "__main__":
    main()
