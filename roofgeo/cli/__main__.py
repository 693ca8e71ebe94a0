"""``python -m roofgeo.cli`` is the roofgeo command."""

from roofgeo.cli import main

if __name__ == "__main__":
    main(prog_name="roofgeo")
