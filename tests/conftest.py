"""Settings for all tests.

A busy machine must not turn a property test red: how long one example takes says nothing about what it tests, and a
check script gives the same verdict for the same commit, so its examples are not drawn by chance.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("check", deadline=None, derandomize=True)
settings.load_profile("check" if os.environ.get("CI") else "here")
