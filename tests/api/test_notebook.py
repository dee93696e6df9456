"""The notebook, executed against a real server of the record: what it finds is what was read by hand.

The values come from the competency questions of the design (the numbers in brackets), from the five seed documents, and
from rows of `data/tables`, read there and not through the graph.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from loaders.release import ReleaseInfo

nbformat = pytest.importorskip("nbformat", reason="the dependency group notebook is not installed")
nbclient = pytest.importorskip("nbclient", reason="the dependency group notebook is not installed")
pytest.importorskip("pandas", reason="the dependency group notebook is not installed")
pytest.importorskip("ipykernel", reason="the dependency group notebook is not installed")

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "ten-questions.ipynb"
TABLES = ROOT / "data" / "tables"

#: Runs last, in the kernel of the notebook: what is in its variables, as JSON.
DUMP = """
import json

print("DUMP" + json.dumps({
    "release": tg.release,
    "authorities": authorities.to_dict("records"),
    "picture": picture,
    "recalled": recalled[["session", "adopted", "symbol"]].to_dict("records"),
    "changed": changed[["session", "state", "from", "to"]].to_dict("records"),
    "agreement": {short(k): v for k, v in agreement.to_dict("index").items()},
    "parties": {str(day): number for day, number in parties.items()},
    "withdrawals": [[row["state"], str(row["notified"]), str(row["effect"])] for row in withdrawals],
    "evidence": [sum(len(one["sources"]) for one in statements) for statements in evidence],
    "findings": by_rule.reset_index().to_dict("records"),
    "wrong": [iri for about in findings[findings["rule"] == "article-against-subject"]["about"] for iri in about],
    "drift": drift[["resolutionLabel", "provisionLabel", "fits"]].to_dict("records"),
    "unfulfilled": unfulfilled["meetingLabel"].to_list(),
    "geneva": msps[msps["place"] == "Geneva"]["ordinal"].to_list(),
    "presidents": {short(k): v for k, v in presidents.items()},
    "reworded": reworded[["session", "kind", "number", "before", "opening", "inFavour"]].to_dict("records"),
    "verbs": {force: {int(s): int(n) for s, n in row.items()} for force, row in verbs.to_dict("index").items()},
}, default=str))
"""


@pytest.fixture(scope="module")
def found(record: ReleaseInfo, start: Callable[..., Any]) -> dict[str, Any]:
    """What the notebook has in its variables after it ran from top to bottom."""
    notebook = nbformat.read(NOTEBOOK, 4)
    # The last cell closes the client; what is read here needs it open.
    for cell in notebook.cells:
        cell.source = cell.source.replace("tg.close()\n", "")
    notebook.cells.append(nbformat.v4.new_code_cell(DUMP))
    with start(record.path) as server:
        environment = {**os.environ, "SERVICE": server.address, "PYTHONPATH": str(ROOT)}
        client = nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3")
        client.execute(env=environment)
    (said,) = [one.text for one in notebook.cells[-1].outputs if one.output_type == "stream" and "DUMP" in one.text]
    result: dict[str, Any] = json.loads(said.partition("DUMP")[2])
    assert result["release"] == record.id
    return result


@cache
def table(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_committed_without_outputs_and_explains_itself() -> None:
    notebook = nbformat.read(NOTEBOOK, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert cell.cell_type != "code" or (cell.outputs == [] and cell.execution_count is None), cell.id
    text = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert any(source.startswith("## How to run") for source in text)
    assert [source.split(".")[0] for source in text if source.startswith("## ") and source[3].isdigit()] == [
        f"## {number}" for number in range(1, 11)
    ]


def test_the_authorities_of_the_21st_meeting(found: dict[str, Any]) -> None:
    """[1]: paragraph 10, the decisions of the 20th meeting and of the 4th Review Conference, article 11(1); the note
    verbale of 16 January 2023 states them all."""
    places = {(one["authority"].partition(":")[0], one["stated in"], one["paragraph"]) for one in found["authorities"]}
    note = "doc/note-verbale/2023-01-16/aplc-msp-21"
    assert places >= {
        ("A/RES/77/63, operative paragraph 10", "doc/a/res/77/63", "op10"),
        ("A/RES/77/63, operative paragraph 10", note, "p5"),
        ("Decision of the 20th Meeting of the States Parties (APLC)", note, "p3"),
        ("Decision of the 4th Review Conference (APLC)", note, "p2"),
        ("APLC article 11(1)", note, "p3"),
    }
    assert found["picture"].startswith("<svg")
    assert "A/RES/77/63" in found["picture"]


def test_the_chain_of_recalls(found: dict[str, Any]) -> None:
    """[9], [11]: 23, one for each session from 54 to 76; the first three carry a letter."""
    assert [one["session"] for one in found["recalled"]] == list(range(54, 77))
    first, last = found["recalled"][0], found["recalled"][-1]
    assert (first["symbol"], first["adopted"][:10]) == ("A/RES/54/54 B", "1999-12-01")
    assert (last["symbol"], last["adopted"][:10]) == ("A/RES/76/26", "2021-12-06")
    assert [one["symbol"] for one in found["recalled"] if one["symbol"][-1].isalpha()] == [
        "A/RES/54/54 B",
        "A/RES/55/33 V",
        "A/RES/56/24 M",
    ]


def positions(resolution: str) -> dict[str, str]:
    """State to position, from the table of roll calls."""
    ways = ("in_favour", "against", "abstaining")
    rows = [row for row in table("positions") if row["resolution"] == resolution]
    return {row[way]: way.replace("_", " ") for row in rows for way in ways if row[way]}


def test_who_changed_at_the_last_session(found: dict[str, Any]) -> None:
    before, after = positions("a/res/79/34"), positions("a/res/80/35")
    expected = {(s, before[s], after[s]) for s in before.keys() & after.keys() if before[s] != after[s]}
    assert {state for state, _, _ in expected} == {"est", "fin", "ltu", "lva", "pol", "ukr"}
    changed = {
        (one["state"].rpartition("/")[2], one["from"], one["to"]) for one in found["changed"] if one["session"] == 80
    }
    assert changed == expected


def test_how_often_two_states_agree(found: dict[str, Any]) -> None:
    """Counted in the table of roll calls, for the convention on cluster munitions."""
    both = [positions(one) for one in {row["resolution"] for row in table("resolutions") if row["treaty"] == "ccm"}]
    common = [one for one in both if "nor" in one and "rus" in one]
    alike = sum(one["nor"] == one["rus"] for one in common)
    assert found["agreement"]["treaty/ccm"] == {"common": len(common), "alike": alike}
    assert len(common) == 11


def test_the_parties_and_who_left(found: dict[str, Any]) -> None:
    """[23]: 164 in A/RES/77/63; two joined in 2025, three withdrawals took effect in that December, two later."""
    assert found["parties"] == {"2022-12-07": 164, "2025-12-31": 163, "2026-02-20": 161}
    assert found["withdrawals"] == [
        ["Estonia", "2025-06-27", "2025-12-27"],
        ["Latvia", "2025-06-27", "2025-12-27"],
        ["Lithuania", "2025-06-27", "2025-12-27"],
        ["Finland", "2025-07-10", "2026-01-10"],
        ["Poland", "None", "2026-02-20"],
    ]
    assert all(found["evidence"])


def test_where_the_trail_contradicts_itself(found: dict[str, Any]) -> None:
    """[28] to [32]; article 12 for a meeting under article 11 in six resolutions, and not in 78/45."""
    number = {one["rule"]: one["findings"] for one in found["findings"]}
    assert number["stated-weekday-wrong"] == 1
    resolutions = {iri.partition("/doc/")[2].partition("~")[0] for iri in found["wrong"]}
    assert resolutions == {f"a/res/{one}" for one in ("74/61", "75/52", "76/26", "77/63", "79/34", "80/35")}
    assert {"invitation-to-the-past", "lagging-list", "conflicting-values"} <= set(number)


def test_the_drift_from_article_11_to_12(found: dict[str, Any]) -> None:
    articles = [
        (one["resolutionLabel"], one["provisionLabel"].split("(")[0][-2:], one["fits"]) for one in found["drift"]
    ]
    assert articles == [
        ("A/RES/53/77 N", "11", True),
        ("A/RES/54/54 B", "11", True),
        ("A/RES/55/33 V", "11", True),
        ("A/RES/56/24 M", "11", True),
        ("A/RES/71/34", "11", True),
        ("A/RES/74/61", "12", False),
        ("A/RES/75/52", "12", False),
        ("A/RES/76/26", "12", False),
        ("A/RES/77/63", "12", False),
        ("A/RES/78/45", "12", True),
        ("A/RES/79/34", "12", False),
        ("A/RES/80/35", "12", False),
    ]


def test_what_is_still_to_be_convened(found: dict[str, Any]) -> None:
    """Asked by A/RES/80/35 and A/RES/80/52; neither had been held when the record ended."""
    assert found["unfulfilled"] == ["23rd Meeting of the States Parties (APLC)", "3rd Review Conference (CCM)"]


def test_places_and_presidents(found: dict[str, Any]) -> None:
    """[13], [16]."""
    assert found["geneva"] == [2, 4, 7, 9, 10, 12, 13, 14, 17, 18]
    assert found["presidents"]["meeting/aplc-msp-17"] == "Suraya Dalil"
    tenures = {row["meeting"] if "meeting" in row else next(iter(row.values())): row for row in table("tenures")}
    assert (
        found["presidents"]["meeting/aplc-msp-1"] == list(tenures["aplc-msp-1"].values())[3] == "Leonardo Santos Simao"
    )


def test_the_words_of_the_resolutions_on_cluster_munitions(found: dict[str, Any]) -> None:
    """Operative paragraph 3 of A/RES/76/47 and of A/RES/77/79, as the table of paragraphs has them."""
    words = {row["paragraph"]: row["opening"] for row in table("paragraphs")}
    (one,) = [row for row in found["reworded"] if (row["session"], row["kind"], row["number"]) == (77, "op", "3")]
    assert (one["before"], one["opening"]) == (words["a/res/76/47~op3"], words["a/res/77/79~op3"])
    assert one["opening"] == "Expresses grave concern"
    assert one["inFavour"] == 144
    assert found["verbs"]["urges"] == {"75": 2, "76": 2, "77": 2, "78": 2}
