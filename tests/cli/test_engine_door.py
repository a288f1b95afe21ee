"""`egress engine` lets nothing through that goes around a guard."""

from __future__ import annotations

import pytest

from egress import cli


@pytest.mark.parametrize(
    "command, instead",
    [
        ("apply", "egress apply"),
        ("destroy", "egress destroy"),
        ("force-unlock", "egress unlock"),
        ("init", "--upgrade-provider"),
    ],
)
def test_what_has_a_command_of_its_own_is_sent_there(
    command: str, instead: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["engine", "wld01", "--", command, "-no-color", "x"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"egress: {command} is not for this door: ")
    assert instead in said
