"""``python -m scheduler`` is the command line."""

from scheduler.cli import main

main(prog_name="scheduler")
