"""Invented tables about an invented convention, written afresh for each test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TG = "https://w3id.org/treatygraph/def#"
CODE = "https://w3id.org/treatygraph/code/"

SECOND = "https://lanterns.example/2 ; doc:a/res/99/7 (para. 3)"
MEETINGS = f"""\
meeting,class,kind,start,start_source,start_confidence,places,source,confidence
ctl-msp-1,MeetingOfStatesParties,msp,2031-05-05,,,port-amity,https://lanterns.example/1,sourced-exactly
ctl-msp-2,MeetingOfStatesParties,msp,2032-05-03,https://tides.example/2,sourced-secondary,low-harbour; port-amity,\
"{SECOND}",sourced-exactly
"""

PLACES = """\
place,name,source,confidence
low-harbour,Low Harbour,https://lanterns.example/2,sourced-exactly
port-amity,Port Amity,https://lanterns.example/1,sourced-exactly
"""


def meetings_mapping() -> dict[str, Any]:
    """The mapping of the table of meetings, in the form of CSV on the Web."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@base": "https://w3id.org/treatygraph/id/"}],
        "url": "meetings.csv",
        "dc:title": "Meetings",
        "tableSchema": {
            "aboutUrl": "meeting/{meeting}",
            "primaryKey": ["meeting", "source"],
            "foreignKeys": [
                {"columnReference": "places", "reference": {"resource": "places.csv", "columnReference": "place"}}
            ],
            "columns": [
                {"name": "meeting", "required": True, "suppressOutput": True},
                {"name": "class", "propertyUrl": "rdf:type", "valueUrl": f"{TG}{{class}}", "required": True},
                {
                    "name": "kind",
                    "propertyUrl": f"{TG}meetingType",
                    "valueUrl": f"{CODE}meeting-type/{{kind}}",
                    "datatype": {"base": "string", "format": "[a-z-]+"},
                },
                {"name": "start", "propertyUrl": f"{TG}startDate", "datatype": "date"},
                {"name": "start_source", "suppressOutput": True},
                {"name": "start_confidence", "suppressOutput": True},
                {"name": "places", "propertyUrl": "skos:related", "valueUrl": "place/{places}", "separator": ";"},
                {"name": "treaty", "virtual": True, "propertyUrl": f"{TG}ofTreaty", "valueUrl": "treaty/ctl"},
                {"name": "source", "required": True, "suppressOutput": True},
                {"name": "confidence", "required": True, "suppressOutput": True},
            ],
        },
    }


def places_mapping() -> dict[str, Any]:
    """The mapping of the table of places."""
    return {
        "url": "places.csv",
        "tableSchema": {
            "aboutUrl": "place/{place}",
            "primaryKey": "place",
            "columns": [
                {"name": "place", "required": True, "suppressOutput": True},
                {"name": "type", "virtual": True, "propertyUrl": "rdf:type", "valueUrl": f"{TG}Place"},
                {"name": "name", "propertyUrl": "skos:prefLabel", "lang": "en"},
                {"name": "source", "required": True, "suppressOutput": True},
                {"name": "confidence", "required": True, "suppressOutput": True},
            ],
        },
    }


@pytest.fixture
def tables(tmp_path: Path) -> Callable[..., Path]:
    """Write the tables (with another text of the meetings, if one is given) and return the path of the meetings."""

    def write(meetings: str | bytes = MEETINGS, mapping: dict[str, Any] | None = None) -> Path:
        data = meetings.encode() if isinstance(meetings, str) else meetings
        (tmp_path / "meetings.csv").write_bytes(data)
        (tmp_path / "meetings.csv-metadata.json").write_text(json.dumps(mapping or meetings_mapping()))
        (tmp_path / "places.csv").write_text(PLACES)
        (tmp_path / "places.csv-metadata.json").write_text(json.dumps(places_mapping()))
        return tmp_path / "meetings.csv"

    return write
