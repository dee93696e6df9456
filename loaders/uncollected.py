"""Reading without the collector of cycles.

While millions of objects are made and none is given up, Python looks through all of them for cycles again and again: a
third of the time of a large validation. What is read here has no cycles to speak of.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave cycles alone for a while; afterwards the collector does what it did before."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()
