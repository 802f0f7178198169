"""Uses of machines and carriers: what a job of a plan takes, and which uses collide modulo the cycle time."""

from __future__ import annotations

from scheduler.search.cyclic.facts import ONE, ZERO, Facts, Plan, Uses
from scheduler.search.cyclic.windows import started_at
from scheduler.search.inner import entry, uncounted


@entry
def route_of(facts: Facts, plan: Plan, link: int) -> int:
    """Return the route of a link between the modes of the plan."""
    before, after = facts.comes_from[link], facts.goes_to[link]
    row, column, width = 0, 0, 1
    if after >= 0:
        column = plan.mode[after]
        width = facts.modes_at[after + 1] - facts.modes_at[after]
    if before >= 0:
        row = plan.mode[before]
    return facts.routes_at[link] + row * width + column


@uncounted
def gap(facts: Facts, resource: int, before: int, after: int) -> int:
    """Return the setup or the empty travel from one family or place to another."""
    return facts.gaps[facts.gaps_at[resource] + before * facts.gaps_width[resource] + after]


@uncounted
def use(
    plan: Plan,
    uses: Uses,
    resource: int,
    job: int,
    start_instant: int,
    start_offset: int,
    end_instant: int,
    end_offset: int,
    first: int,
    last: int,
    demand: int,
) -> None:
    """Add a use."""
    k = uses.size[resource]
    uses.size[resource] = k + 1
    uses.job[resource, k] = job
    uses.start[resource, k] = plan.time[start_instant] + start_offset
    uses.end[resource, k] = plan.time[end_instant] + end_offset
    uses.demand[resource, k] = demand
    uses.first[resource, k] = first
    uses.last[resource, k] = last
    uses.start_instant[resource, k] = start_instant
    uses.start_offset[resource, k] = start_offset
    uses.end_instant[resource, k] = end_instant
    uses.end_offset[resource, k] = end_offset


@uncounted
def use_link(facts: Facts, plan: Plan, uses: Uses, job: int, link: int) -> None:
    """Add what the loaded moves of a link take of their carriers and of stations."""
    way = route_of(facts, plan, link)
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    for k in range(num_legs):
        slot = facts.slots_at[link] + k
        option, instant = plan.option[slot], len(plan.mode) + slot
        length, places = facts.length[option], (facts.origin[option], facts.destination[option])
        if facts.carrier[option] >= 0:
            use(plan, uses, facts.carrier[option], job, instant, ZERO, instant, facts.busy[option], *places, ONE)
        for s in range(facts.shares_at[option], facts.shares_at[option + 1]):
            family, begin, end = facts.shares[s, 1], facts.shares[s, 3], facts.shares[s, 4]
            use(plan, uses, facts.shares[s, 0], job, instant, begin, instant, end, family, family, facts.shares[s, 2])
        station = facts.station[facts.legs_at[way] + k]
        if station >= 0:
            # Until the next leg has taken the part from there, its operation starts, or it is delivered.
            following, offset = instant, length
            if k + 1 < num_legs:
                following, offset = picked_up_at(facts, plan, link, k + 1)
            elif facts.goes_to[link] >= 0:
                following, offset = facts.goes_to[link], ZERO
            use(plan, uses, station, job, instant, length - facts.drop[option], following, offset, ZERO, ZERO, ONE)


@uncounted
def is_instant(facts: Facts, mode: int) -> bool:
    """Return whether work takes no time and its machine is not held: then it is in the way of nothing there."""
    machine = facts.machine[mode]
    return facts.duration[mode] == 0 and not facts.holds_before[machine] and not facts.holds_after[machine]


@uncounted
def _begin_earlier(uses: Uses, resource: int, op: int, earlier: int) -> None:
    """Let the use that has been added last begin when the work starts."""
    k = uses.size[resource] - 1
    if k >= 0 and uses.start_instant[resource, k] == op:
        uses.start[resource, k] -= earlier


@uncounted
def use_machine(facts: Facts, plan: Plan, uses: Uses, job: int, op: int, given: int, until: int) -> None:
    """Add what the visit of a part takes of its machine, its buffers and helpers.

    Of the machine and the places behind it only as long as parts stay that go on by ways that are not planned anew.
    """
    mode = facts.modes_at[op] + plan.mode[op]
    machine, duration = facts.machine[mode], facts.duration[mode]
    brought, offset = brought_at(facts, plan, op)
    if facts.before[mode] >= 0 and brought != op:
        use(plan, uses, facts.before[mode], job, brought, offset, op, ZERO, ZERO, ZERO, ONE)
    if not facts.holds_before[machine]:
        brought, offset = op, ZERO
    taken, later = taken_at(facts, plan, op, given, until)
    family = facts.family[mode]
    if facts.holds_after[machine]:
        use(plan, uses, machine, job, brought, offset, taken, later, family, family, ONE)
    elif not is_instant(facts, mode):
        use(plan, uses, machine, job, brought, offset, op, duration, family, family, ONE)
    if facts.behind[mode] >= 0:
        use(plan, uses, facts.behind[mode], job, brought, offset, taken, later, ZERO, ZERO, ONE)
    if facts.pauses[mode] and brought == op:
        earlier = plan.time[op] - started_at(facts, mode, plan.time[op])
        _begin_earlier(uses, machine, op, earlier)
        if facts.behind[mode] >= 0:
            _begin_earlier(uses, facts.behind[mode], op, earlier)
    for k in range(facts.helps_at[mode], facts.helps_at[mode + 1]):
        place = facts.help_place[k]
        use(plan, uses, facts.helper[k], job, op, ZERO, op, duration, place, place, facts.help_demand[k])


@uncounted
def put_down_at(facts: Facts, plan: Plan, link: int) -> tuple[int, int]:
    """Return when a part is put down at a machine at the end of its way, as an instant and an offset; -1: it is not."""
    way = route_of(facts, plan, link)
    if not facts.enters[way]:
        return -1, 0
    slot = facts.slots_at[link] + facts.legs_at[way + 1] - facts.legs_at[way] - 1
    option = plan.option[slot]
    return len(plan.mode) + slot, facts.length[option] - facts.drop[option]


@entry
def brought_at(facts: Facts, plan: Plan, op: int) -> tuple[int, int]:
    """Return when the first part of an operation is put down at its machine; its start where none is brought."""
    brought, offset = op, 0
    for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
        instant, later = put_down_at(facts, plan, facts.ins[n])
        if instant >= 0 and (brought == op or plan.time[instant] + later < plan.time[brought] + offset):
            brought, offset = instant, later
    return brought, offset


@uncounted
def left_at(facts: Facts, plan: Plan, link: int) -> tuple[int, int]:
    """Return when a part leaves its machine on a link, as an instant and an offset; -1: at the end of the operation."""
    way = route_of(facts, plan, link)
    if facts.legs_at[way + 1] > facts.legs_at[way]:
        if facts.leaves[way]:
            return picked_up_at(facts, plan, link, ZERO)
        return -1, 0
    return facts.goes_to[link], 0


@uncounted
def picked_up_at(facts: Facts, plan: Plan, link: int, k: int) -> tuple[int, int]:
    """Return when a part, or the last of its loads, has been picked up for a leg, as an instant and an offset."""
    way, num_ops, last = route_of(facts, plan, link), len(plan.mode), facts.slots_at[link] + k
    for other in range(k + 1, facts.legs_at[way + 1] - facts.legs_at[way]):
        if facts.apart[facts.legs_at[way] + other] < 0:
            break
        slot = facts.slots_at[link] + other
        later = facts.pick_up[plan.option[slot]] - facts.pick_up[plan.option[last]]
        if plan.time[num_ops + slot] + later >= plan.time[num_ops + last]:
            last = slot
    return num_ops + last, facts.pick_up[plan.option[last]]


@uncounted
def next_to(facts: Facts, plan: Plan, link: int, k: int) -> int:
    """Return the instant at which a part goes on after a leg, or after all loads of which it is one."""
    way = route_of(facts, plan, link)
    num_legs = facts.legs_at[way + 1] - facts.legs_at[way]
    following = k + 1
    while following < num_legs and facts.apart[facts.legs_at[way] + following] >= 0:
        following += 1
    return len(plan.mode) + facts.slots_at[link] + following if following < num_legs else facts.goes_to[link]


@uncounted
def taken_at(facts: Facts, plan: Plan, op: int, given: int, until: int) -> tuple[int, int]:
    """Return when the last part is taken from its machine or the counted places behind it: an instant and an offset.

    Where neither holds it, that is the end of the operation. Ways that are planned anew, or not yet, do not count.
    """
    mode = facts.modes_at[op] + plan.mode[op]
    taken, later = op, facts.duration[mode]
    if facts.holds_after[facts.machine[mode]] or facts.behind[mode] >= 0:
        for link in range(facts.outs_from[op], facts.outs_to[op]):
            if is_anew(facts, link, given, until) or not is_planned(facts, plan, link):
                continue
            instant, offset = left_at(facts, plan, link)
            if instant >= 0 and plan.time[instant] + offset >= plan.time[taken] + later:
                taken, later = instant, offset
    return taken, later


@entry
def use_job(facts: Facts, plan: Plan, uses: Uses, job: int) -> None:
    """Add all uses of a job."""
    end = facts.ops_at[job + 1]
    use_around(facts, plan, uses, job, end, end)


@entry
def use_first(facts: Facts, uses: Uses, begin: int) -> None:
    """Add what a plan that is made once begins with: up to tick 0 carriers are at their places, machines set up.

    It is the use of a job that is never in the plan, between offsets from the instant `begin`.
    """
    for row in range(len(facts.begins_with)):
        resource, family = facts.begins_with[row, 0], facts.begins_with[row, 1]
        k = uses.size[resource]
        uses.size[resource] = k + 1
        uses.job[resource, k] = len(facts.ops_at) - 2
        uses.start[resource, k], uses.end[resource, k], uses.demand[resource, k] = -1, 0, 1
        uses.first[resource, k] = uses.last[resource, k] = family
        uses.start_instant[resource, k] = uses.end_instant[resource, k] = begin
        uses.start_offset[resource, k], uses.end_offset[resource, k] = -1, 0


@uncounted
def is_anew(facts: Facts, link: int, given: int, until: int) -> bool:
    """Return whether a link is planned anew when all between two operations of a job is.

    That is so if one of its ends is between them, and of what leads away from the first of them.
    """
    before, after = facts.comes_from[link], facts.goes_to[link]
    return (before >= 0 and given <= before < until) or given < after < until


@uncounted
def is_planned(facts: Facts, plan: Plan, link: int) -> bool:
    """Return whether a link leads out of the factory, or to an operation that is planned, or is now."""
    return facts.goes_to[link] < 0 or plan.mode[facts.goes_to[link]] >= 0


@uncounted
def use_around(facts: Facts, plan: Plan, uses: Uses, job: int, given: int, until: int) -> None:
    """Add the uses of a job up to operation `given` and from `until` on, as far as they are not planned anew.

    Parts that go on by a way that is planned anew stay on their machines up to the end of their operation. An
    operation to which such a way leads does not take its machine.
    """
    begin, end = facts.ops_at[job], facts.ops_at[job + 1]
    for number in range(until, until + end - begin):
        op = number if number < end else number - end + begin
        if given < op < until or plan.mode[op] < 0:
            continue
        comes = True
        for n in range(facts.ins_at[op], facts.ins_at[op + 1]):
            if is_anew(facts, facts.ins[n], given, until):
                comes = False
            else:
                use_link(facts, plan, uses, job, facts.ins[n])
        if comes:
            use_machine(facts, plan, uses, job, op, given, until)
        last = facts.outs_from[op]
        if facts.goes_to[last] < 0 and not is_anew(facts, last, given, until):
            use_link(facts, plan, uses, job, last)


@entry
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
                uses.demand[resource, kept] = uses.demand[resource, k]
                uses.first[resource, kept] = uses.first[resource, k]
                uses.last[resource, kept] = uses.last[resource, k]
                uses.start_instant[resource, kept] = uses.start_instant[resource, k]
                uses.start_offset[resource, kept] = uses.start_offset[resource, k]
                uses.end_instant[resource, kept] = uses.end_instant[resource, k]
                uses.end_offset[resource, kept] = uses.end_offset[resource, k]
            kept += 1
        uses.size[resource] = kept


@entry
def collide(facts: Facts, uses: Uses, resource: int, a: int, b: int, cycle: int) -> bool:
    """Return whether two uses of a resource of capacity 1, or one and its own copies, are in each other's way.

    They are not if some copy of *b* begins the gap after *a* has ended, and the next *a* the gap after that *b*.
    """
    length = uses.end[resource, a] - uses.start[resource, a]
    there = gap(facts, resource, uses.last[resource, a], uses.first[resource, b])
    if a == b:
        return length + there > cycle
    other = uses.end[resource, b] - uses.start[resource, b]
    back = gap(facts, resource, uses.last[resource, b], uses.first[resource, a])
    later = (uses.start[resource, b] - uses.start[resource, a]) % cycle
    if later == 0 and other + back == 0 and length + there <= cycle:
        return False  # what takes no time is made first
    return later < length + there or cycle - later < other + back
