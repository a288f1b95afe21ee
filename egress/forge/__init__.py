"""What a forge is asked for: one comment on a pull request and one issue per stack, updated in place, and one pull request of our own.

Three kinds behind three small interfaces (egress/forge/posting.py, requests.py): GitHub by PyGithub, GitLab by python-gitlab, and a file. The
two libraries are the extra `[forge]` and are imported only when one is used. Where a forge is, and who speaks to it, comes from
the environment that its CI gives. Start with `comments(to, environment)`, `issues(to, environment)` and
`requests(to, environment, branch)`.
"""

from egress.forge.kinds import Kind, comments, issues, requests
from egress.forge.mark import Mark
from egress.forge.posting import (
    Comments,
    Done,
    Issues,
    Outcome,
    close_issue,
    open_body,
    open_marks,
    upsert_comment,
    upsert_issue,
)
from egress.forge.pushing import push_settings
from egress.forge.requests import Requests, close_request, upsert_request

__all__ = [
    "Comments",
    "Done",
    "Issues",
    "Kind",
    "Mark",
    "Outcome",
    "Requests",
    "close_issue",
    "close_request",
    "comments",
    "issues",
    "open_body",
    "open_marks",
    "push_settings",
    "requests",
    "upsert_comment",
    "upsert_issue",
    "upsert_request",
]
