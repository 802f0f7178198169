"""Every published benchmark file at hand is read, as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.errors import FormatError
from scheduler.io import fjsplib, jobshop, operation_graph, prata, read, singer_pinedo
from scheduler.io.formats import read_instance

DATA = Path(__file__).parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the benchmark data are not beside the repository")

SETS = [
    ("fjsp", "**/*.fjs", fjsplib),
    ("jsp", "**/*.txt", jobshop),
    ("fjsp-naderi", "*.fjs", fjsplib),
    ("fjsp-sdst", "SDST/**/*.fjs", fjsplib),
    ("fjsp-workers", "*.fjs", fjsplib),
    ("fjsp-alternative-plans", "*.fjs", fjsplib),
    ("fjspt-berterottiere", "raw/instances/*.txt", fjsplib),
    ("fjspt-deroussi-norre", "raw/ekprogrammer_fjs_format/fjsp*.txt", fjsplib),
    ("fjspt-homayouni-fontes", "raw/msh0576_dataset/**/*.fjs", fjsplib),
    ("fjspt-homayouni-fontes", "raw/lucasberter_fattahi/*.txt", operation_graph),
    ("jsp-weighted-tardiness", "*.txt", singer_pinedo),
    ("jsp-total-tardiness", "*.txt", prata),
]


@pytest.mark.parametrize(("folder", "pattern", "module"), SETS, ids=[" ".join(row[:2]) for row in SETS])
def test_all_files_are_read(folder: str, pattern: str, module: object) -> None:
    paths = sorted((DATA / folder).glob(pattern))
    assert paths
    for path in paths:
        # Without suffix the content has to tell.
        text = path.read_text(encoding="utf-8-sig")
        assert read_instance(text, path.stem) == module.read(text, path.stem), path.name  # type: ignore[attr-defined]


def test_sizes() -> None:
    # As published: ta71 has 100 jobs on 20 machines, mk01 10 jobs, 6 machines and 55 operations.
    ta71, mk01 = read(DATA / "jsp" / "ta" / "ta71.txt"), read(DATA / "fjsp" / "brandimarte" / "mk01.fjs")
    assert (len(ta71.jobs), len(ta71.machines), ta71.num_operations) == (100, 20, 2000)
    assert (len(mk01.jobs), len(mk01.machines), mk01.num_operations) == (10, 6, 55)


def test_the_two_forms_of_one_job_shop_agree() -> None:
    # gla03 of the total tardiness set is la03 with due dates, abz5 of the weighted tardiness set is abz5.
    def steps(path: Path) -> list[list[tuple[str, int]]]:
        return [[(o.modes[0].machine, o.modes[0].duration) for o in job.operations] for job in read(path).jobs]

    pairs = [
        (DATA / "jsp-weighted-tardiness" / "abz5-1.3.txt", DATA / "jsp" / "abz" / "abz5.txt"),
        (DATA / "jsp-total-tardiness" / "gla01.txt", DATA / "jsp" / "la" / "la01.txt"),
    ]
    there = [(one, other) for one, other in pairs if one.is_file() and other.is_file()]
    assert there
    for one, other in there:
        assert steps(one) == steps(other)


@pytest.mark.parametrize("pattern", ["*/raw/**/*layout*.txt", "*/raw/**/solutions/**/*.txt"])
def test_what_is_no_instance_is_refused(pattern: str) -> None:
    paths = sorted(DATA.glob(pattern))
    assert paths
    for path in paths:
        with pytest.raises(FormatError):
            read(path)
