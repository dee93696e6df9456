"""The catalogue as a page of the documentation: `docs/questions.md` is what `guide()` returns.

Renew the file with `python -m queries.guide > docs/questions.md`; a test compares the two.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from queries.catalogue import Catalogue, StoredQuery

_HEAD = """\
# Questions, rules and checks

Written by `python -m queries.guide > docs/questions.md` from the headers of the query files; edit those.

Each file is plain SPARQL 1.1 that runs as it stands, on any engine, with the example values of its parameters. A value
goes into the `VALUES` block of its parameter. A new question, rule or check is one new file.
"""

_QUESTIONS = """\
## Questions

`treatygraph query NAME --param name=value`, or `GET /ask/NAME?name=value`. The numbers are those of the competency
questions.
"""

_RULES = """\
## Rules

What follows from the statements of the sources. The rules run in the order of their names until nothing new comes; each
triple that they derive has a `tg:Derivation` that names the rule and the statements from which it follows.
"""

_AUDIT = """\
## Audit

Checks that should return nothing. Each row is a finding about the sources: it names both values, the documents and the
passages, and is never repaired in silence.
"""


def guide() -> str:
    """The page in Markdown, ending with a line end. Raises CatalogueError for a file whose header is incomplete."""
    questions = Catalogue.load("questions").values()
    ordered = sorted(questions, key=lambda one: (one.questions or (10_000,), one.name))
    parts = [
        _HEAD,
        _QUESTIONS,
        *(f"- [{_numbered(one)}](#{one.name})" for one in ordered),
        "",
        *(line for one in ordered for line in _question(one)),
        _RULES,
        "| rule | what it derives |",
        "|---|---|",
        *(f"| `{one.name}` | {one.description} |" for one in Catalogue.load("rules").values()),
        "",
        _AUDIT,
        "| check | severity | what it finds | why it matters |",
        "|---|---|---|---|",
        *(_check(one) for one in Catalogue.load("audit").values()),
    ]
    return "\n".join(parts) + "\n"


def _numbered(one: StoredQuery) -> str:
    numbers = ", ".join(map(str, one.questions))
    return f"{numbers}. {one.title}" if numbers else one.title


def _question(one: StoredQuery) -> Iterator[str]:
    yield f"### {one.name}"
    yield ""
    yield f"**{_numbered(one)}** {one.description}"
    yield ""
    options = "".join(f" --param {shlex.quote(f'{name}={value}')}" for name, value in one.example().items())
    yield f"    treatygraph query {one.name}{options}"
    yield ""
    for parameter in one.parameters.values():
        optional = ", optional" if parameter.optional else ""
        yield f"- `{parameter.name}` ({parameter.type}{optional}): {parameter.description}"
    if one.parameters:
        yield ""
    yield "| column | meaning |"
    yield "|---|---|"
    for name, meaning in one.columns.items():
        yield f"| `{name}` | {meaning} |"
    yield ""


def _check(one: StoredQuery) -> str:
    return f"| `{one.name}` | {one.severity} | {one.description} | {' '.join(str(one.header.get('why', '')).split())} |"


if __name__ == "__main__":
    print(guide(), end="")
