"""docs/first-domain.md: its commands run in its order and print what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e import console
from tests.e2e.installed import Installed
from tests.e2e.sites import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOCUMENT = (REPOSITORY / "docs" / "first-domain.md").read_text()
UNTIL_READY = "until [ -s .lab/lab.json ] || ! kill -0 %1; do sleep 0.1; done"


def test_every_command_does_what_the_page_says(
    tmp_path: Path, installed: Installed, any_engine: dict[str, str]
) -> None:
    ((name, text),) = console.files(DOCUMENT).items()
    (tmp_path / "seed" / name).parent.mkdir(parents=True)
    (tmp_path / "seed" / name).write_text(text)
    (tmp_path / name).parent.mkdir()
    with Lab(seed=seed(load_domains(tmp_path / "seed"))) as manager:
        manager.add_user("svc-egress-plan", "only reads", "auditor")
        manager.add_user("svc-egress-apply", "writes", "network_engineer")
        (tmp_path / "ca.pem").write_text(manager.ca_pem)
        own = text.replace("host: nsx-wld07.example.com", f"ca_file: ca.pem\n  host: {manager.host}")
        (tmp_path / name).write_text(own)
        mirror = tmp_path / "mirror"
        installed.run("nsx-lab", "mirror", str(mirror), cwd=tmp_path)

        all_commands = console.commands(DOCUMENT)
        first_check = next(command.words for command in all_commands if command.words == "egress check")
        ready = next(command.words for command in all_commands if command.words.startswith("EGRESS_LAB="))
        before = {first_check: f"cp ../{name} {name}; cp ../ca.pem .", ready: UNTIL_READY}
        env = installed.environment(**any_engine, COLUMNS="110", NSX_LAB_PYTHON=str(installed.bin / "python"))
        console.run([_on_site(command, mirror) for command in all_commands], tmp_path, env, before)
        left = [path for path in manager.control.objects() if path.rpartition("/")[2].startswith("wld07-")]
        assert left == [], "destroyed at the end"


def _on_site(command: console.Command, mirror: Path) -> console.Command:
    """There is no registry here: the mirror stands for it. Lines move by one, as the manager here has a CA of its own."""
    words = command.words.replace("EGRESS_PROVIDER=registry", f"EGRESS_PROVIDER=mirror:{mirror}")
    lines = tuple(line.replace("wld07.yaml:24:", "wld07.yaml:25:") for line in command.lines)
    return console.Command(words, command.code, lines)


class TestTheReaderOfBlocks:
    def test_wrong_output_is_noticed(self) -> None:
        (command,) = console.commands("<!-- executed -->\n```console\n$ x    # exit code 2\na\n...\nb... c\n```\n")
        command.judge("a\nwhatever\nb 1 c\n", 2)
        for printed, code in [("a\nb 1 c\nd\n", 2), ("a\nb 1 c\n", 0), ("b 1 c\n", 2)]:
            with pytest.raises(AssertionError):
                command.judge(printed, code)

    def test_blocks_without_the_mark_are_left_alone(self) -> None:
        assert console.commands("```console\n$ rm -rf /\n```\n") == []
