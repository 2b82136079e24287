"""`python -m skyportal_series` is the command `skyportal-series`."""

from .cli import main

main(prog_name="skyportal-series")
