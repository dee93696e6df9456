"""Settings for all tests.

A busy machine must not turn a property test red: how long one example takes says nothing about what it tests, and a
check script gives the same verdict for the same commit, so its examples are not drawn by chance.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

# What commands keep between two runs is kept for the tests alone.
os.environ["TREATYGRAPH_CACHE_DIR"] = tempfile.mkdtemp(prefix="treatygraph-tests-")
atexit.register(shutil.rmtree, os.environ["TREATYGRAPH_CACHE_DIR"], ignore_errors=True)

settings.register_profile("here", deadline=None)
settings.register_profile("check", deadline=None, derandomize=True)
settings.load_profile("check" if os.environ.get("CI") else "here")
