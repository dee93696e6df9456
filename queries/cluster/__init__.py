"""A release in Fluree over shared storage, asked by several query processes at once: the optional extra `cluster`.

Nothing is imported here, because the workers import this package too and must start fast; use
`queries.cluster.backend`.
"""
