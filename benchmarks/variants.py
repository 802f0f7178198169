"""The variants of the compiled search that `ablation` compares: each is the default with something else."""

from __future__ import annotations

from dataclasses import replace

from scheduler.search.tabu.settings import Settings

DEFAULT = "default"
VARIANTS: dict[str, Settings] = {
    DEFAULT: Settings(),
    "N5": replace(Settings(), neighbourhood="N5"),
    "N6": replace(Settings(), neighbourhood="N6"),
    "tenure-half": replace(Settings(), tenure=0.5),
    "tenure-double": replace(Settings(), tenure=2.0),
    "not-reactive": replace(Settings(), reactive=False),
    "random-starts": replace(Settings(), starts="random"),
    "elite-8": replace(Settings(), elite=8),
    "elite-32": replace(Settings(), elite=32),
    "no-relinking": replace(Settings(), relinking=False),
    "patience-half": replace(Settings(), patience=0.5),
    "patience-double": replace(Settings(), patience=2.0),
}
