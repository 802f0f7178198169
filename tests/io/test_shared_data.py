"""Every published benchmark file at hand is read, as what it is."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from scheduler.errors import FormatError
from scheduler.io import fjsplib, jobshop, operation_graph, prata, read, singer_pinedo
from scheduler.io.formats import FORMATS

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
def test_all_files_are_read(folder: str, pattern: str, module: ModuleType) -> None:
    paths = sorted((DATA / folder).glob(pattern))
    assert paths
    for path in paths:
        # The suffix of many does not tell: the content has to.
        looks_like = next(format for format in FORMATS if format.matches(path.read_text(encoding="utf-8-sig")))
        assert looks_like.read.__module__ == module.__name__, path.name
        assert read(path).num_operations > 0


def test_sizes() -> None:
    # As published: ta71 has 100 jobs on 20 machines, mk01 10 jobs, 6 machines and 55 operations.
    ta71, mk01 = read(DATA / "jsp" / "ta" / "ta71.txt"), read(DATA / "fjsp" / "brandimarte" / "mk01.fjs")
    assert (len(ta71.jobs), len(ta71.machines), ta71.num_operations) == (100, 20, 2000)
    assert (len(mk01.jobs), len(mk01.machines), mk01.num_operations) == (10, 6, 55)


def steps(path: Path) -> list[list[tuple[str, int]]]:
    return [[(o.modes[0].machine, o.modes[0].duration) for o in job.operations] for job in read(path).jobs]


def test_other_forms_of_a_job_shop_agree_with_it() -> None:
    assert steps(DATA / "jsp-weighted-tardiness" / "abz5-1.3.txt") == steps(DATA / "jsp" / "abz" / "abz5.txt")
    # In gla01 only the times of the first five jobs stand by machine, as the format has it; those of the others stand
    # in the order of the operations. So it is another job shop than la01.
    la01, gla01 = steps(DATA / "jsp" / "la" / "la01.txt"), steps(DATA / "jsp-total-tardiness" / "gla01.txt")
    assert gla01[:5] == la01[:5]
    assert gla01[5:] != la01[5:]


@pytest.mark.parametrize("pattern", ["*/raw/**/*layout*.txt", "*/raw/**/solutions/**/*.txt"])
def test_what_is_no_instance_is_refused(pattern: str) -> None:
    paths = sorted(DATA.glob(pattern))
    assert paths
    for path in paths:
        with pytest.raises(FormatError):
            read(path)
