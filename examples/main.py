"""The CDKTF app of the examples: the same lines as in a project of one's own."""

from pathlib import Path

from egress.checks import check, enforce
from tier0_egress.stacks import Settings, WorkloadDomainStack, or_one_sentence


def main() -> None:
    """Writes every stack that the environment asks for."""
    settings = Settings.from_environment(Path(__file__).parent)
    domains = settings.domains()
    enforce(check(domains))
    app = settings.app()
    for domain in domains:
        WorkloadDomainStack(app, domain, lab=settings.lab)
    app.synth()


if __name__ == "__main__":
    or_one_sentence(main)
