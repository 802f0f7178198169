"""Killing real processes: a loop in a process of its own, kill -9 at random moments, until it is through.

``PYTHONPATH=.:tests python tests/loop/kill.py KILLS SEED`` prints what was wrong, if anything.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shop import answer_all, breakdown, current, delay, starts, verdicts

from scheduler.loop import Journal
from scheduler.loop.replay import flaws

EVENTS = [breakdown(f"B{n}", n, n + 1, f"M{1 + n % 3}") for n in range(8)] + [delay("D", 9, "J2.2", 3)]


def child(folder: Path, kill_at: int) -> None:
    """Answer all events; die at a step, if it is not negative, by the hand of the system."""
    steps = iter(range(10**9))

    def die(_: str) -> None:
        if next(steps) == kill_at:
            os.kill(os.getpid(), 9)

    answer_all(folder, EVENTS, on_step=die)


def killed_again_and_again(folder: Path, kills: int, seed: int) -> list[str]:
    """Kill the loop so many times at random moments, let it end, and return what is wrong with its journal.

    Half of the kills come right after a step of the protocol, half at any moment from outside.
    """
    rng = random.Random(seed)
    lasts, wrong, before = 1.0, [], -1
    for number in range(kills + 1):
        folder_now = folder / str(number // 20)  # a journal that is through has nothing left to interrupt
        folder_now.mkdir(exist_ok=True)
        before = before if number % 20 else -1  # another journal begins at the beginning
        inside = rng.randrange(45) if number < kills and rng.random() < 0.5 else -1
        command = [sys.executable, __file__, "--child", str(folder_now), str(inside)]
        process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        if number < kills and inside < 0:
            time.sleep(rng.random() * lasts)
            process.kill()
        process.wait()
        if (folder_now / "current.json").exists():
            shown = current(folder_now)["revision"]
            wrong += [f"revision {before} became {shown}"] if shown < before else []
            before = shown
    return wrong


def through(folder: Path) -> list[str]:
    """Let the loop in a folder answer what is left, and return what is wrong with it."""
    answer_all(folder, EVENTS)
    with Journal(folder / "journal.db", only_read=True) as journal:
        wrong = [str(flaw) for flaw in flaws(journal, folder)]
        received = len(list(journal.entries("received")))
    if received != len(EVENTS):
        wrong.append(f"{received} events were received instead of {len(EVENTS)}")
    return wrong + [f"{event} is {verdict}" for event, verdict in verdicts(folder).items() if verdict != "accepted"]


def main(kills: int, seed: int) -> list[str]:
    """Kill, and compare what is left with a loop that nobody killed."""
    with tempfile.TemporaryDirectory() as name:
        folder, whole = Path(name) / "killed", Path(name) / "whole"
        folder.mkdir()
        whole.mkdir()
        answer_all(whole, EVENTS)
        wrong = killed_again_and_again(folder, kills, seed)
        for journal in sorted(folder.iterdir()):
            wrong += through(journal)
            if starts(journal) != starts(whole):
                wrong.append(f"{journal.name}: another schedule than without kills")
        return wrong


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        problems = main(int(sys.argv[1]), int(sys.argv[2]))
        print(f"{sys.argv[1]} kills, {len(problems)} problems", *problems, sep="\n")
        sys.exit(bool(problems))
