"""Tracks of all nets in all channels of one container."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .channels import Run, tracks_of

__all__ = ["ENDS", "HIGH", "LOW", "Stops", "Tracks"]

LOW, HIGH, ENDS = 0, 1, 2  # to which side of a channel a net leaves it, or that it goes on in another channel
_SAME = 1e-9
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stops:
    """Where nets enter and leave channels, one row a stop.

    Attributes
    ----------
    channel, net : ndarray of int64, shape (s,)
    at : ndarray of float64, shape (s,)
        Position along the channel.
    side : ndarray of int64, shape (s,)
        `LOW` (left of a gutter, lower edge of a corridor), `HIGH` or `ENDS`.
    """

    channel: Ints
    net: Ints
    at: Floats
    side: Ints


class Tracks:
    """Tracks in some channels.

    Parameters
    ----------
    stops : Stops
    edges : ndarray of float64, shape (c, 2)
        Edges of each channel, across the way.

    Attributes
    ----------
    count : ndarray of int64, shape (c,)
        Tracks of each channel.
    pitch : ndarray of float64, shape (c,)
        Distance from track to track, and from the outer ones to the edges.
    """

    def __init__(self, stops: Stops, edges: Floats) -> None:
        self._low = edges[:, 0]
        self._nets = int(stops.net.max(initial=0)) + 1
        key = stops.channel * self._nets + stops.net
        order = np.argsort(key, kind="stable")
        key, at, side = key[order], stops.at[order], stops.side[order]
        starts = np.flatnonzero(np.append(True, key[1:] != key[:-1])[: len(key)])
        self._key = key[starts]
        self._track = np.full(len(starts), -1, np.int64)
        first = np.minimum.reduceat(at, starts) if len(starts) else at
        last = np.maximum.reduceat(at, starts) if len(starts) else at
        runs = np.flatnonzero(last - first > _SAME)
        channel = self._key // self._nets
        self.count = np.bincount(channel[runs], minlength=len(edges))
        self._track[runs[self.count[channel[runs]] == 1]] = 0
        busy = runs[self.count[channel[runs]] > 1]
        stop = np.append(starts[1:], len(key))
        for mine in np.split(busy, np.flatnonzero(np.diff(channel[busy])) + 1) if len(busy) else ():
            several: list[Run] = []
            for k in mine.tolist():
                here = slice(starts[k], stop[k])
                places, sides = at[here], side[here]
                several.append(
                    Run(
                        int(self._key[k] % self._nets), float(first[k]), float(last[k]),
                        np.sort(places[sides == LOW]).tolist(), np.sort(places[sides == HIGH]).tolist(),
                    )
                )  # fmt: skip
            self._track[mine] = tracks_of(several)
            self.count[channel[mine[0]]] = self._track[mine].max() + 1
        self.pitch = (edges[:, 1] - edges[:, 0]) / (self.count + 1)

    def at(self, channel: Ints, net: Ints) -> Floats:
        """Return where nets run, across channels; what only crosses one does so in the middle."""
        key = channel * self._nets + net
        place = np.minimum(np.searchsorted(self._key, key), len(self._key) - 1)
        track = np.where(self._key[place] == key, self._track[place], -1) if len(self._key) else np.full(key.shape, -1)
        place = np.where(track < 0, (self.count[channel] - 1) / 2, track)
        return self._low[channel] + self.pitch[channel] * (1 + place)
