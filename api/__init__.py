"""How people reach the graph."""
