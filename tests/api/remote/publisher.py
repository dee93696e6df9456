"""Publishes what it is told on standard input, each time in a process of its own that can be killed.

A line `RELEASE STORE-DIRECTORY-OF-RELEASE` is answered by the id of the process; its exit status says how it went.
"""

import os
import sys

import requests_of_engine as engines  # beside this file

from loaders.publishing.publish import publish
from loaders.release import open_release


def main() -> None:
    engine = engines.Address.from_text(sys.argv[1])
    batch = int(sys.argv[2])
    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                publish(open_release(line.strip()), engine.target(batch), lambda *_: None)
                status = 0
            except Exception as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


main()
