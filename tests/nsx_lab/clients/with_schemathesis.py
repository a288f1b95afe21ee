"""schemathesis against a lab: no 500, no status and no answer outside of the lab's own OpenAPI description.

Run by tools/foreign_clients.py: `with_schemathesis.py LAB_FILE CA_FILE`. NSX_LAB_FUZZ=long adds the coverage phase (some 30,000 requests).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import requests

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> int:
    lab, ca_file = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    url = f"https://{lab['host']}"
    token = {"Authorization": f"Bearer {lab['control_token']}"}
    description = ca_file.with_name("openapi.json")
    description.write_text(requests.get(f"{url}/_lab/openapi", headers=token, verify=str(ca_file), timeout=60).text)
    phases = "coverage,fuzzing" if os.environ.get("NSX_LAB_FUZZ") == "long" else "fuzzing"
    command: list[str | Path] = [
        Path(sys.executable).with_name("st"),
        "run",
        description,
        "--url",
        url,
        "-a",
        f"{lab['username']}:{lab['password']}",
    ]
    options: list[str | Path] = [
        "--tls-verify",
        ca_file,
        "--checks",
        CHECKS,
        "--phases",
        phases,
        "--max-examples",
        "10",
        "--seed",
        "1",
        "--no-color",
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    journal = requests.get(f"{url}/_lab/journal", headers=token, verify=str(ca_file), timeout=60).json()["entries"]
    bugs = [entry["note"] for entry in journal if entry["note"]]
    if done.returncode != 0 or bugs:
        print(done.stdout[-6000:], done.stderr[-2000:], *bugs[:5], sep="\n")
        return 1
    print(f"schemathesis: all well after {len(journal)} requests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
