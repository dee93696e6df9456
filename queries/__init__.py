"""How the graph is asked."""
