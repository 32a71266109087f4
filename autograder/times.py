"""Moments as people write them: when a notebook was handed in, and when it was due.

nbgrader's own reading takes ``+0200`` for 200 seconds, ``11:59 PM`` for the morning, and a zone that it does not know for
UTC. A late penalty hangs on it, so here a text is read right or not at all.
"""

import re
from datetime import datetime, timedelta, tzinfo

from dateutil import parser, tz

_YEAR_FIRST = re.compile(r"20\d\d[-/.]?\d")
_OF_UTC = re.compile(r"\b(?:UTC|GMT)(?=[+-]\d)")  # dateutil takes UTC+2 for what POSIX means by it, two hours west
_PLACE = re.compile(r"[A-Z]\w+(?:/[\w+-]+)+")
_HOW = "write it as 2026-03-01 11:59 UTC or 2026-03-01 12:59 +0100"


class NoTime(ValueError):
    """A text says no moment, or more than one; the message says how to write it."""


def read_utc(when: datetime | str | None) -> datetime | None:
    """Return a moment in UTC, without a zone, as nbgrader keeps it; what names no zone is UTC. Raises NoTime."""
    try:
        moment = _read(when.strip()) if isinstance(when, str) else when
        return moment.astimezone(tz.UTC).replace(tzinfo=None) if moment and moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise NoTime(f"{when!r} is no time that can be read ({error}): {_HOW}") from None


def _read(text: str) -> datetime:
    start, _, last = text.rpartition(" ")
    zone = _zone(last, None) if _PLACE.fullmatch(last) else None  # Europe/Berlin
    text = _OF_UTC.sub("", start if zone else text)
    # Read in two ways, which differ where the text leaves open which day it is.
    one = parser.parse(text, default=datetime(2001, 1, 1), tzinfos=_zone)
    dayfirst = not _YEAR_FIRST.match(text)
    other = parser.parse(text, default=datetime(2002, 2, 2), tzinfos=_zone, dayfirst=dayfirst)
    if one != other:
        raise ValueError("more than one day is possible")
    return one.replace(tzinfo=zone) if zone else one


def _zone(name: str | None, offset: int | None) -> tzinfo:
    if offset is not None:
        return tz.tzoffset(name, timedelta(seconds=offset))
    found = tz.gettz(name) if name else tz.UTC
    if found is None:
        raise ValueError(f"no known zone is called {name}")
    return found
