"""`make demo`: the whole story on a lab, told step by step. Ends with an error if any step is not as told.

KEEP=1 leaves the lab running at the end and prints how to go on by hand. PACKETS=0 sends no real packets, as on a system that cannot:
then the packet walk tells what they would meet.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from egress.cli.output import grid

ROOT = Path(__file__).resolve().parent.parent
EGRESS = Path(sys.executable).with_name("egress")
NSX_LAB = EGRESS.with_name("nsx-lab")
LAB_FILE = ROOT / ".lab" / "lab.json"
STACK = "wld01"
TIER0 = "/policy/api/v1/infra/tier-0s/T0-wld01"
console = Console(highlight=False, soft_wrap=True)


class NotAsToldError(Exception):
    """A step that did not go as the story says."""


def main() -> int:
    """Tells the story. Exit code 0 if every step was as told."""
    begin = time.monotonic()
    lab = Lab()
    try:
        lab.start()
        story(lab)
    except NotAsToldError as error:
        console.print(f"\n[bold red]not as told:[/] {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if os.environ.get("KEEP") == "1" and lab.alive():
            lab.keep()
        else:
            lab.stop()
    console.print(f"\n[bold green]as told[/], in {time.monotonic() - begin:.0f} s")
    return 0


def story(lab: Lab) -> None:
    """The steps, in the order in which a platform engineer meets them."""
    tell(
        "The domain is one file",
        "It names the manager, the Tier-0, the next hop, and the two egress addresses with what they become.",
    )
    console.print(Syntax((ROOT / "domains" / f"{STACK}.yaml").read_text(), "yaml", background_color="default"))
    if lab.packets:
        tell(
            "Without it: image pulls time out",
            "Real packets, in network namespaces of the lab: a pod asks the registry.",
        )
        lab.probe(SUPERVISOR_POD, *REGISTRY, answered=False)
        lab.probe(TKG_POD, *REGISTRY, answered=False)
    tell("The plan", "One default route and two NAT rules, and for each a check that NSX has realized it.")
    egress("plan", STACK, exit_code=2)
    tell("The apply", "The same plan, carried out and remembered in the state.")
    egress("apply", STACK, "--yes", exit_code=0, quiet=True)
    tell("Plan again", "Nothing to do: plan after apply is empty, always.")
    egress("plan", STACK, exit_code=0, quiet=True)
    tell("What the manager has now", "Read back through its API, not from the state.")
    show_gateway(lab)
    if lab.packets:
        pulls_and_lookups(lab)
    the_walk()
    if lab.packets:
        the_return_route(lab)
    each_step_taken_away(lab)
    tell("Somebody clicks in NSX Manager", "The Supervisor's rule now translates to another address.")
    lab.request("PATCH", RULE, lab.request("GET", RULE) | {"translated_network": "10.27.51.99"})
    tell("The drift is seen", "")
    egress("drift", STACK, exit_code=2)
    tell("And repaired", "")
    egress("apply", STACK, "--yes", exit_code=0, quiet=True)
    egress("drift", STACK, exit_code=0)
    tell(
        "The state is lost",
        "The ids are known in advance, so everything can be taken back: 3 to import, nothing changed.",
    )
    (ROOT / ".lab" / "state" / f"{STACK}.tfstate").unlink()
    words = egress("apply", STACK, "--import-existing", "--yes", exit_code=0, quiet=True)
    if "3 imported, 0 added, 0 changed, 0 destroyed" not in words:
        raise NotAsToldError("the import was to change nothing")
    if os.environ.get("KEEP") == "1":
        return
    tell(
        "Destroyed",
        "The rules first, then the route. On a real manager the route is protected and this would be refused.",
    )
    egress("destroy", STACK, "--yes", exit_code=0, quiet=True)


def pulls_and_lookups(lab: Lab) -> None:
    """What the change did to packets, and what it did not."""
    tell("Now image pulls work", "The registry sees the translated addresses.")
    lab.probe(SUPERVISOR_POD, *REGISTRY, answered=True)
    lab.probe(TKG_POD, *REGISTRY, answered=True)
    tell("But DNS lookups time out", "The DNS server sees the egress address itself, and has no way back to it.")
    lab.probe(TKG_POD, *LOOKUP, answered=False)


def the_walk() -> None:
    """The same without sending anything, from what is on the manager: it runs everywhere."""
    tell(
        "The packet walk says what packets meet",
        "Nothing is sent. Pulls work; the fourth step is missing, and it is not NSX's.",
    )
    egress("explain", STACK, "--live", exit_code=2)
    tell("What a pod says of it", "The events of a pod whose image cannot be pulled, read by diagnose.")
    console.print(f"[dim]{escape(EVENTS)}[/]")
    egress("diagnose", STACK, "--live", exit_code=2, text=EVENTS)
    tell("The return route", "Printed in the DNS server's own words.")
    egress("routes", STACK, "--format", "linux", exit_code=2)


def the_return_route(lab: Lab) -> None:
    """The fourth step, on the DNS server."""
    tell("The return route is applied", "On the DNS server, where nobody but its owner can.")
    for line in answer("routes", STACK, "--format", "linux").splitlines():
        if line.startswith("ip route "):
            lab.run_on(DNS, line)
    lab.probe(TKG_POD, *LOOKUP, answered=True)
    tell("And the ingress answers", "From outside to a load balancer: that needs nothing but the default route.")
    lab.probe("registry", *INGRESS, answered=True)


def each_step_taken_away(lab: Lab) -> None:
    """Takes the four steps away one by one; real packets, explain and diagnose must name the same each time."""
    tell(
        "Each step taken away",
        "A packet is sent, the walk is asked, and the error text of a pod is read: all three say the same."
        if lab.packets
        else "The walk is asked, and the error text of a pod is read: both say the same.",
    )
    for step in (
        Step("the default route", ROUTE, SUPERVISOR_POD, REGISTRY, "Supervisor pod -> registry", PULL),
        Step("the Supervisor's NAT rule", RULE, SUPERVISOR_POD, REGISTRY, "Supervisor pod -> registry", PULL),
        Step(
            "the TKG cluster's NAT rule",
            RULE.replace("supervisor", "tkg"),
            TKG_POD,
            REGISTRY,
            "TKG pod -> registry",
            PULL,
        ),
        Step("the return route on the DNS server", None, TKG_POD, LOOKUP, f"TKG pod -> {DNS}", LOOKUP_TEXT),
    ):
        with step.taken_away(lab):
            console.print(f"without {step.what}:")
            if lab.packets:
                lab.probe(step.pod, *step.asks, answered=False, quiet=True)
            console.print(f"  explain and diagnose: {step.told()}", markup=False)


@dataclass(frozen=True)
class Step:
    """One of the four steps: the object at `path` on the manager, or the DNS server's route; and who notices that it is gone."""

    what: str
    path: str | None
    pod: str
    asks: tuple[str, ...]
    question: str
    error: str

    @contextmanager
    def taken_away(self, lab: Lab) -> Iterator[None]:
        """While this lasts, the step is undone."""
        if self.path is None:  # explain and diagnose read the manager, which does not know the DNS server's routes
            if lab.packets:
                lab.run_on(DNS, "ip route del 30.0.0.0/24", quiet=True)
            yield
            if lab.packets:
                lab.run_on(DNS, RETURN_ROUTE, quiet=True)
            return
        body = lab.request("GET", self.path)
        lab.request("DELETE", self.path)
        yield
        lab.request("PATCH", self.path, {key: value for key, value in body.items() if not key.startswith("_")})

    def told(self) -> str:
        """What explain and diagnose say is missing, which must be the same and not nothing."""
        (stack,) = json.loads(answer("explain", STACK, "--live", "--json"))
        (explained,) = [one["missing"] for one in stack["answers"] if one["question"] == self.question]
        sender = "supervisor" if self.pod == SUPERVISOR_POD else "tkg"
        (failure,) = json.loads(answer("diagnose", STACK, "--live", "--from", sender, "--json", text=self.error))[
            "failures"
        ]
        missing = {f"{one['missing']} {one['name']}" for one in explained}
        if not missing or missing != {f"{one['missing']} {one['name']}" for one in failure["missing"]}:
            raise NotAsToldError(f"{self.what}: explain says {explained}, diagnose says {failure['missing']}")
        return f"missing {', '.join(sorted(missing))}"


def answer(*arguments: str, text: str = "") -> str:
    """What an egress command answers that finds something (exit code 2)."""
    env = {**os.environ, "EGRESS_LAB": str(LAB_FILE)}
    done = subprocess.run(
        [EGRESS, *arguments], cwd=ROOT, env=env, text=True, capture_output=True, check=False, input=text
    )
    if done.returncode != 2:
        raise NotAsToldError(f"egress {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


SUPERVISOR_POD, TKG_POD, DNS = "pod/domain-c8", "pod/vnet-domain-c8", "dns 172.20.0.53"
REGISTRY = ("198.51.100.10", "--port", "443")
LOOKUP = ("172.20.0.53", "--protocol", "udp", "--port", "53")
INGRESS = ("30.0.1.1", "--port", "443")
RETURN_ROUTE = "ip route replace 30.0.0.0/24 nexthop via 172.20.0.1 nexthop via 172.20.0.2"
PULL = "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"
LOOKUP_TEXT = "dial tcp: lookup k8s.gcr.io on 127.0.0.53:53: read udp 127.0.0.1:54821->127.0.0.53:53: i/o timeout"
EVENTS = f'Warning  Failed  kubelet  Failed to pull image "k8s.gcr.io/pause:3.9": {LOOKUP_TEXT}'
ROUTE = f"{TIER0}/static-routes/{STACK}-default-route"
RULE = f"{TIER0}/nat/USER/nat-rules/{STACK}-egress-supervisor"


def tell(title: str, text: str) -> None:
    """A heading of the story."""
    console.print(f"\n[bold cyan]{title}[/]")
    if text:
        console.print(f"[dim]{text}[/]")


def egress(*arguments: str, exit_code: int, quiet: bool = False, text: str = "") -> str:
    """Runs an egress command as a user would. `quiet` shows its last line that says what happened, and nothing else.

    text: what a pod's description pipes into it.
    """
    console.print(f"$ {'kubectl describe pod web | ' if text else ''}egress {' '.join(arguments)}")
    env = {**os.environ, "EGRESS_LAB": str(LAB_FILE)}
    done = subprocess.run(
        [EGRESS, *arguments], cwd=ROOT, env=env, text=True, capture_output=True, check=False, input=text
    )
    if done.returncode != exit_code:
        console.print(done.stdout + done.stderr, markup=False)
        raise NotAsToldError(f"egress {' '.join(arguments)} ended with {done.returncode}, told was {exit_code}")
    gist = [line for line in done.stdout.splitlines() if line.startswith(("Apply complete", "No changes", "Plan:"))]
    shown = "\n".join(gist[-1:]) if quiet else done.stdout.strip()
    console.print(shown or done.stderr.strip().splitlines()[-1], markup=False)
    return done.stdout


def show_gateway(lab: Lab) -> None:
    """The Tier-0's static routes and NAT rules as tables."""
    routes = grid("static route", "network", "next hops", "realized")
    for route in lab.request("GET", f"{TIER0}/static-routes")["results"]:
        hops = ", ".join(f"{hop['ip_address']} ({hop['admin_distance']})" for hop in route["next_hops"])
        routes.add_row(route["id"], route["network"], hops, lab.realized(route["path"]))
    rules = grid("NAT rule", "priority", "action", "source", "becomes", "realized")
    for rule in lab.request("GET", f"{TIER0}/nat/USER/nat-rules")["results"]:
        row = [
            rule["id"],
            str(rule["sequence_number"]),
            rule["action"],
            rule["source_network"],
            rule["translated_network"],
        ]
        rules.add_row(*row, lab.realized(rule["path"]))
    console.print(routes)
    console.print(rules)


class Lab:
    """The lab's process, and somebody with a browser on its API."""

    def start(self) -> None:
        """Starts `egress lab` and waits for the file that says it is ready."""
        tell("A lab", "An NSX Manager that is none, on loopback, with a certificate of its own, which is verified.")
        command = ["lab", STACK, *(["--packets"] if os.environ.get("PACKETS") != "0" else [])]
        console.print(f"$ egress {' '.join(command)}")
        LAB_FILE.unlink(missing_ok=True)
        LAB_FILE.parent.mkdir(exist_ok=True)
        log = (LAB_FILE.parent / "lab.log").open("w")
        self._process = subprocess.Popen([EGRESS, *command], cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        give_up = time.monotonic() + 30
        while not LAB_FILE.is_file():
            if not self.alive() or time.monotonic() > give_up:
                raise NotAsToldError(f"the lab did not start: {(LAB_FILE.parent / 'lab.log').read_text().strip()}")
            time.sleep(0.05)
        self._target = json.loads(LAB_FILE.read_text())
        context = ssl.create_default_context(cadata=self._target["ca"])
        auth = (self._target["username"], self._target["password"])
        self._api = httpx.Client(base_url=f"https://{self._target['host']}", auth=auth, verify=context)
        self._packets = self._nsx_lab("nodes").returncode == 0
        for line in (LAB_FILE.parent / "lab.log").read_text().splitlines():
            if "packets" in line or "goes on without" in line:
                console.print(line, markup=False)
        console.print(f"lab ready at {self._target['host']}")

    @property
    def packets(self) -> bool:
        """Whether this lab moves real packets; it cannot everywhere."""
        return self._packets

    def probe(self, node: str, *arguments: str, answered: bool, quiet: bool = False) -> None:
        """Sends a real packet, and says what became of it; unless `quiet`, with the command."""
        if not quiet:
            console.print(f"$ nsx-lab probe {node} {' '.join(arguments)}", markup=False)
        done = self._nsx_lab("probe", node, *arguments, "--timeout", "1")
        console.print(done.stdout.strip() or done.stderr.strip(), markup=False)
        if done.returncode != (0 if answered else 2):
            raise NotAsToldError(f"{node} to {arguments[0]}: {'no ' if answered else 'an '}answer")

    def run_on(self, node: str, command: str, *, quiet: bool = False) -> None:
        """Runs a command on a host of the lab, and says so unless `quiet`."""
        if not quiet:
            console.print(f"{node}# {command}", markup=False)
        done = self._nsx_lab("exec", node, "--", *command.split())
        if done.returncode:
            raise NotAsToldError(f"{command}: {done.stderr.strip()}")

    def _nsx_lab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "EGRESS_LAB": str(LAB_FILE)}
        return subprocess.run([NSX_LAB, *arguments], env=env, text=True, capture_output=True, check=False)

    def alive(self) -> bool:
        """Whether the lab's process runs."""
        return self._process.poll() is None

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of the Policy API, as a person's browser would make it."""
        answer = self._api.request(method, path, json=body)
        if answer.is_error:
            raise NotAsToldError(f"{method} {path}: {answer.status_code} {answer.text}")
        result: dict[str, Any] = answer.json() if answer.content else {}
        return result

    def realized(self, path: str) -> str:
        """The realized state of an object."""
        answer = self.request("GET", f"/policy/api/v1/infra/realized-state/realized-entities?intent_path={path}")
        return ", ".join(entity["state"] for entity in answer["results"])

    def stop(self) -> None:
        """Ends the lab."""
        if self.alive():
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)

    def keep(self) -> None:
        """Leaves the lab running and says how to go on."""
        console.print(f"\nthe lab runs on; to go on by hand:\n  export EGRESS_LAB={LAB_FILE.relative_to(ROOT)}")
        for words, what in by_hand(self.packets):
            console.print(f"  .venv/bin/{words:<58} # {what}", markup=False)
        console.print(f"to end it:\n  kill {self._process.pid}")


def by_hand(packets: bool) -> list[tuple[str, str]]:
    """Commands that are worth a try on the lab that was kept, and what they show."""
    to_registry = f"nsx-lab probe {SUPERVISOR_POD} {' '.join(REGISTRY)} --explain"
    return [
        (f"egress plan {STACK}", "nothing to do; edit domains/wld01.yaml, and plan again"),
        (f"egress drift {STACK}", "what somebody changed on the manager"),
        (f"egress explain {STACK} --live --hops", "every hop of every packet, from what is on the manager"),
        (f"egress report {STACK} --live", "the same on one page: report-wld01.html"),
        *([(to_registry, "a real packet, hop by hop")] if packets else []),
        ("nsx-lab page", "a page that shows the lab live"),
    ]


if __name__ == "__main__":
    sys.exit(main())
