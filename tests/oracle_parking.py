"""A world in ticks: what vehicles in limited parking can do next, tried out altogether; the oracle of their optimum.

Vehicles, with or without batteries and room for several jobs, bring each job from one station to its machine, which
works on all of them side by side. Picking up and putting down take a tick or more, and travel times keep the triangle
inequality. Nothing of the package but its data is used. In every tick each vehicle does one thing; the states that the
world can be in after it are all kept, but those in which a vehicle has less charge than in another that is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from charging_cases import filled

from scheduler.domain import Instance, Vehicle

IDLE, GOING, PICKING, DROPPING, ON_THE_WAY, CHARGING = range(6)


class Cart(NamedTuple):
    """A vehicle: where it is (under way: where it goes), what it does, and for how many ticks it still will.

    ``job`` is what it picks up, puts down, or is on the way to with something on board. ``ways`` are its empty moves
    since its last task, ``plugged`` the ticks since it began to charge at ``level``; ``has_charged`` since it was
    empty.
    """

    place: str
    doing: int
    left: int
    on_board: tuple[int, ...]
    job: int
    ways: int
    has_charged: bool
    plugged: int
    level: int
    since: tuple[str, int] = ("", 0)
    """Where it was empty and from when on, if ways are slow for a time: no stop makes its way shorter."""


class Step(NamedTuple):
    """What a vehicle does in a tick: it ends as ``cart``, has taken room at a place, or one of a charger."""

    cart: Cart
    place: str | None
    charger: str | None = None
    picked: int | None = None


class World:
    """The jobs and vehicles of an instance whose fleet has limited places."""

    def __init__(self, instance: Instance) -> None:
        (self.fleet,) = instance.fleets
        (station,) = {facility.station for facility in instance.facilities}
        assert station is not None
        self.station = station
        operations = [operation for job in instance.jobs for operation in job.operations]
        self.goals = [operation.modes[0].machine for operation in operations]
        self.work = [operation.modes[0].duration for operation in operations]
        handling = self.fleet.pick_up_time + self.fleet.drop_time
        self.least = [handling + self.travel(station, m) + time for m, time in zip(self.goals, self.work, strict=True)]

    def travel(self, origin: str, destination: str, tick: int | None = None) -> int:
        """Return how long a way takes that begins in a tick (None: the least)."""
        time = 0 if origin == destination else self.fleet.travel[origin][destination]
        for slow in self.fleet.slowdowns if tick is not None else ():
            if slow.until is None or tick < slow.until:
                time = -(-time * 100 // slow.speed)
        return time

    def there_at(self, origin: str, destination: str, tick: int) -> int:
        """Return when a vehicle can be somewhere that leaves in a tick, or waits for faster ways."""
        untils = (slow.until for slow in self.fleet.slowdowns if slow.until is not None and slow.until > tick)
        return min(begin + self.travel(origin, destination, begin) for begin in (tick, *untils))

    def makespan(self, latest: int) -> int | None:
        """Return the least makespan up to `latest`."""
        for bound in range(latest + 1):
            if self._is_possible(bound):
                return bound
        return None

    def _is_possible(self, bound: int) -> bool:
        carts = tuple(
            Cart(v.start, IDLE, 0, (), -1, 0, False, 0, v.battery.initial if v.battery else 0, self._since(v.start, 0))
            for v in self.fleet.vehicles
        )
        waiting = tuple(range(len(self.goals)))
        states = {(carts, waiting)}
        longest = max(self.travel(a, b, 0) for a, row in self.fleet.travel.items() for b in row)
        for tick in range(bound + 4 * longest):
            if any(self._is_over(*state) for state in states):
                return True
            states = _best({after for state in states for after in self._next(*state, tick, bound)})
        return False

    def _since(self, place: str, tick: int) -> tuple[str, int]:
        return (place, tick) if self.fleet.slowdowns else ("", 0)

    def _is_over(self, carts: tuple[Cart, ...], waiting: tuple[int, ...]) -> bool:
        if waiting or not self._has_room(Counter(cart.place for cart in carts)):
            return False
        for vehicle, cart in zip(self.fleet.vehicles, carts, strict=True):
            is_home = not self.fleet.returns or cart.place == vehicle.start
            ends_well = self.fleet.returns or (cart.ways <= 1 and not cart.has_charged)
            if cart.doing != IDLE or cart.on_board or not is_home or not ends_well:
                return False
        return True

    def _has_room(self, at: Counter[str]) -> bool:
        return all(at[place] <= self.fleet.parking[place] for place in self.fleet.limited)

    def _next(
        self, carts: tuple[Cart, ...], waiting: tuple[int, ...], tick: int, bound: int
    ) -> Iterator[tuple[tuple[Cart, ...], tuple[int, ...]]]:
        if any(tick + self.least[job] > bound for job in waiting):
            return
        steps = [
            list(self._steps(vehicle, cart, waiting, tick, bound))
            for vehicle, cart in zip(self.fleet.vehicles, carts, strict=True)
        ]
        for together in product(*steps):
            picked = [step.picked for step in together if step.picked is not None]
            at = Counter(step.place for step in together if step.place is not None)
            plugged = Counter(step.charger for step in together if step.charger is not None)
            if (
                len(set(picked)) == len(picked)
                and self._has_room(at)
                and all(plugged[charger.id] <= charger.places for charger in self.fleet.chargers)
            ):
                yield tuple(step.cart for step in together), tuple(job for job in waiting if job not in picked)

    def _steps(self, vehicle: Vehicle, cart: Cart, waiting: tuple[int, ...], tick: int, bound: int) -> Iterator[Step]:
        """Yield what a vehicle can do in a tick."""
        if cart.doing in (GOING, PICKING, DROPPING):
            yield from self._go_on(vehicle, cart, tick, bound)
        elif cart.doing == ON_THE_WAY:
            yield from self._on_the_way(vehicle, cart, waiting, tick, bound)
        elif cart.doing == CHARGING:
            yield from self._charge(vehicle, cart)
            yield from self._steps(vehicle, self._unplugged(vehicle, cart, tick), waiting, tick, bound)
        elif cart.on_board:
            yield from self._loaded(vehicle, cart, waiting, tick, bound)
        else:
            yield from self._empty(vehicle, cart, waiting, tick, bound)

    def _empty(self, vehicle: Vehicle, cart: Cart, waiting: tuple[int, ...], tick: int, bound: int) -> Iterator[Step]:
        battery = vehicle.battery
        yield Step(cart._replace(level=cart.level - (battery.drain_idle if battery else 0)), cart.place)
        for place in sorted(self.fleet.places - {cart.place}) if cart.ways < 2 else ():
            way = self.travel(cart.place, place, tick)
            going = cart._replace(place=place, doing=GOING, left=way, ways=cart.ways + 1)
            yield from self._go_on(vehicle, going, tick, bound)
        yield from self._pick_up(vehicle, cart, waiting, tick, bound)
        is_asked = battery is not None and cart.level >= battery.minimum
        origin, free_at = cart.since
        is_asked = is_asked and (not origin or tick >= self.there_at(origin, cart.place, free_at))
        for charger in self.fleet.chargers if is_asked and not cart.has_charged else ():
            if charger.place == cart.place:
                yield from self._charge(vehicle, cart._replace(doing=CHARGING, has_charged=True, plugged=0))

    def _pick_up(self, vehicle: Vehicle, cart: Cart, waiting: tuple[int, ...], tick: int, bound: int) -> Iterator[Step]:
        if cart.place != self.station or len(cart.on_board) >= vehicle.capacity:
            return
        origin, free_at = cart.since
        if origin and not cart.on_board and tick < self.there_at(origin, self.station, free_at):
            return
        for job in waiting:
            picking = cart._replace(doing=PICKING, left=self.fleet.pick_up_time, job=job, has_charged=False, ways=0)
            for step in self._go_on(vehicle, picking, tick, bound):
                yield step._replace(picked=job)

    def _loaded(self, vehicle: Vehicle, cart: Cart, waiting: tuple[int, ...], tick: int, bound: int) -> Iterator[Step]:
        """Yield what a vehicle can do after a visit with something on board: it decides where to go next."""
        for job in cart.on_board:
            if self.goals[job] != cart.place:
                for way in self._loaded_ways(vehicle, cart.place, self.goals[job], tick):
                    heading = cart._replace(place=self.goals[job], doing=ON_THE_WAY, left=way, job=job)
                    yield from self._on_the_way(vehicle, heading, waiting, tick, bound)
            else:
                dropping = cart._replace(doing=DROPPING, left=self.fleet.drop_time, job=job)
                yield from self._go_on(vehicle, dropping, tick, bound)
        if vehicle.capacity == 1 or len(cart.on_board) >= vehicle.capacity:
            return
        if cart.place == self.station:
            yield from self._pick_up(vehicle, cart, waiting, tick, bound)
            idle = vehicle.battery.drain_idle if vehicle.battery else 0
            yield Step(cart._replace(level=cart.level - idle), cart.place)
        elif waiting:
            for way in self._loaded_ways(vehicle, cart.place, self.station, tick):
                heading = cart._replace(place=self.station, doing=ON_THE_WAY, left=way, job=-1)
                yield from self._on_the_way(vehicle, heading, waiting, tick, bound)

    def _loaded_ways(self, vehicle: Vehicle, origin: str, destination: str, tick: int) -> set[int]:
        """Return how long a way with something on board may take, waiting for faster ways included.

        With one job at a time it takes as long as the start of the move says, and nobody waits.
        """
        if vehicle.capacity == 1:
            return {self.travel(origin, destination, tick - self.fleet.pick_up_time)}
        return {self.travel(origin, destination, tick), self.there_at(origin, destination, tick) - tick}

    def _on_the_way(
        self, vehicle: Vehicle, cart: Cart, waiting: tuple[int, ...], tick: int, bound: int
    ) -> Iterator[Step]:
        """Yield what a vehicle can do on its way with something on board; when it is there it may wait outside."""
        battery = vehicle.battery
        if cart.left > 0:
            loaded = cart.level - (battery.drain_loaded if battery else 0)
            yield Step(cart._replace(left=cart.left - 1, level=loaded), None)
            return
        if cart.job >= 0:
            dropping = cart._replace(doing=DROPPING, left=self.fleet.drop_time)
            yield from self._go_on(vehicle, dropping, tick, bound)
        else:
            yield from self._pick_up(vehicle, cart._replace(doing=IDLE), waiting, tick, bound)
        if vehicle.capacity > 1:
            yield Step(cart._replace(level=cart.level - (battery.drain_idle if battery else 0)), None)

    def _go_on(self, vehicle: Vehicle, cart: Cart, tick: int, bound: int) -> Iterator[Step]:
        """Yield the tick of an empty way, a pick-up or a drop; the last of it ends it."""
        battery, left = vehicle.battery, cart.left - 1
        drain = 0
        if battery is not None:
            drain = battery.drain_empty if cart.doing == GOING else battery.drain_loaded
        after = cart._replace(left=left, level=cart.level - drain)
        place = None if cart.doing == GOING else cart.place
        if left == 0:
            if cart.doing == PICKING:
                after = after._replace(on_board=tuple(sorted((*cart.on_board, cart.job))))
            elif cart.doing == DROPPING:
                if tick + 1 + self.work[cart.job] > bound:
                    return
                after = after._replace(on_board=tuple(job for job in cart.on_board if job != cart.job), ways=0)
                after = after._replace(since=self._since(cart.place, tick + 1))
            after = after._replace(doing=IDLE, job=-1)
            if battery is not None and after.level < battery.minimum:
                return
        yield Step(after, place)

    def _charge(self, vehicle: Vehicle, cart: Cart) -> Iterator[Step]:
        for charger in self.fleet.chargers:
            if charger.place == cart.place:
                yield Step(cart._replace(plugged=cart.plugged + 1), cart.place, charger.id)

    def _unplugged(self, vehicle: Vehicle, cart: Cart, tick: int) -> Cart:
        assert vehicle.battery is not None
        level = filled(vehicle.battery, cart.level, cart.plugged)
        return cart._replace(doing=IDLE, plugged=0, ways=0, level=level, since=self._since(cart.place, tick))


def _best(states: set[tuple[tuple[Cart, ...], tuple[int, ...]]]) -> set[tuple[tuple[Cart, ...], tuple[int, ...]]]:
    """Return the states without those in which a vehicle has less charge for nothing."""
    levels: dict[object, list[tuple[int, ...]]] = {}
    for carts, waiting in states:
        key = (tuple(cart._replace(level=0) for cart in carts), waiting)
        levels.setdefault(key, []).append(tuple(cart.level for cart in carts))
    found = set()
    for (carts, waiting), several in levels.items():
        for level in several:
            if not any(other != level and all(a >= b for a, b in zip(other, level, strict=True)) for other in several):
                better = tuple(cart._replace(level=units) for cart, units in zip(carts, level, strict=True))
                found.add((better, waiting))
    return found


def least_makespan(instance: Instance, latest: int) -> int | None:
    """Return the optimum of an instance, up to `latest`."""
    return World(instance).makespan(latest)
