"""The variants of the compiled search that `ablation` compares: each is the default with something else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scheduler.search.tabu.settings import Settings


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings of the search, and the share of the time in which CP-SAT makes the schedule that it is given better."""

    settings: Settings = field(default_factory=Settings)
    cpsat_share: float = 0.0


DEFAULT = "default"
VARIANTS: dict[str, Variant] = {
    DEFAULT: Variant(),
    "N5": Variant(replace(Settings(), neighbourhood="N5")),
    "N6": Variant(replace(Settings(), neighbourhood="N6")),
    "tenure-half": Variant(replace(Settings(), tenure=0.5)),
    "tenure-double": Variant(replace(Settings(), tenure=2.0)),
    "not-reactive": Variant(replace(Settings(), reactive=False)),
    "random-starts": Variant(replace(Settings(), starts="random")),
    "beam-starts": Variant(replace(Settings(), starts="beam")),
    "construction-start": Variant(replace(Settings(), starts="given")),
    "cpsat-start": Variant(replace(Settings(), starts="given"), cpsat_share=0.2),
    "elite-8": Variant(replace(Settings(), elite=8)),
    "elite-32": Variant(replace(Settings(), elite=32)),
    "no-relinking": Variant(replace(Settings(), relinking=False)),
    "patience-half": Variant(replace(Settings(), patience=0.5)),
    "patience-double": Variant(replace(Settings(), patience=2.0)),
}
