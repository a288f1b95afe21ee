import pytest

from egress.delivery.files.rename import renamed
from egress.domain import EgressError


@pytest.mark.parametrize(
    "before, after",
    [
        ("version: 1\nname: b # new\nx: 1\n", "version: 1\nname: b # new\nformerly: a\nx: 1\n"),
        ("name: b", "name: b\nformerly: a\n"),
        ("version: 1\r\nname: b\r\nx: 1\r\n", "version: 1\r\nname: b\r\nformerly: a\r\nx: 1\r\n"),
        ("name: b\nformerly: first\n", "name: b\nformerly: first\n"),
    ],
)
def test_the_key_is_written_below_the_name_and_everything_else_stays(before: str, after: str) -> None:
    assert renamed(before, "b.yaml", "a") == after


@pytest.mark.parametrize("text", ["{name: b, x: 1}\n", "x: 1\n", "- a\n"])
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(EgressError, match="write formerly: a by hand"):
        renamed(text, "b.yaml", "a")
