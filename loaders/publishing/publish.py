"""The way of a release into a store: what is missing is sent, all is read back, and then it is shown at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from loaders.publishing.content import read_contents
from loaders.publishing.digest import digests
from loaders.publishing.target import Content, Keeping, Progress, PublishError, Target
from loaders.release import ReleaseInfo


@dataclass
class Published:
    """What a publish did.

    `exact` graphs came back letter by letter, `rewritten` ones with equal values in another spelling. `held` graphs
    were in the store already, from the release before or from a publish that was broken off.
    """

    release: str
    before: str | None
    graphs: int = 0
    statements: int = 0
    sent: int = 0
    sent_statements: int = 0
    held: int = 0
    exact: int = 0
    rewritten: int = 0
    removed: int = 0
    seconds: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        """For a table: what, and how many."""
        return [
            ("release", self.release),
            ("before", self.before or "none"),
            ("graphs", f"{self.graphs:,}"),
            ("statements", f"{self.statements:,}"),
            ("graphs sent", f"{self.sent:,}"),
            ("statements sent", f"{self.sent_statements:,}"),
            ("graphs held already", f"{self.held:,}"),
            ("verified letter by letter", f"{self.exact:,}"),
            ("verified by value", f"{self.rewritten:,}"),
            ("old graphs removed", f"{self.removed:,}"),
            ("seconds", f"{self.seconds:.1f}"),
        ]


def publish(release: ReleaseInfo, target: Target, progress: Progress) -> Published:
    """Publish a release. Run again after whatever stopped it: only what is missing is sent.

    Every graph is read back after it was sent and compared with the checksums of the release's dump: nothing goes live
    that was not seen whole in the store. Raises PublishError; readers then see what they saw before.
    """
    began = time.monotonic()
    contents = read_contents(release, progress)
    total = sum(content.exact.count for content in contents)
    report = Published(release.id, target.live(), graphs=len(contents), statements=total)
    target.begin(release.id, contents)
    _send(release.id, target, contents, report, progress)
    _verify(release.id, target, contents, report, progress)
    if isinstance(target, Keeping):
        target.keep(release)
    progress("show", 0, 1)
    target.swap(release.id, contents)
    report.removed += target.clean()
    progress("show", 1, 1)
    report.seconds = time.monotonic() - began
    return report


def _send(identifier: str, target: Target, contents: Sequence[Content], report: Published, progress: Progress) -> None:
    held = target.held(identifier, contents)
    missing = [one for one in contents if held.get(one.name) not in (one.exact.count, one.value.count)]
    report.held = len(contents) - len(missing)
    total = sum(one.exact.count for one in missing)

    def sent(more: int) -> None:
        report.sent_statements += more
        progress("send", report.sent_statements, max(total, report.sent_statements))

    for content in missing:
        target.write(identifier, content, sent)
        report.sent += 1


def _verify(
    identifier: str, target: Target, contents: Sequence[Content], report: Published, progress: Progress
) -> None:
    done = 0
    for content in contents:
        found = _compared(identifier, target, content)
        if found is None:
            # Held since before, and not what it should be: damaged, or of another version of the engine.
            target.drop(identifier, content)
            target.write(identifier, content, _unheard)
            report.sent += 1
            report.sent_statements += content.exact.count
            found = _compared(identifier, target, content)
        if found is None:
            raise PublishError(
                f"{target.label}: {content.name or 'the canonical graph'}: the store gives back other statements than"
                f" were sent ({content.exact.count} expected); nothing is shown; to mend: look whether somebody else"
                " writes there, then publish again"
            )
        report.exact += found == "exact"
        report.rewritten += found == "value"
        done += content.exact.count
        progress("verify", done, report.statements)


def _unheard(more: int) -> None:
    """The numbers of the first sending stand."""


def _compared(identifier: str, target: Target, content: Content) -> str | None:
    """`exact` where every letter is the same, `value` where every value is, else None."""
    exact, value = digests(target.read_back(identifier, content))
    if exact == content.exact:
        return "exact"
    return "value" if value == content.value else None
