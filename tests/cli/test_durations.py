"""Every duration on the command line is said in the same way."""

import click
import pytest

from egress.cli._durations import Duration
from egress.cli._runs import lock_timeout
from egress.cli.context import timeout_option


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("1", 1)])
def test_a_duration_is_seconds_or_has_a_unit(text: str, seconds: int) -> None:
    assert Duration(least=1).convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "-1", "1.5", "3 s", "1d", "٣", "9999999"])
def test_another_text_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(
        click.BadParameter, match="is no duration, allowed is a number of seconds, or as in 30s, 5m, 1h, 1 at least"
    ):
        Duration(least=1).convert(text, None, None)


@pytest.mark.parametrize("option", [lock_timeout, timeout_option])
def test_options_that_are_durations_have_the_one_type(option: object) -> None:
    @click.command()
    def command() -> None: ...

    assert callable(option)
    (parameter,) = option(command).params
    assert isinstance(parameter.type, Duration)
