"""What a pull request's forge is asked for: one comment that is updated in place, and one issue per stack.

Three kinds behind two small interfaces (egress/forge/posting.py): GitHub by PyGithub, GitLab by python-gitlab, and a file. The
two libraries are the extra `[forge]` and are imported only when one is used. Where a forge is, and who speaks to it, comes from
the environment that its CI gives. Start with `comments(to, environment)` and `issues(to, environment)`.
"""

from egress.forge.kinds import Kind, comments, issues
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

__all__ = [
    "Comments",
    "Done",
    "Issues",
    "Kind",
    "Mark",
    "Outcome",
    "close_issue",
    "comments",
    "issues",
    "open_body",
    "open_marks",
    "upsert_comment",
    "upsert_issue",
]
