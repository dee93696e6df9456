"""How sources become triples."""
