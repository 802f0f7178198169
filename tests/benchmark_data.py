"""A tiny data folder for the benchmarks, and their commands."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from benchmarks.__main__ import main


def bench(*arguments: str) -> Result:
    """Run ``python -m benchmarks`` with these arguments, here."""
    return CliRunner().invoke(main, arguments)


def table(folder: Path, *lines: str) -> None:
    """Write `best_known.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "best_known.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def tiny_data(folder: Path) -> Path:
    """Make three sets of one instance each, and a list that names the first two."""
    table(folder / "jsp", "family,instance,lower_bound,upper_bound", "small,two,6,7")
    (folder / "jsp" / "small").mkdir()
    (folder / "jsp" / "small" / "two.txt").write_text("2 2\n0 3 1 2\n1 2 0 4\n", encoding="utf-8")
    table(folder / "fjsp", "family,instance,lower_bound,upper_bound", "other,free,,4")
    (folder / "fjsp" / "other").mkdir()
    (folder / "fjsp" / "other" / "free.fjs").write_text("2 2\n1 2 1 3 2 3\n1 2 1 3 2 3\n", encoding="utf-8")
    listed = ("kind,family,instance", "jsp,small,two", "fjsp,other,free")
    (folder / "probe.csv").write_text("\n".join(listed) + "\n", encoding="utf-8")
    # One machine, two jobs of 3 and 2 ticks, due at 1 (weight 1) and 2 (weight 5): the second first, 1 * (5 - 1) = 4.
    table(
        folder / "late",
        "instance,lower_bound,upper_bound,objective",
        "due,4,4,total weighted tardiness",
        "due,5,5,makespan",
    )
    (folder / "late" / "due.txt").write_text("2 1 2\n0 1 1 1 1 3\n0 2 5 1 1 2\n", encoding="utf-8")
    return folder
