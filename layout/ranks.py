"""Which child comes after which: ranks along the flow, and the order within a rank."""

from collections.abc import Sequence

from ..graph.kinds import NodeKind
from .shares import PHASE, PHASE_OF_REST

__all__ = ["feedback", "in_model_order", "longest_paths", "ranks_of"]

_SWEEPS = 4
# What may stand ready from the beginning on, however late it is used.
_SUPPLIES = (NodeKind.TENSOR, NodeKind.OPERATOR, NodeKind.MODULE)


def ranks_of(kinds: Sequence[int], pairs: Sequence[tuple[int, int]], container: int) -> list[list[int]]:
    """Return the children of one container as ranks in reading order.

    Parameters
    ----------
    kinds : sequence of int
        Kind of each child, in model order.
    pairs : sequence of (int, int)
        Flow between children, by position.
    container : int
        The container's own kind.

    Returns
    -------
    list of list of int
        Positions of children. Every pair leads from an earlier to a later rank, unless it closes a cycle.
        Parts of the container that no flow joins follow each other, as paragraphs do.
    """
    n = len(kinds)
    if not pairs and not any(kind in PHASE for kind in set(kinds)):
        return [[child] for child in range(n)]
    after, before = _neighbours(n, pairs)
    rank = longest_paths(n, pairs)
    _bring_to_users(rank, kinds, after, before)
    ranks: list[list[int]] = []
    components = _components(n, pairs, kinds, container)
    if container == NodeKind.MOE:
        components = _beside_router(components, kinds)
    for component in components:
        base = len(ranks)
        ranks.extend([] for _ in range(1 + max(rank[child] for child in component)))
        for child in component:
            ranks[base + rank[child]].append(child)
    return _by_barycentre([members for members in ranks if members], after, before)


def feedback(n: int, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs that close cycles: those of a common cycle that lead back in model order.

    Without them no cycle is left; where there are no cycles, there are none of them.
    """
    if all(source < target for source, target in pairs):
        return set()
    knot = _strong_components(_neighbours(n, pairs)[0])
    return {(source, target) for source, target in pairs if source >= target and knot[source] == knot[target]}


def in_model_order(n: int, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether all flow leads on in model order, but for what closes cycles."""
    return all(source < target for source, target in pairs) or all(
        source < target or (source, target) in back for back in (feedback(n, pairs),) for source, target in pairs
    )


def longest_paths(n: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return each child's longest distance from a source; cycles are broken in model order."""
    rank, waiting = _kahn(*_neighbours(n, pairs))
    if not any(waiting):
        return rank
    back = feedback(n, pairs)
    return _kahn(*_neighbours(n, [pair for pair in pairs if pair not in back]))[0]


def _neighbours(n: int, pairs: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """Return what comes after and what comes before each child."""
    after: list[list[int]] = [[] for _ in range(n)]
    before: list[list[int]] = [[] for _ in range(n)]
    for source, target in pairs:
        after[source].append(target)
        before[target].append(source)
    return after, before


def _bring_to_users(rank: list[int], kinds: Sequence[int], after: list[list[int]], before: list[list[int]]) -> None:
    """Move what only comes from weights and constants, in place, to just before what first uses it.

    From the first rank on, the weights of a flat graph of operators would fill half of its page.
    """
    if NodeKind.OPERATOR not in kinds:
        return
    order = sorted(range(len(rank)), key=rank.__getitem__)
    supplied = [kind in _SUPPLIES for kind in kinds]
    for child in order:
        supplied[child] &= all(supplied[source] and rank[source] < rank[child] for source in before[child])
    for child in reversed(order):
        if supplied[child] and after[child]:
            rank[child] = max(min(rank[target] for target in after[child]) - 1, rank[child])


def _kahn(after: list[list[int]], before: list[list[int]]) -> tuple[list[int], list[int]]:
    """Return longest distances, and how many sources each child still waits for: none, unless there are cycles."""
    rank = [0] * len(after)
    waiting = [len(sources) for sources in before]
    ready = [child for child, count in enumerate(waiting) if not count]
    for child in ready:  # grows while it is read
        for target in after[child]:
            rank[target] = max(rank[target], rank[child] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return rank, waiting


def _strong_components(after: list[list[int]]) -> list[int]:
    """Return a number for each child, equal for those that lie on a common cycle (Tarjan, without recursion)."""
    n = len(after)
    found = [-1] * n  # order of discovery
    lowest = [0] * n
    component = [-1] * n
    path: list[int] = []
    clock = 0
    for start in range(n):
        if found[start] >= 0:
            continue
        walk = [(start, iter(after[start]))]
        found[start] = lowest[start] = clock
        clock += 1
        path.append(start)
        while walk:
            child, targets = walk[-1]
            for target in targets:
                if found[target] < 0:
                    found[target] = lowest[target] = clock
                    clock += 1
                    path.append(target)
                    walk.append((target, iter(after[target])))
                    break
                if component[target] < 0:
                    lowest[child] = min(lowest[child], found[target])
            else:
                walk.pop()
                if walk:
                    above = walk[-1][0]
                    lowest[above] = min(lowest[above], lowest[child])
                if lowest[child] == found[child]:
                    while True:
                        member = path.pop()
                        component[member] = child
                        if member == child:
                            break
    return component


def _components(n: int, pairs: Sequence[tuple[int, int]], kinds: Sequence[int], container: int) -> list[list[int]]:
    """Return the parts that flow holds together, in reading order, each in model order."""
    root = list(range(n))

    def find(child: int) -> int:
        while root[child] != child:
            root[child] = root[root[child]]
            child = root[child]
        return child

    for source, target in pairs:
        a, b = find(source), find(target)
        root[max(a, b)] = min(a, b)
    members: dict[int, list[int]] = {}
    for child in range(n):
        members.setdefault(find(child), []).append(child)
    rest = PHASE_OF_REST.get(NodeKind(container), 1.0)

    def phase(component: list[int]) -> float:
        known = [PHASE[kind] for kind in {NodeKind(kinds[child]) for child in component} if kind in PHASE]
        # Attention tells more of where a part belongs than the norm or projection beside it.
        return 1.0 if 1.0 in known else min(known, default=rest)

    return sorted(members.values(), key=lambda component: (phase(component), component[0]))


def _beside_router(components: list[list[int]], kinds: Sequence[int]) -> list[list[int]]:
    """Move parts that no flow orders to the router: a shared expert reads what the router reads."""
    routed = next((part for part in components if any(kinds[child] == NodeKind.ROUTER for child in part)), None)
    if routed is None:
        return components
    loose = {
        part[0] for part in components if len(part) == 1 and kinds[part[0]] != NodeKind.EXPERTS and part is not routed
    }
    kept = [part for part in components if part[0] not in loose]
    return [part + sorted(loose) if part is routed else part for part in kept]


def _by_barycentre(ranks: list[list[int]], after: list[list[int]], before: list[list[int]]) -> list[list[int]]:
    """Order each rank by the mean position of its neighbours, starting from model order."""
    if all(len(members) == 1 for members in ranks):
        return ranks
    place = [0.0] * len(after)

    def note(members: list[int]) -> None:
        for k, child in enumerate(members):
            place[child] = (k + 0.5) / len(members)

    for members in ranks:
        note(members)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for members in ranks if forward else reversed(ranks):
            if len(members) > 1:
                wish = {
                    child: sum(place[k] for k in neighbours[child]) / len(neighbours[child])
                    if neighbours[child]
                    else place[child]
                    for child in members
                }
                members.sort(key=lambda child, wish=wish: (wish[child], child))
                note(members)
    return ranks
