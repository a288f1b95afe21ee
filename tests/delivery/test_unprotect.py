import pytest

from egress.delivery.files.unprotect import unprotected
from egress.domain import EgressError


@pytest.mark.parametrize(
    "before, after",
    [
        (
            "a: 1\ndefault_route: # the way out\n  next_hops: [{address: 10.0.0.1}]\nb: 2\n",
            "a: 1\ndefault_route: # the way out\n  next_hops: [{address: 10.0.0.1}]\n  protect: false\nb: 2\n",
        ),
        ("default_route: {external: true}\n", "default_route: {external: true, protect: false}\n"),
        ("default_route: {}\n", "default_route: {protect: false}\n"),
        ("default_route:\n  protect: true # keep\n  x: 1\n", "default_route:\n  protect: false # keep\n  x: 1\n"),
        ("default_route:\n  protect: 'true'\n", "default_route:\n  protect: false\n"),
        ("\ufeffdefault_route: {x: 1}\n", "\ufeffdefault_route: {x: 1, protect: false}\n"),
        ("default_route:\nname: x\n", "default_route: {protect: false}\nname: x\n"),
        ("default_route: {x: 1, protect: true}\n", "default_route: {x: 1, protect: false}\n"),
        ("name: x", "name: x\ndefault_route: {protect: false}\n"),
        ("name: x\r\nb: 2", "name: x\r\nb: 2\r\ndefault_route: {protect: false}\r\n"),
        ("default_route:\r\n  x: 1\r\n", "default_route:\r\n  x: 1\r\n  protect: false\r\n"),
        ("default_route:\r\n  protect: true\r\n", "default_route:\r\n  protect: false\r\n"),
    ],
)
def test_the_key_is_written_and_everything_else_stays(before: str, after: str) -> None:
    assert unprotected(before, "f.yaml") == after


def test_a_file_that_says_so_already_is_left_alone() -> None:
    text = "default_route: {protect: false}\n"
    assert unprotected(text, "f.yaml") == text


@pytest.mark.parametrize("text", ["default_route: 3\n", "- a\n", ""])
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(EgressError, match="write default_route.protect: false by hand"):
        unprotected(text, "f.yaml")
