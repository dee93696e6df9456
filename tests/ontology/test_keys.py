"""Keys and IRIs of things."""

from __future__ import annotations

import pytest

from ontology import keys
from ontology.namespaces import BASE


@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("A/RES/54/54 B", "a/res/54/54b"),
        ("A/RES/2373 (XXII)", "a/res/2373_xxii"),
        ("NPT/CONF.2000/28 (Parts I and II)", "npt/conf.2000/28_partsiandii"),
        ("A/75/PV.48 (Resumption 1)", "a/75/pv.48_resumption1"),
        ("ODA/16–2017/NDV", "oda/16-2017/ndv"),
        ("A/48/42(SUPP)", "a/48/42_supp"),
    ],
)
def test_symbol_key(symbol: str, key: str) -> None:
    assert keys.symbol_key(symbol) == key


def test_minting() -> None:
    assert str(keys.provision("ctl", 11, 1)) == f"{BASE}id/treaty/ctl~art11.1"
    assert str(keys.provision("ctl", 11)) == f"{BASE}id/treaty/ctl~art11"
    assert keys.meeting_key("ctl", "msp", 3) == "ctl-msp-3"
    assert keys.series_key("ctl", "msp") == "ctl-msp"
    assert keys.decision_key("ctl-msp-2", "convene", "ctl-msp-3") == "ctl-msp-2~convene-ctl-msp-3"
    assert str(keys.passage("a/res/85/9", 10, 60)) == f"{BASE}id/doc/a/res/85/9#char=10,60"
    assert str(keys.code("force", "requests")) == f"{BASE}code/force/requests"
    assert str(keys.source_graph("a/res/85/9")) == f"{BASE}graph/a/res/85/9"
    assert str(keys.claims_graph("a/res/85/9")) == f"{BASE}graph/a/res/85/9~claims"


def test_taking_apart() -> None:
    iri = str(keys.doc("a/res/85/9~op4"))
    assert (keys.folder_of(iri), keys.key_of(iri)) == ("doc", "a/res/85/9~op4")
    assert keys.folder_of("http://example.org/x") is None
    assert keys.key_of("http://example.org/x") == "http://example.org/x"


@pytest.mark.parametrize("text", ["", "A/RES/1", "-x", "a b", "a\n", "../x"])
def test_what_is_no_key(text: str) -> None:
    assert not keys.is_key(text)


def test_slug() -> None:
    assert keys.slug("The Hague") == "the-hague"
    assert keys.slug("São Tomé") == "sao-tome"
    assert keys.slug("  --  ") == ""
