"""A person at a browser asks, reads, runs a query, with and without JavaScript; nothing is loaded from elsewhere."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.patience import PATIENT_S

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from tests.api.conftest import Server

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here; install the package chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    # The driver is a program of its own, and may lack a library of the system.
    driver = importlib.import_module("playwright._impl._driver").compute_driver_executable()
    started = subprocess.run([*driver, "--version"], capture_output=True, text=True, check=False)
    if started.returncode != 0:
        pytest.skip(f"the driver of the browser does not start: {started.stderr.strip()[-200:]}")
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails the test when it breaks its security policy or asks another host."""
    context = browser.new_context(
        java_script_enabled=request.param, base_url=server.address, viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(PATIENT_S * 1000)
    complaints: list[str] = []
    foreign: list[str] = []
    found = context.new_page()

    def note(message: Any) -> None:
        if message.type == "error" and "status of" not in message.text:
            complaints.append(message.text)

    def ask(one: Any) -> None:
        if urlsplit(one.url).netloc != urlsplit(server.address).netloc:
            foreign.append(one.url)

    found.on("console", note)
    found.on("request", ask)
    yield found
    context.close()
    assert complaints == []
    assert foreign == []


def expect(found: Locator | Page) -> Any:
    """The library's own: it waits until the page is as it is expected."""
    library = importlib.import_module("playwright.sync_api")
    library.expect.set_options(timeout=PATIENT_S * 1000)
    return library.expect(found)


def test_from_the_home_page_to_the_source_of_a_mandate(page: Page) -> None:
    page.goto("/")
    page.get_by_role("searchbox").fill("CTL MSP 5")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name="5th Meeting of the States Parties (CTL)").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("5th Meeting of the States Parties (CTL)")
    expect(page.locator("figure.picture svg")).to_be_visible()
    page.get_by_text("The same in words, with the sources").click()
    steps = page.locator("ol.steps")
    expect(steps).to_be_visible()
    expect(steps).to_contain_text("was convened under A/RES/91/7, operative paragraph 4")
    expect(steps).to_contain_text("characters 900–990")
    page.get_by_role("link", name="Whole lineage").click()
    expect(page).to_have_url(re.compile(re.escape("/lineage?thing=ctl-msp-5")))
    rows = page.locator("table.statements tbody tr")
    rows.nth(7).wait_for()
    page.locator("figure.picture svg a", has_text="CTL article 9(1)").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CTL article 9(1)")


def test_a_question_is_asked_by_its_form(page: Page) -> None:
    page.goto("/ask")
    page.get_by_role("link", name="By what mandate was a meeting convened?").click()
    page.get_by_label("Meeting").fill("CTL MSP 5")
    page.get_by_role("button", name="Ask").click()
    table = page.get_by_role("table")
    expect(table).to_contain_text("A/RES/91/7, operative paragraph 4")
    page.get_by_role("link", name="open the query in the editor").click()
    expect(page.get_by_label("Query")).to_have_value(re.compile("meeting/ctl-msp-5"))


def test_a_query_runs_in_the_editor_and_errors_are_shown(page: Page) -> None:
    page.goto("/sparql")
    page.get_by_label("Query").fill(
        "SELECT ?s WHERE { ?s a <https://w3id.org/treatygraph/def#Resolution> } ORDER BY ?s"
    )
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="id:doc/a/res/91/7").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A/RES/91/7")
    page.goto("/sparql")
    page.get_by_label("Query").fill("SELECT ?s WHRE { }")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("line 1")


def test_data_are_checked_by_the_form(page: Page) -> None:
    page.goto("/validate")
    page.get_by_label("Data").fill("PREFIX tg: <https://w3id.org/treatygraph/def#>\n<http://e/a> a tg:Meetin .\n")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("main")).to_contain_text("tg:Meeting")
    expect(page.get_by_role("table").first).to_contain_text("2:")


def test_from_the_navigation_to_what_is_missing_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Coverage").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Coverage")
    page.get_by_label("Convention", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.type("resolutions")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape("part=resolutions")))
    page.get_by_role("link", name="What is missing, one by one").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Gaps")


def test_the_tables_of_coverage_are_printed_whole(page: Page) -> None:
    page.goto("/coverage")
    page.emulate_media(media="print")
    assert not page.locator("form.fields").is_visible()
    assert page.locator(".wide").first.evaluate("element => getComputedStyle(element).overflowX") == "visible"


def test_findings_are_filtered_by_the_form(page: Page) -> None:
    page.goto("/findings")
    expect(page.locator("article.finding")).to_have_count(3)
    page.get_by_label("Severity").select_option("warning")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("article.finding")).to_have_count(1)


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto("/page/id/meeting/ctl-msp-5")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page/id/meeting/ctl-msp-5",
        "/lineage?thing=ctl-msp-5",
        "/findings",
        "/coverage",
        "/gaps",
        "/sparql",
        "/def",
    ],
)
@pytest.mark.parametrize("width", [320, 2560])
def test_no_page_is_wider_than_its_window(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    wide = page.locator("html").bounding_box()
    main = page.locator("main").bounding_box()
    assert wide is not None
    assert main is not None
    assert main["x"] >= 0
    assert main["x"] + main["width"] <= width + 1
    assert page.locator("h1").bounding_box() is not None
