"""Settings: defaults, environment, and the refusal of what nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings, SettingsError, load_settings


def test_given_values_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREATYGRAPH_PORT", "9001")
    monkeypatch.setenv("TREATYGRAPH_TIMEOUT_S", "2.5")
    assert load_settings().port == 9001
    assert load_settings(port=9002).port == 9002
    assert load_settings(port=None).timeout_s == 2.5


def test_a_misspelled_variable_is_an_error_with_a_hint() -> None:
    with pytest.raises(SettingsError, match="TREATYGRAPH_TIMEOUT_SECONDS is not a setting; did you mean"):
        load_settings({"TREATYGRAPH_TIMEOUT_SECONDS": "5", "HOME": "/"})


@pytest.mark.parametrize(("name", "value"), [("port", 70000), ("timeout_s", 0), ("workers", 0), ("max_url_bytes", 1)])
def test_impossible_values_are_named(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"setting {name}"):
        load_settings({}, **{name: value})


@pytest.mark.parametrize("path", ["tg", "http://host/tg", "/a b", "//tg", "/tg?x", "/"])
def test_the_path_of_a_proxy_is_a_path(path: str) -> None:
    if path == "/":
        assert load_settings({}, root_path=path).root_path == ""
        return
    with pytest.raises(SettingsError, match="setting root_path: expected a path that begins with a slash, such as /tg"):
        load_settings({}, root_path=path)


def test_a_slash_at_the_end_of_the_path_is_left_out() -> None:
    assert load_settings({}, root_path="/a/tg/").root_path == "/a/tg"


@pytest.mark.parametrize("name", ["operator_token"])
def test_a_secret_is_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match=f"setting {name}") as caught:
        load_settings({}, **{name: "hush"})
    assert "hush" not in str(caught.value)


def test_every_setting_has_a_sentence_and_says_its_unit() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
    assert Settings().release == Path("release")
