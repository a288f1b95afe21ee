"""The CDKTF app: one stack for each workload domain in domains/."""

from pathlib import Path

from stacks import Settings, WorkloadDomainStack, or_one_sentence


def main() -> None:
    """Writes every stack that the environment asks for."""
    settings = Settings.from_environment(Path(__file__).parent)
    app = settings.app()
    for domain in settings.domains():
        WorkloadDomainStack(app, domain, lab=settings.lab)
    app.synth()


if __name__ == "__main__":
    or_one_sentence(main)
