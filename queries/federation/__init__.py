"""SERVICE to endpoints that the operator lists (SPARQL 1.1 Federated Query).

The engine calls SERVICE by itself and without limits, so it is never let to: the workers keep no network. Instead the
server asks the listed endpoint itself, with limits, and puts the rows that it gives into the query as VALUES. What the
worker runs then holds no SERVICE any more.
"""
