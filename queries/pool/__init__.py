"""Queries in worker processes: each can be stopped, none can take the service down or reach the network.

Nothing is imported here, because the workers import this package too and must start fast; use `queries.pool.backend`.
"""
