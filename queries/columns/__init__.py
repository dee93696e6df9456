"""Counting questions over the whole canonical graph, answered from columns that are part of a release.

`file` is the file beside the store, `reader` knows the texts that it can answer, `joins` and `counting` answer them,
`door` is what a worker calls. Everything that is not surely one of these questions is left to the engine.
"""
