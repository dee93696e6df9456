"""The report of a validation as one HTML page, without script, fonts or pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from loaders.diagnose import Diagnosis

_STYLE: Final = """
body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top}
.violation{color:#a40000;font-weight:600}.warning{color:#7a4b00;font-weight:600}.info{color:#00517a;font-weight:600}
code{overflow-wrap:anywhere}
"""


def page(summary: str, groups: Sequence[tuple[str, Sequence[Diagnosis]]]) -> str:
    """The page: a summary line, then for each rule (shape: name and results) a table. All text is escaped."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Validation report</title>',
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>',
        f"<h1>Validation report</h1>\n<p>{escape(summary)}</p>",
    ]
    for rule, results in groups:
        parts.append(f'<section aria-labelledby="{escape(rule)}">')
        parts.append(f'<h2 id="{escape(rule)}">{escape(rule)} ({len(results)})</h2>\n<table>')
        parts.append('<thead><tr><th scope="col">Where</th><th scope="col">What is wrong</th>')
        parts.append('<th scope="col">How to mend it</th></tr></thead>\n<tbody>')
        parts.extend(_row(result) for result in results)
        parts.append("</tbody>\n</table>\n</section>")
    return "\n".join([*parts, "</main>\n</body>\n</html>"]) + "\n"


def _row(result: Diagnosis) -> str:
    cell = f"<br>column {escape(result.cell)}" if result.cell else ""
    where = f"<code>{escape(result.file)}:{result.line}:{result.column}</code>{cell}"
    what = f'<span class="{result.severity}">{result.severity}</span> {escape(result.message)}'
    return f"<tr><td>{where}</td><td>{what}</td><td>{escape(result.hint)}</td></tr>"
