"""Publishes what it is told on standard input, each time in a process of its own that can be killed.

A line, the directory of a release, is answered by the id of the process; then its exit status says how it went: 0, 3
where another publish holds the store or took it over, 1 where something else went wrong.
"""

import os
import sys
from contextlib import closing

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
                with closing(engine.target(batch)) as target:
                    publish(open_release(line.strip()), target, lambda *_: None)
                status = 0
            except Exception as error:
                if "has been publishing" in str(error) or "took over" in str(error):
                    status = 3
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


main()
