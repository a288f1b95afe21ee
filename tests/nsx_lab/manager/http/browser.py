"""A headless Chromium that trusts one lab's key, or nothing, spoken to over a pipe (Chrome DevTools Protocol); and how its pages read."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import ssl
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nsx_lab import Lab
from tests.machine import lacks

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--window-size=1200,1000",
]
SOON_MS = 60_000
UNTIL = """new Promise((done, failed) => {{
  const holds = () => {{ try {{ return {condition}; }} catch {{ return false; }} }};
  if (holds()) return done(true);
  new MutationObserver(() => {{ if (holds()) done(true); }}).observe(document, {{subtree: true, childList: true, characterData: true, attributes: true}});
  setTimeout(() => failed(new Error("waited in vain; the page says: " + document.body.innerText)), {soon});
}})"""


def wanted_here() -> None:
    """Skips without a browser; in CI nothing is skipped."""
    if CHROMIUM is None:
        lacks("no Chromium here (Debian package chromium)")


def key_of(lab: Lab) -> str:
    """The hash of the lab's public key, as Chromium's --ignore-certificate-errors-spki-list takes it."""
    host, _, port = lab.host.rpartition(":")
    certificate = x509.load_pem_x509_certificate(ssl.get_server_certificate((host, int(port))).encode())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


BROKEN = r"""(() => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode, holder = text.parentElement;
    if (holder.closest("script, style, svg") || !holder.checkVisibility()) continue;
    for (const word of text.data.matchAll(/[\w.:]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) found.push(word[0]);
    }
  }
  return found;
})()"""
"""Words and numbers that go on in the next line."""
CUT = r"""[...document.querySelectorAll("body, h1, h2, h3, p, td, pre, li, section")]
  .filter(one => one.checkVisibility() && (one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > innerWidth + 1))
  .map(one => `${one.tagName}: ${one.textContent.slice(0, 60)}`)"""
"""Elements that hold more than they show, or that leave the page."""
PALE = r"""(() => {
  const parts = colour => colour.match(/[\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const clear = colour => parts(colour)[3] === 0;
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || holder.closest("script, style, svg") || !holder.checkVisibility()) continue;
    let ground = holder;
    while (ground && clear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const [a, b] = [light(getComputedStyle(holder).color), light(ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)")];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 60)}`);
  }
  return found;
})()"""
"""Words with a contrast below 4.5:1 (WCAG 2.2, 1.4.3), with the formula that is given there."""


class Browser:
    """One browser with one tab. `complaints`: what its console and its security policies had to say, and errors of scripts."""

    def __init__(self, folder: Path, lab: Lab | None = None) -> None:
        self.complaints: list[str] = []
        self._last = 0
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        flags = [*FLAGS, f"--user-data-dir={folder / 'profile'}"]
        flags += [f"--ignore-certificate-errors-spki-list={key_of(lab)}"] if lab else []
        # the protocol's pipes are descriptors 3 and 4 by definition
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", str(CHROMIUM), *flags, "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._answers = os.fdopen(self._from, "rb")
        self._rest = b""
        self._session: str | None = None

    def __enter__(self) -> Self:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._to)
        self._process.terminate()
        self._process.wait(30)
        self._answers.close()

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; what the browser tells meanwhile is kept if it is a complaint."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        while (message := self._next()).get("id") != self._last:
            self._listen(message)
        assert "error" not in message, message["error"]
        result: dict[str, Any] = message["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._from, 1 << 16)
            assert chunk, "the browser has gone"
            self._rest += chunk
        one, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(one)
        return message

    def _listen(self, message: dict[str, Any]) -> None:
        method, said = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.complaints.append(said["entry"]["text"])
        elif method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(said))

    def go(self, address: str) -> None:
        """Opens an address in the tab, as if typed: an address that differs after # only is not loaded anew."""
        self.ask("Page.navigate", url=address)

    def value(self, expression: str) -> Any:
        """What a script's expression, or the promise that it makes, comes to."""
        done = self.ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"].get("exception", {}).get("description")
        return done["result"].get("value")

    def until(self, condition: str) -> None:
        """Waits for the page to change so that the condition holds."""
        self.value(UNTIL.format(condition=condition, soon=SOON_MS))

    def until_it_says(self, words: str) -> None:
        self.until(f"document.body.innerText.includes({json.dumps(words)})")

    def sees(self, width: int, scheme: str = "light", medium: str = "screen") -> None:
        """Makes the tab so many pixels wide, with a colour scheme, for a screen or as printed."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme_wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=medium, features=scheme_wanted)

    def picture(self, scheme: str = "light") -> bytes:
        """A PNG of the tab, in the light or dark scheme."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        return base64.b64decode(self.ask("Page.captureScreenshot")["data"])
