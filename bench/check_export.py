"""Checks exported drawings by brute force, from the JSON alone: it shares no code with archviz3d.

python bench/check_export.py FILE...        each written by: archviz3d export MODEL -o FILE.json

Of each file: siblings do not overlap and lie inside their parents; every edge is a line, a bundled line or a pair of
ports; lines between siblings leave their source at its right side and reach their target at its left side, or, where
these lie one above the other in w, at their outlines; no line passes through the inside of a box (of its own ends
neither); what is flagged as backward closes a cycle, and everything else goes right, to a later row or up, and forms
no cycle. One line a file, one more for each kind of failure; exit 1 where there is one.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

# Boxes are written with 6 decimals of their centre and 6 digits of their size, points with 4 decimals.
CENTRE, DIGITS, POINT = 1e-6, 2.6e-6, 1e-4  # the second a part of the size: of 1.00000 half of the last digit, halved
NEAR_SIDE = 0.02  # of a box's width: ports stand on its face
CHUNK = 4_000_000  # comparisons at a time


class Drawing:
    """One exported file as arrays."""

    def __init__(self, document):
        nodes = document["nodes"]
        self.parent = np.array([node["parent"] for node in nodes])
        n = len(nodes)
        if [node["id"] for node in nodes] != list(range(n)) or (self.parent >= np.arange(n)).any():
            sys.exit("ids are not 0, 1, 2 ..., or a parent follows its child")
        box = np.array([node["box"] for node in nodes], np.float64)
        self.center, self.size = box[:, :3], box[:, 3:]
        self.slack = CENTRE + DIGITS * self.size
        self.low, self.high = self.center - self.size / 2, self.center + self.size / 2
        count = np.ones(n, np.int64)
        for node in range(n - 1, 0, -1):
            count[self.parent[node]] += count[node]
        self.stop = np.arange(n) + count  # node i contains i, i + 1, ... stop[i] - 1
        if (self.stop[1:] > self.stop[self.parent[1:]]).any():
            sys.exit("nodes are not in pre-order")
        self.children = defaultdict(list)
        for node in range(1, n):
            self.children[int(self.parent[node])].append(node)
        self.edges = document["edges"]
        self.ends = self._lift()

    def _lift(self):
        """Climb from both ends of each edge until the next step would contain the other end.

        An end that contains the other one stays where it is.
        """
        source = np.array([edge["source"] for edge in self.edges], np.int64)
        target = np.array([edge["target"] for edge in self.edges], np.int64)
        ends = []
        for node, other in ((source, target), (target, source)):
            at = node.copy()
            climbing = np.arange(len(at))
            while len(climbing):
                above = self.parent[at[climbing]]
                free = (above >= 0) & ((other[climbing] < above) | (other[climbing] >= self.stop[above]))
                climbing = climbing[free]
                at[climbing] = above[free]
            ends.append(at)
        return np.stack(ends, 1)


class Failures(dict):
    """How often each kind of failure occurred, and the first case."""

    def add(self, kind, count, first):
        if count:
            before, example = self.get(kind, (0, first))
            self[kind] = (before + int(count), example)


def check_boxes(drawing, failures):
    """Return which containers have children one above another in w."""
    low, high, slack = drawing.low, drawing.high, drawing.slack
    bad = np.flatnonzero(~np.isfinite(drawing.center).all(1) | ~(drawing.size > 0).all(1))
    failures.add("boxes without a place or size", len(bad), bad[:1])
    child, parent = np.arange(1, len(low)), drawing.parent[1:]
    room = slack[child] + slack[parent]
    outside = ((low[child] < low[parent] - room) | (high[child] > high[parent] + room))[:, :2].any(1)
    failures.add("boxes outside their parent", outside.sum(), child[outside][:1])
    sunk = low[child, 2] < high[parent, 2] - room[:, 2]
    failures.add("boxes below the front of their parent", sunk.sum(), child[sunk][:1])
    decks = set()
    families = defaultdict(list)
    for container, children in drawing.children.items():
        families[len(children)].append(container)
    for count, containers in families.items():
        if count < 2:
            continue
        members = np.array([drawing.children[container] for container in containers])
        rows = max(CHUNK // (count * count), 1)
        for first in range(0, len(members), rows):
            some = members[first : first + rows]
            for k in range(0, count, max(CHUNK // (len(some) * count), 1)):
                mine = some[:, k : k + max(CHUNK // (len(some) * count), 1)]
                _compare(drawing, mine, some, decks, failures)
    return decks


def _compare(drawing, mine, all_of_them, decks, failures):
    """Compare boxes, shape (containers, some), with all their siblings, shape (containers, all)."""
    a, b = mine[:, :, None], all_of_them[:, None, :]
    overlap = np.ones(np.broadcast_shapes(a.shape, b.shape), np.bool_)
    for axis in range(3):
        inner = np.minimum(drawing.high[a, axis], drawing.high[b, axis])
        inner -= np.maximum(drawing.low[a, axis], drawing.low[b, axis])
        overlap &= inner > drawing.slack[a, axis] + drawing.slack[b, axis]
        if axis == 1:
            stacked = overlap & (a < b)
    overlap &= a < b
    for container in drawing.parent[np.broadcast_to(a, overlap.shape)[stacked & ~overlap]].tolist():
        decks.add(container)
    where = np.argwhere(overlap)
    failures.add("siblings that overlap", len(where), [(mine[c, i], all_of_them[c, j]) for c, i, j in where[:1]])


def check_edges(drawing, failures):
    """Check that every edge is shown; return how many each way, and one polyline a pair of lifted ends."""
    counts = dict.fromkeys(("line", "bundle", "port"), 0)
    lines, flags = {}, {}
    for k, edge in enumerate(drawing.edges):
        drawn = edge.get("drawn")
        if drawn not in counts:
            failures.add(f"edges drawn as {drawn!r}", 1, (edge["source"], edge["target"]))
            continue
        counts[drawn] += 1
        pair, ends = tuple(drawing.ends[k].tolist()), (edge["source"], edge["target"])
        points = edge["points"]
        if drawn == "port":
            ports = edge.get("ports", [])
            placed = len(ports) == 2 and all(
                _is_port(drawing, end, port, side)
                for end, port, side in zip(ends, ports, (drawing.high, drawing.low), strict=True)
            )
            failures.add("ports that lie on no box of their end", not placed, ends)
            failures.add("ports with a line", bool(points), ends)
            continue
        if len(points) < 2 or not np.isfinite(points).all():
            failures.add("lines without points", 1, ends)
            continue
        failures.add("edges of the same parts with other points", lines.setdefault(pair, points) != points, ends)
        flag = edge.get("backward", False)
        failures.add("edges of the same parts with other flags", flags.setdefault(pair, flag) != flag, ends)
    missing = len(drawing.edges) - sum(counts.values())
    failures.add("edges that are neither line, bundle nor port", missing, missing)
    return counts, lines, flags


def _is_port(drawing, node, point, side):
    """Whether a point lies on the face, and by one side, of a node, of its only child, or of what contains it."""
    while len(drawing.children[node]) == 1:
        node = drawing.children[node][0]
    while node >= 0:
        room = drawing.slack[node] + POINT
        low, high = drawing.low[node], drawing.high[node]
        on_face = low[1] - room[1] <= point[1] <= high[1] + room[1] and point[2] >= high[2] - room[2]
        if on_face and abs(point[0] - side[node, 0]) <= room[0] + NEAR_SIDE * drawing.size[node, 0]:
            return True
        node = int(drawing.parent[node])
    return False


def check_lines(drawing, lines, decks, failures):
    """Check where lines start and end, and that they pass through nothing."""
    tops = subtree_tops(drawing)
    by_owner = defaultdict(list)
    for (source, target), points in lines.items():
        line = np.array(points)
        siblings = drawing.parent[source] == drawing.parent[target]
        owner = int(drawing.parent[source]) if siblings else min(source, target)
        by_owner[owner].append((source, target, line))
        low, high, room = drawing.low[owner, :2], drawing.high[owner, :2], drawing.slack[owner, :2] + POINT
        left = (line[:, :2] < low - room).any() or (line[:, :2] > high + room).any()
        failures.add("lines that leave the plate they are drawn on", left, (source, target))
        for end, point, side in ((source, line[0], drawing.high), (target, line[-1], drawing.low)):
            if end == owner:
                continue
            room = drawing.slack[end] + POINT
            on = (point[:2] >= drawing.low[end, :2] - room[:2]).all()
            on &= (point[:2] <= drawing.high[end, :2] + room[:2]).all()
            between = owner not in (source, target)
            if between and owner not in decks:
                on &= abs(point[0] - side[end, 0]) <= room[0]
            failures.add("lines that do not start or end where they should", not on, (source, target))
    for owner, rows in by_owner.items():
        check_clear(drawing, owner, rows, tops if owner in decks else None, failures)


def subtree_tops(drawing):
    """Return how far each node and what stands on it reach in w."""
    top = drawing.high[:, 2].copy()
    for node in range(len(top) - 1, 0, -1):
        parent = drawing.parent[node]
        top[parent] = max(top[parent], top[node])
    return top


def check_clear(drawing, owner, rows, tops, failures):
    """Compare all stretches of the lines on one plate with all boxes that stand on it (slab method)."""
    boxes = np.array(drawing.children[owner])
    axes = 2 if tops is None else 3
    room = drawing.slack[boxes, :axes] + POINT
    low, high = drawing.low[boxes, :axes] + room, drawing.high[boxes, :axes] - room
    if tops is not None:
        high[:, 2] = tops[boxes] - room[:, 2]
    start = np.concatenate([line[:-1, :axes] for _, _, line in rows])
    way = np.concatenate([np.diff(line[:, :axes], axis=0) for _, _, line in rows])
    row = np.repeat(np.arange(len(rows)), [len(line) - 1 for _, _, line in rows])
    step = max(CHUNK // len(boxes), 1)
    for first in range(0, len(start), step):
        some = slice(first, first + step)
        begin, stop = np.zeros((1, 1)), np.ones((1, 1))
        for axis in range(axes):
            at, along = start[some, axis, None], way[some, axis, None]
            with np.errstate(divide="ignore", invalid="ignore"):
                one, two = (low[:, axis] - at) / along, (high[:, axis] - at) / along
            enter, leave = np.minimum(one, two), np.maximum(one, two)
            inside, still = (low[:, axis] < at) & (at < high[:, axis]), along == 0
            begin = np.maximum(begin, np.where(still, np.where(inside, -np.inf, np.inf), enter))
            stop = np.minimum(stop, np.where(still, np.where(inside, np.inf, -np.inf), leave))
        hit = (begin < stop) & (low < high).all(1)
        for stretch, box in np.argwhere(hit):
            source, target, _ = rows[row[first + stretch]]
            own = int(boxes[box]) in (source, target)
            kind = "lines through their own end" if own else "lines through a foreign box"
            failures.add(kind, 1, (source, target, boxes[box]))


def check_flow(drawing, flags, failures):
    """Check cycles and the direction of what closes none; return how many pairs are flagged."""
    between = {pair: flag for pair, flag in flags.items() if drawing.parent[pair[0]] == drawing.parent[pair[1]]}
    forward = [pair for pair, flag in between.items() if not flag and pair[0] != pair[1]]
    after = defaultdict(list)
    for source, target in forward:
        after[source].append(target)
    rest = unordered(after)
    failures.add("parts on a cycle that is not flagged", len(rest), rest[:1])
    all_pairs = {
        tuple(ends)
        for ends, edge in zip(drawing.ends.tolist(), drawing.edges, strict=True)
        if edge["kind"] != "tied" and drawing.parent[ends[0]] == drawing.parent[ends[1]]
    }
    every = defaultdict(list)
    for source, target in all_pairs:
        every[source].append(target)
    flagged = [pair for pair, flag in between.items() if flag]
    for source, target in flagged:
        if not reaches(every, target, source):
            failures.add("flagged edges that close no cycle", 1, (source, target))
    if forward:
        a, b = np.array(forward).T
        room = drawing.slack[a] + drawing.slack[b]
        right = drawing.low[b, 0] >= drawing.high[a, 0] - room[:, 0]
        later_row = drawing.high[b, 1] <= drawing.low[a, 1] + room[:, 1]
        up = drawing.low[b, 2] >= drawing.high[a, 2] - room[:, 2]
        wrong = ~(right | later_row | up)
        failures.add("edges that go back without a flag", wrong.sum(), np.array(forward)[wrong][:1])
    return len(flagged)


def unordered(after):
    """Return what is left when all that nothing leads to is taken away again and again."""
    waiting = defaultdict(int)
    for targets in after.values():
        for target in targets:
            waiting[target] += 1
    ready = [node for node in after if not waiting[node]]
    while ready:
        for target in after.get(ready.pop(), ()):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return [node for node, count in waiting.items() if count]


def reaches(after, start, goal):
    """Whether a way leads from start to goal."""
    seen, todo = {start}, [start]
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        new = [target for target in after.get(node, ()) if target not in seen]
        seen.update(new)
        todo += new
    return False


def examine(document):
    """Check one exported document; return what is in it, in words, and its failures."""
    drawing, failures = Drawing(document), Failures()
    decks = check_boxes(drawing, failures)
    counts, lines, flags = check_edges(drawing, failures)
    check_lines(drawing, lines, decks, failures)
    flagged = check_flow(drawing, flags, failures)
    shown = " + ".join(f"{count:,} {drawn}{'s' * (count != 1)}" for drawn, count in counts.items())
    summary = f"{len(drawing.parent):,} nodes; {len(drawing.edges):,} edges = {shown}; {len(lines):,} polylines, "
    return f"{summary}{flagged:,} of them backward; {len(decks)} decks", failures


def main(paths):
    """Check files, print what was found, and return whether all is well."""
    fine = True
    for path in paths:
        document = json.loads(Path(path).read_text())
        if document.get("schema") != 1:
            sys.exit(f"{path}: no export of schema 1")
        summary, failures = examine(document)
        print(f"{path}: {'FAILED' if failures else 'ok'}: {summary}")
        for kind, (count, example) in failures.items():
            print(f"  {count:,} {kind}; first: {np.array(example).tolist()}")
        fine &= not failures
    return fine


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(not main(sys.argv[1:]))
