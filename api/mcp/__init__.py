"""Machines that quote: the graph as tools of the Model Context Protocol (https://modelcontextprotocol.io).

One set of tools over one interface (`graph`), with two implementations: a release on this machine (`local`) and a
running service (`remote`). Every answer names the release and, for what it says, the documents that say it. Needs the
extra `mcp`; nothing here is imported by the rest of the software, so that nothing else needs it.
"""
