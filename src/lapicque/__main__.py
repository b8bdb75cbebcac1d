"""``python -m lapicque`` is the command line."""

from lapicque.cli import main

if __name__ == "__main__":
    main(prog_name="lapicque")
