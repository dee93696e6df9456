"""The audit and the questions 34 to 38 on a release of the repository's own data."""

from __future__ import annotations

from typing import Any

import pytest

from queries.catalogue import Catalogue


@pytest.fixture(scope="module")
def found(release: Any) -> dict[str, list[dict[str, str]]]:
    """Check -> its rows, each with the columns about, value1 and value2. One engine: the record is large."""
    return {name: rows(release, check.text) for name, check in Catalogue.load("audit").items()}


def rows(release: Any, text: str) -> list[dict[str, str]]:
    answer = release.store.query(text)
    names = [variable.value for variable in answer.variables]
    return [{name: "" if row[name] is None else short(row[name].value) for name in names} for row in answer]


def short(text: str) -> str:
    return text.removeprefix("https://w3id.org/treatygraph/").removeprefix("id/")


def about(found: dict[str, list[dict[str, str]]], check: str) -> set[str]:
    return {row["about"].partition("~")[0] for row in found[check]}


def test_article_12_for_a_meeting_of_the_states_parties(found: dict[str, list[dict[str, str]]]) -> None:
    expected = {f"doc/a/res/{symbol}" for symbol in ("74/61", "75/52", "76/26", "77/63", "79/34", "80/35")}
    assert about(found, "article-against-subject") == expected


def test_invitations_to_past_meetings(found: dict[str, list[dict[str, str]]]) -> None:
    assert {"doc/a/res/77/63", "doc/a/res/78/45", "doc/a/res/79/34"} <= about(found, "invitation-to-the-past")
    assert "doc/a/res/80/35" not in about(found, "invitation-to-the-past")


def test_lagging_lists(found: dict[str, list[dict[str, str]]]) -> None:
    assert {"doc/a/res/77/63", "doc/a/res/78/45"} <= about(found, "lagging-list")


@pytest.mark.parametrize(
    ("thing", "first", "second"),
    [
        ("doc/a/res/78/32", "2023-12-04", "2023-12-06"),
        ("meeting/aplc-rc-4", "2019-11-25", "2019-11-26"),
        ("meeting/aplc-rc-2", "2009-11-29", "2009-11-30"),
        ("meeting/aplc-rc-3", "2014-06-22", "2014-06-23"),
        ("meeting/aplc-msp-11", "2011-11-27", "2011-11-28"),
        ("meeting/aplc-msp-15", "2016-11-28", "2016-11-29"),
        ("meeting/aplc-im-2024", "2024-06-17", "2024-06-18"),
        ("meeting/aplc-rc-5", "2024-11-25", "2024-12-01"),
        ("meeting/aplc-msp-8", "2007-09-18", "2007-11-18"),
        ("meeting/aplc-msp-10", "2010-11-24", "2010-11-29"),
        ("meeting/ccm-msp-2", "2011-09-12", "2011-09-13"),
        ("meeting/ccm-msp-4", "2013-09-09", "2013-09-10"),
        ("treaty/aplc", "1999-03-01", "2009-03-01"),
        ("treaty/aplc", "1999-03-01", "1999-05-01"),
        ("treaty/aplc", "1999-03-01", "2003-03-02"),
        ("action/aplc/vut/ratification", "2005-09-06", "2005-09-16"),
        ("action/aplc/ton/accession", "2025-06-25", "2025-06-26"),
        ("action/aplc/ltu/withdrawal", "2025-05-08", "2025-12-27"),
    ],
)
def test_two_dates(found: dict[str, list[dict[str, str]]], thing: str, first: str, second: str) -> None:
    assert (thing, first, second) in {(r["about"], r["value1"], r["value2"]) for r in found["conflicting-values"]}


def test_two_totals(found: dict[str, list[dict[str, str]]]) -> None:
    pairs = {(r["about"], r["value1"], r["value2"]) for r in found["totals-differ-between-sources"]}
    assert ("vote/a/res/71/34~plenary", "163-0-20", "164-0-20") in pairs
    assert ("vote/a/res/71/45~plenary", "141-1-39", "141-2-?") in pairs
    assert not [r for r in found["conflicting-values"] if r["about"].startswith("vote/")]


def test_one_weekday(found: dict[str, list[dict[str, str]]]) -> None:
    assert [(r["value1"], r["value2"]) for r in found["stated-weekday-wrong"]] == [("Friday", "Thursday")]


@pytest.mark.parametrize(
    ("check", "thing"),
    [
        ("ends-before-starts", "meeting/aplc-msp-4"),
        ("virtual-with-place", "meeting/aplc-msp-18"),
        ("virtual-with-place", "meeting/aplc-msp-19"),
        ("two-presidents-at-once", "post/aplc-msp-20-president"),
        ("two-presidents-at-once", "post/aplc-msp-15-president"),
        ("recall-unlike-series", "doc/a/res/59/84"),
        ("mandate-from-other-subject", "meeting/aplc-msp-15"),
        ("adopted-by-two-meetings", "doc/aplc-msp-2/declaration"),
        ("two-final-reports", "meeting/aplc-msp-2"),
        ("vote-date-against-adoption", "vote/a/res/54/54b"),
        ("vote-date-against-adoption", "vote/a/res/55/33v"),
        ("plenary-number-against-record", "doc/a/res/79/77"),
        ("account-of-another-meeting", "meeting/aplc-msp-16"),
        ("account-of-another-meeting", "meeting/aplc-msp-19"),
        ("two-spellings", "meeting/aplc-msp-23"),
        ("held-unlike-planned", "meeting/aplc-msp-15"),
        ("held-unlike-planned", "meeting/aplc-msp-16"),
        ("two-places", "meeting/ccm-rc-3"),
        ("one-report-two-items", "doc/a/80/534"),
        ("two-bases", "meeting/aplc-msp-21"),
    ],
)
def test_further_oddities(found: dict[str, list[dict[str, str]]], check: str, thing: str) -> None:
    assert thing in about(found, check)


@pytest.mark.parametrize(
    "check", ["stated-total-differs", "action-dates-order", "effective-date-against-rule", "vote-without-a-vote"]
)
def test_no_false_alarm(found: dict[str, list[dict[str, str]]], check: str) -> None:
    assert found[check] == []


class TestQuestions:
    def ask(self, release: Any, name: str, **parameters: Any) -> list[dict[str, str]]:
        question = Catalogue.load("questions")[name]
        return rows(release, question.bind({**question.example(), **parameters}))

    def test_34_roll_call(self, release: Any) -> None:
        found = self.ask(release, "roll-call", resolution="a/res/78/32")
        sizes = {p: len([r for r in found if r["position"] == p]) for p in ("in favour", "against", "abstaining")}
        assert sizes == {"in favour": 148, "against": 1, "abstaining": 36}
        assert [r["state"] for r in found if r["position"] == "against"] == ["state/rus"]

    def test_34_a_state_over_the_years(self, release: Any) -> None:
        votes = {
            row["session"]: row["position"] for row in self.ask(release, "votes-of-state", state="nor", treaty="aplc")
        }
        assert len(votes) == 30
        assert set(votes.values()) == {"in favour"}

    def test_34_who_changed(self, release: Any) -> None:
        changes = {(r["session"], r["state"], r["to"]) for r in self.ask(release, "who-changed", treaty="aplc")}
        assert any(session == "80" for session, *_ in changes)

    def test_34_agreement(self, release: Any) -> None:
        found = self.ask(release, "agreement-of-two-states", first="nor", second="swe")
        assert len(found) > 40
        best = self.ask(release, "agreement-with-state", state="nor", treaty="ccm")
        assert (best[0]["common"], best[0]["alike"]) == ("11", "11")

    @pytest.mark.parametrize(
        ("state", "treaty", "date", "status", "in_force"),
        [
            ("ltu", "ccm", "2025-03-05", "party", "true"),
            ("ltu", "ccm", "2025-03-06", "withdrawn", "false"),
            ("vut", "ccm", "2025-12-01", "party", "false"),
            ("mhl", "aplc", "2022-12-07", "signed", "false"),
            ("mhl", "aplc", "2025-09-01", "party", "true"),
            ("fin", "aplc", "2026-01-09", "party", "true"),
            ("fin", "aplc", "2026-01-10", "withdrawn", "false"),
            ("usa", "aplc", "2022-12-07", "none", "false"),
        ],
    )
    def test_35_status(self, release: Any, state: str, treaty: str, date: str, status: str, in_force: str) -> None:
        found = self.ask(release, "status-on-date", state=state, treaty=treaty, date=date)
        assert {(row["status"], row["inForce"]) for row in found} == {(status, in_force)}

    @pytest.mark.parametrize(
        ("treaty", "date", "number"),
        [
            ("aplc", "2022-12-07", 164),
            ("ccm", "2019-12-12", 107),
            ("ccm", "2020-12-07", 110),
            ("ccm", "2022-12-07", 110),
            ("ccm", "2023-12-04", 112),
            ("ccm", "2025-12-01", 112),
        ],
    )
    def test_35_parties(self, release: Any, treaty: str, date: str, number: int) -> None:
        assert len(self.ask(release, "parties-on-date", treaty=treaty, date=date)) == number

    def test_36_what_is_to_come(self, release: Any) -> None:
        assert {row["meeting"] for row in self.ask(release, "mandates-not-fulfilled")} == {
            "meeting/aplc-msp-23",
            "meeting/ccm-rc-3",
        }
        without = {row["meeting"] for row in self.ask(release, "meetings-without-mandate")}
        assert "meeting/aplc-msp-21" not in without
        assert "meeting/aplc-msp-5" in without

    def test_37_paragraphs(self, release: Any) -> None:
        changed = {
            (row["session"], row["kind"], row["number"], row["before"], row["opening"])
            for row in self.ask(release, "paragraphs-over-the-years", treaty="ccm")
            if row["changed"] == "true"
        }
        assert ("77", "op", "3", "Expresses strong concern", "Expresses grave concern") in changed

    def test_38_preferences(self, release: Any) -> None:
        found = {
            (row["thing"], row["property"], row["preferred"], row["other"])
            for row in self.ask(release, "disagreements-and-preference")
        }
        assert ("doc/a/res/78/32", "date of adoption", "2023-12-04", "2023-12-06") in found

    def test_the_drift_of_the_article(self, release: Any) -> None:
        found = self.ask(release, "convening-articles-over-time", treaty="aplc")
        articles = {
            row["resolution"].removeprefix("doc/a/res/"): row["provision"].partition("~art")[2] for row in found
        }
        assert [articles[s] for s in ("53/77n", "55/33v", "56/24m", "71/34")] == ["11.2", "11.2", "11.2", "11.1"]
        assert {articles[s] for s in ("74/61", "75/52", "76/26", "77/63", "78/45", "79/34", "80/35")} == {"12.1"}
        assert {row["resolution"] for row in found if row["fits"] == "true" and row["date"] > "2017"} == {
            "doc/a/res/78/45"
        }
