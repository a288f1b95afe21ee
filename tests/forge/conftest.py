"""The local forge, and a job's environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forge.github import REPOSITORY, Forge, Token, serving

JOB, PERSON, APP, READER = "token-of-the-job", "token-of-a-person", "token-of-an-app", "token-that-reads"


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine is between us and the forge, and no variable of a CI decides."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A GitHub. Whatever GitHub's description has against a request or an answer fails the test."""
    made = Forge(
        {
            JOB: Token(),
            PERSON: Token("mona", installation=False),
            APP: Token("our-app[bot]"),
            READER: Token(may=frozenset()),
        }
    )
    with serving(made):
        yield made
    assert made.problems == []


@pytest.fixture
def job(forge: Forge) -> dict[str, str]:
    """The environment of a job for pull request 12."""
    return {
        "GITHUB_API_URL": forge.url,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_TOKEN": JOB,
    }
