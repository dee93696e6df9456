"""Where an engine of the tests is, and how it is asked; shared with processes that the tests start."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from loaders.publishing.sparql import SparqlTarget
from loaders.publishing.turn import Patience
from queries.endpoint import Login
from queries.engines import ENGINES
from queries.published import PublishedBackend


@dataclass(frozen=True)
class Address:
    """An engine: its name, the address of queries, and who asks."""

    engine: str
    query: str
    user: str = ""
    password: str = ""

    @classmethod
    def from_text(cls, text: str) -> Address:
        return cls(**json.loads(text))

    def text(self) -> str:
        return json.dumps(asdict(self))

    @property
    def login(self) -> Login | None:
        return Login("digest", self.user, self.password) if self.user else None

    def target(self, batch: int = 10_000, **how: Any) -> SparqlTarget:
        """Waits are as short as a loopback allows."""
        engine = ENGINES[self.engine]
        update, graphs = engine.update_url(self.query), engine.graphs_url(self.query)
        assert update
        how.setdefault("patience", Patience(beat=0.2, watch=2, stale=4, rival=10, engine=2, statements=5000))
        return SparqlTarget(self.query, update, graphs, engine=engine, login=self.login, batch=batch, **how)

    def backend(self, **how: Any) -> PublishedBackend:
        return PublishedBackend(self.query, engine=ENGINES[self.engine], **how)

    def settings(self) -> dict[str, str]:
        """As the operator sets them, in the environment."""
        named = {"store": f"sparql:{self.query}", "store_engine": self.engine}
        if self.user:
            named |= {"store_auth": "digest", "store_user": self.user, "store_password": self.password}
        return named
