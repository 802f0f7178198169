"""Uses of machines and carriers: what a job of a plan takes, and which uses collide modulo the cycle time."""

from __future__ import annotations

from numba import njit

from scheduler.search.cyclic.facts import MOST_LEGS, Facts, Plan, Uses


@njit(cache=True, nogil=True)
def route_of(facts: Facts, plan: Plan, job: int, link: int) -> int:
    """Return the route of a link of a job between the modes of the plan."""
    after = link - job
    row, column, width = 0, 0, 1
    if after < facts.ops_at[job + 1]:
        column = plan.mode[after]
        width = facts.modes_at[after + 1] - facts.modes_at[after]
    if after > facts.ops_at[job]:
        row = plan.mode[after - 1]
    return facts.routes_at[link] + row * width + column


@njit(cache=True, nogil=True)
def gap(facts: Facts, resource: int, before: int, after: int) -> int:
    """Return the setup or the empty travel from one family or place to another."""
    return facts.gaps[facts.gaps_at[resource] + before * facts.gaps_width[resource] + after]


@njit(cache=True, nogil=True)
def use(
    uses: Uses,
    resource: int,
    job: int,
    start: int,
    end: int,
    first: int,
    last: int,
    start_instant: int,
    start_offset: int,
    end_instant: int,
    end_offset: int,
) -> None:
    """Add a use."""
    k = uses.size[resource]
    uses.size[resource] = k + 1
    uses.job[resource, k] = job
    uses.start[resource, k] = start
    uses.end[resource, k] = end
    uses.first[resource, k] = first
    uses.last[resource, k] = last
    uses.start_instant[resource, k] = start_instant
    uses.start_offset[resource, k] = start_offset
    uses.end_instant[resource, k] = end_instant
    uses.end_offset[resource, k] = end_offset


@njit(cache=True, nogil=True)
def use_leg(facts: Facts, plan: Plan, uses: Uses, job: int, slot: int) -> None:
    """Add what a loaded move takes of its carrier."""
    option = plan.option[slot]
    instant = len(plan.mode) + slot
    start, length = plan.time[instant], facts.length[option]
    places = facts.origin[option], facts.destination[option]
    use(uses, facts.carrier[option], job, start, start + length, *places, instant, 0, instant, length)


@njit(cache=True, nogil=True)
def use_machine(facts: Facts, plan: Plan, uses: Uses, job: int, op: int, is_open: bool) -> None:
    """Add what the visit of a part takes of its machine; `is_open`: up to the end of the operation only."""
    mode = facts.modes_at[op] + plan.mode[op]
    machine = facts.machine[mode]
    start_instant, start_offset = op, 0
    way_in = route_of(facts, plan, job, op + job)
    num_in = facts.legs_at[way_in + 1] - facts.legs_at[way_in]
    if facts.holds_before[machine] and num_in > 0:
        slot = MOST_LEGS * (op + job) + num_in - 1
        option = plan.option[slot]
        start_instant, start_offset = len(plan.mode) + slot, facts.length[option] - facts.drop[option]
    end_instant, end_offset = op, facts.duration[mode]
    if not is_open:
        end_instant, end_offset = visit_end(facts, plan, job, op)
    start = plan.time[start_instant] + start_offset
    end = plan.time[end_instant] + end_offset
    family = facts.family[mode]
    use(uses, machine, job, start, end, family, family, start_instant, start_offset, end_instant, end_offset)


@njit(cache=True, nogil=True)
def visit_end(facts: Facts, plan: Plan, job: int, op: int) -> tuple[int, int]:
    """Return when the visit of an operation's machine ends, as an instant and an offset."""
    mode = facts.modes_at[op] + plan.mode[op]
    if facts.holds_after[facts.machine[mode]]:
        way = route_of(facts, plan, job, op + job + 1)
        if facts.legs_at[way + 1] > facts.legs_at[way]:
            if facts.leaves[way]:
                slot = MOST_LEGS * (op + job + 1)
                return len(plan.mode) + slot, facts.pick_up[plan.option[slot]]
        elif op + 1 < facts.ops_at[job + 1]:
            return op + 1, 0
    return op, facts.duration[mode]


@njit(cache=True, nogil=True)
def use_job(facts: Facts, plan: Plan, uses: Uses, job: int) -> None:
    """Add all uses of a job."""
    for op in range(facts.ops_at[job], facts.ops_at[job + 1]):
        use_link(facts, plan, uses, job, op + job)
        use_machine(facts, plan, uses, job, op, False)
    use_link(facts, plan, uses, job, facts.ops_at[job + 1] + job)


@njit(cache=True, nogil=True)
def use_around(facts: Facts, plan: Plan, uses: Uses, job: int, given: int, until: int) -> None:
    """Add the uses of a job up to operation `given`, whose part stays where it is, and after the start of `until`."""
    end = facts.ops_at[job + 1]
    for op in range(until + 1, end + 1):
        use_link(facts, plan, uses, job, op + job)
        if op < end:
            use_machine(facts, plan, uses, job, op, False)
    for op in range(facts.ops_at[job], given + 1):
        use_link(facts, plan, uses, job, op + job)
        use_machine(facts, plan, uses, job, op, op == given)


@njit(cache=True, nogil=True)
def use_link(facts: Facts, plan: Plan, uses: Uses, job: int, link: int) -> None:
    """Add the uses of the moves of a link."""
    way = route_of(facts, plan, job, link)
    for k in range(facts.legs_at[way + 1] - facts.legs_at[way]):
        use_leg(facts, plan, uses, job, MOST_LEGS * link + k)


@njit(cache=True, nogil=True)
def forget_job(uses: Uses, job: int) -> None:
    """Take out all uses of a job."""
    for resource in range(len(uses.size)):
        kept = 0
        for k in range(uses.size[resource]):
            if uses.job[resource, k] == job:
                continue
            if kept < k:
                uses.job[resource, kept] = uses.job[resource, k]
                uses.start[resource, kept] = uses.start[resource, k]
                uses.end[resource, kept] = uses.end[resource, k]
                uses.first[resource, kept] = uses.first[resource, k]
                uses.last[resource, kept] = uses.last[resource, k]
                uses.start_instant[resource, kept] = uses.start_instant[resource, k]
                uses.start_offset[resource, kept] = uses.start_offset[resource, k]
                uses.end_instant[resource, kept] = uses.end_instant[resource, k]
                uses.end_offset[resource, kept] = uses.end_offset[resource, k]
            kept += 1
        uses.size[resource] = kept


@njit(cache=True, nogil=True)
def collide(facts: Facts, uses: Uses, resource: int, a: int, b: int, cycle: int) -> bool:
    """Return whether two uses of a resource, or one and its own copies, are in each other's way.

    They are not if some copy of *b* begins the gap after *a* has ended, and the next *a* the gap after that *b*.
    """
    length = uses.end[resource, a] - uses.start[resource, a]
    there = gap(facts, resource, uses.last[resource, a], uses.first[resource, b])
    if a == b:
        return length + there > cycle
    other = uses.end[resource, b] - uses.start[resource, b]
    back = gap(facts, resource, uses.last[resource, b], uses.first[resource, a])
    later = (uses.start[resource, b] - uses.start[resource, a]) % cycle
    return later < length + there or cycle - later < other + back
