"""Hostile texts from a file, a manager, a plan and a pasted event, through every command and every format: nothing acts on the
reader's terminal, browser or Markdown, and the true value can still be read."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import xml.etree.ElementTree as ET  # what is read is what egress wrote
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from egress import escape
from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import EGRESS, ROUTE, SUPERVISOR, TIER0, TKG, Site, lab_site, project

pytestmark = pytest.mark.e2e

MARKUP = "[/foo] [link=http://evil]x[/link] [conceal]y[/] <b>&lt;\"'` ![p](q) @team #1 a|b ${1+1} %{if}"
"""Everything that is text in a domain file and something else elsewhere."""
ACTING = "\x1b]0;title\x07\x1b[31m\x1b[8m\x9b2J\u202eevil\u2066\u200b\r\n::error::x \x7f \ufeff"
SHOWN = r"\x1b]0;title\x07\x1b[31m\x1b[8m\x9b2J\u202eevil\u2066\u200b"
"""The beginning of ACTING as it is to be seen: Python's escapes, which JSON, DOT and the engine write in their own way."""


@pytest.fixture
def site(tmp_path: Path, any_engine: dict[str, str]) -> Iterator[Site]:
    """An applied domain whose own texts are hostile, on a lab whose objects somebody has given hostile names since."""
    root = project(tmp_path / "project")
    file = root / "domains" / "wld01.yaml"
    text = file.read_text().split("suppress:")[0]
    quoted = json.dumps(MARKUP)
    for old, new in (
        ("description: VI workload domain on static routing", f"description: {quoted}"),
        ("default_route:\n", f"default_route:\n  description: {quoted}\n  display_name: {quoted}\n  tags: {{{json.dumps(MARKUP[:60])}: {quoted}}}\n"),
        ("  supervisor: {", f"  supervisor: {{description: {json.dumps('a' + chr(10) + MARKUP)}, display_name: {quoted}, "),
        ("  domain-c8:", f"  {json.dumps(TIER1)}:"),
        ("state: {backend: local}", f"state: {{backend: local}}\nsuppress: [{{rule: single-next-hop, reason: {quoted}}}]"),
    ):  # fmt: skip
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        made = lab_site(tmp_path / "other", lab, any_engine)
        made.root = root
        made.egress("apply", "--yes", code=0)
        for path in (ROUTE, SUPERVISOR, TKG):
            made.write(
                path,
                display_name=f"{MARKUP[:40]}{ACTING}",
                description=ACTING * 2,
                tags=[{"scope": ACTING[:20], "tag": ACTING}],
            )
        made.write(f"{TIER0}", display_name=ACTING, description=ACTING)
        foreign = {
            "action": "NO_SNAT",
            "source_network": "203.0.113.0/24",
            "sequence_number": 7,
            "display_name": ACTING,
            "enabled": True,
        }
        with made._api() as api:
            api.patch(f"/policy/api/v1{TIER0}/nat/USER/nat-rules/foreign%20[%2Ffoo]%20%E2%80%AE%1B%5B31m", json=foreign)
        yield made


TIER1 = "t1 [foo] <b>`|@x $(id) ![p](q)"
EVENT = f"""\
Events:
  Warning  Failed  1s  kubelet  Failed to pull image "reg{ACTING[:30]}/[/foo]:1": dial tcp: lookup registry.[link].example on 172.20.0.53:53: i/o timeout
  Warning  Failed  1s  kubelet  Failed to pull image "r/x:1": Get "https://r/v2/": dial tcp 10.1.2.3:443: i/o timeout {ACTING}
"""  # fmt: skip

ANSWERS: list[tuple[list[str], tuple[int, ...]]] = [
    (["check"], (0,)),
    (["check", "--undecided"], (0,)),
    (["check", "--json"], (0,)),
    (["check", "--sarif"], (0,)),
    (["check", "--live"], (0, 2)),
    (["check", "--live", "--json"], (0, 2)),
    (["engine", "wld01", "--", "state", "list"], (0,)),
    (["engine", "wld01", "--", "state", "show", "nsxt_policy_nat_rule.Egress_supervisor"], (0,)),
    (["engine", "wld01", "--", "state", "show", "-no-color", "nsxt_policy_nat_rule.Egress_supervisor"], (0,)),
    (["engine", "wld01", "--", ACTING], (1, 127)),
    (["rename", "wld01", ACTING, "--yes"], (1,)),
    (["check", "--rules"], (0,)),
    (["show", "wld01"], (0,)),
    (["show", "wld01", "--json"], (0,)),
    (["seed"], (0,)),
    (["schema"], (0,)),
    (["schema", "--table"], (0,)),
    (["explain"], (2,)),
    (["explain", "--hops"], (2,)),
    (["explain", "--json"], (2,)),
    (["explain", "--live", "--hops"], (2,)),
    (["explain", "--live", "--json"], (2,)),
    (["explain", "--from", TIER1], (0, 1, 2)),
    (["routes"], (2,)),
    (["routes", "--all", "--live"], (2,)),
    *((["routes", "--format", form], (2,)) for form in ("linux", "netplan", "windows", "ios", "nxos", "junos", "vyos")),
    (["routes", "--json"], (2,)),
    *((["topology", "wld01", "--live", "--format", form], (0,)) for form in ("tree", "mermaid", "svg", "dot")),
    *((["topology", "wld01", "--format", form, "-o", f"picture.{form}"], (0,)) for form in ("mermaid", "svg", "dot")),
    (["report", "wld01", "--live", "-o", "report.html"], (2,)),
    (["doctor", "--reach"], (0,)),
    (["doctor", "--reach", "--json"], (0,)),
    (["drift"], (2,)),
    (["drift", "--json"], (2,)),
    (["plan"], (2,)),
    (["plan", "--json"], (2,)),
    (["plan", "--summary", "summary.md", "--out", "saved"], (2,)),
    (["comment", "saved", "--to", "file:comment.md"], (0,)),
    (["gate", "saved"], (0, 2)),
    (["gate", "saved", "--json", "--sarif", "gate.sarif", "--junit", "gate.xml"], (0, 2)),
    (["gate", "--explain", ACTING], (1,)),
    (["gate", "saved", "--base", ACTING], (1,)),
    (["comment", "--body", "event.txt", "--to", "file:strange.md"], (0,)),
    (["comment", "saved", "--to", f"file:no{ACTING}/x"], (1,)),
    (["comment", "saved", "--to", ACTING], (1,)),
    (["explain", "wld01", "--plan", "plan.json"], (0, 1, 2)),
    (["diagnose", "wld01", "event.txt"], (2,)),
    (["diagnose", "wld01", "event.txt", "--json"], (2,)),
    (["diagnose", "wld01", "event.txt", "--live", "--from", f"x{ACTING}"], (1,)),
    (["affected", "--base", "base"], (0,)),
    (["affected", "--base", "base", "--json", "--summary", "affected.md"], (0,)),
    (["unprotect", "wld01"], (1,)),
    (["destroy"], (1,)),
    (["apply", "--saved", "saved", "--yes"], (0, 1)),
    (["apply", "--yes"], (0,)),
    (["engine", "wld01", "--", "state", "show", "nsxt_policy_static_route.DefaultRoute"], (0,)),
    (["drift"], (0,)),
    (["check", f"no{ACTING}"], (1,)),
    (["plan", f"{ACTING}"], (1,)),
    ([f"{ACTING}"], (1,)),
    (["explain", "--from", f"{ACTING}"], (1,)),
    (["--root", f"/{ACTING}", "check"], (1,)),
]  # fmt: skip


def judge(where: str, raw: bytes) -> str:
    """Asserts that nothing in these bytes acts, and gives their text."""
    text = raw.decode("utf-8")
    found = escape.hidden(text, lines=True)
    assert found is None, f"{where}: {escape.name(found[0])} in {text[max(0, found.start() - 60) : found.end() + 20]!r}"
    assert not re.search(r"^\s*::", text, re.MULTILINE), f"{where}: a line that a CI system would obey"
    return text


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nothing_acts_in_any_command_or_format(site: Site) -> None:
    root = site.root
    (root / "event.txt").write_text(EVENT)
    (root / "plan.json").write_text(json.dumps(hostile_plan()))
    project(root / "base")
    on_manager = site.objects()[SUPERVISOR]
    told: dict[str, str] = {}
    answers: dict[str, str] = {}
    for words, codes in ANSWERS:
        name = " ".join(words)
        env = site._env() | {"COLUMNS": "2000"}
        done = subprocess.run([EGRESS, *words], cwd=root, env=env, capture_output=True, check=False, timeout=120)
        answers.setdefault(name, judge(name, done.stdout))
        told[name] = judge(name, done.stdout) + judge(f"{name}, standard error", done.stderr)
        assert done.returncode in codes, f"{name}: {done.returncode}\n{told[name]}"
        assert "this is a defect" not in told[name], told[name]
        assert "Traceback" not in told[name], told[name]
    for file in (
        "report.html",
        "summary.md",
        "comment.md",
        "gate.sarif",
        "gate.xml",
        "strange.md",
        "affected.md",
        "picture.svg",
        "picture.dot",
        "picture.mermaid",
    ):
        told[file] = judge(file, (root / file).read_bytes())

    (drift,) = json.loads(answers["drift --json"])
    (rule,) = [one for one in drift["drift"] if one["address"].endswith("supervisor")]
    seen = {change["attribute"]: change["manager"] for change in rule["changed"]}
    assert (seen["display_name"], seen["description"]) == (on_manager["display_name"], on_manager["description"])
    assert f"{MARKUP[:40]}{SHOWN}" in answers["drift"]
    assert SHOWN in answers["plan"]
    assert f"suppressed: {MARKUP}" in answers["check"]
    assert TIER1 in answers["explain --hops"]
    assert "registry.[link].example" in answers["diagnose wld01 event.txt"]
    assert {json.loads(answers["show wld01 --json"])["domain"]["description"]} == {MARKUP}
    page = _Page()
    page.feed(told["report.html"])
    assert not page.tags & {"a", "img", "script", "link", "b"}
    picture = ET.fromstring(told["picture.svg"])
    assert TIER1 in "".join(picture.itertext())


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name == "href" for name, _ in attrs)


def hostile_plan() -> dict[str, object]:
    values = {
        "gateway_path": TIER0,
        "network": "0.0.0.0/0",
        "nsx_id": f"r{ACTING}",
        "display_name": ACTING,
        "next_hop": [{"ip_address": "10.27.51.1"}],
    }
    resource = {
        "address": f"nsxt_policy_static_route.x{ACTING}",
        "mode": "managed",
        "type": "nsxt_policy_static_route",
        "name": "x",
        "values": values,
    }
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource]}},
        "resource_changes": [],
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_a_terminal_nothing_but_colours_is_sent(site: Site) -> None:
    """A pseudo-terminal, with colours on: what is left without them holds no control character."""
    for words in (["drift"], ["plan"], ["explain", "--live"], ["check"], ["doctor"]):
        text = on_a_terminal(words, site)
        plain = re.sub(r"\x1b\[(\?25[lh]|[012]?K|1A|[0-9;]*m)", "", text)  # colours, and rich's spinner: cursor, line
        judge(" ".join(words), plain.replace("\r\n", "\n").replace("\r", "\n").encode())
        assert "\x1b[8m" not in text
        assert "\x1b[" in text, "there were colours to be judged"


def on_a_terminal(words: list[str], site: Site) -> str:
    main, other = pty.openpty()
    env = {key: value for key, value in site._env().items() if key not in ("NO_COLOR", "TERM")} | {
        "TERM": "xterm-256color"
    }
    process = subprocess.Popen(
        [EGRESS, *words], cwd=site.root, env=env, stdin=other, stdout=other, stderr=other, close_fds=True
    )
    os.close(other)
    parts = []
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    process.wait(timeout=60)
    os.close(main)
    return b"".join(parts).decode("utf-8", "replace")
