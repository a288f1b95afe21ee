"""Lists: sorting, pages, and the envelope around results."""

from __future__ import annotations

from collections.abc import Callable, Collection
from operator import itemgetter
from typing import Any

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import Object

Show = Callable[[Object], Object]
MAX_PAGE = 1000
MAX_DIGITS = 18

claim(
    "lists: results and result_count always, sort_by display_name ascending by default, cursor while there are more; page_size 1..1000, default 1000",
    Evidence.SPEC,
    "NSX 9.1 API specification, ListRequestParameters and ListResult; vcf-nsx stubs",
    "test_listing.py::test_pages_of_a_list",
)
claim(
    "a cursor that the lab did not hand out: 400; its code is the lab's own",
    Evidence.ASSUMPTION,
    "no source",
    "test_listing.py::test_wrong_cursor_is_refused",
)


def page(
    results: list[Object],
    query: dict[str, str],
    *,
    search: bool = False,
    show: Show | None = None,
    added: Collection[str] = (),
) -> Object:
    """One page of `results` as a ListResult. `query` may hold cursor, page_size, sort_by, sort_ascending, included_fields.

    `show` makes of an object what is answered; `added` are fields that it may add.
    """
    if show is not None and query.get("sort_by") in added:
        results = [show(obj) for obj in results]
    size = _number(query, "page_size", MAX_PAGE)
    if not 0 <= size <= MAX_PAGE:
        raise errors.refused(errors.CODE_SCHEMA, f"page_size {size} is not within 0..{MAX_PAGE}")
    size = size or MAX_PAGE
    start = _number(query, "cursor", 0)
    if start > len(results):
        raise errors.refused(errors.CODE_SCHEMA, f"cursor {start} is not one of this list")
    ordered = _sorted(results, query, search)
    chosen = ordered[start : start + size]
    if show is not None:
        chosen = [show(obj) for obj in chosen]
    if search:  # "currently only works when used with the search APIs": vcf-nsx stubs
        chosen = [_fields(obj, query) for obj in chosen]
    answer: dict[str, Any] = {"results": chosen, "result_count": len(results)}
    end = start + len(chosen)
    if not search:
        answer["sort_by"] = query.get("sort_by", "display_name")
        answer["sort_ascending"] = _ascending(query)
    if search or end < len(results):
        answer["cursor"] = str(end)
    return answer


def _sorted(results: list[Object], query: dict[str, str], search: bool) -> list[Object]:
    by = query.get("sort_by", "" if search else "display_name")
    if not by:
        return results
    texts = all(isinstance(obj.get(by), str) for obj in results)
    key: Callable[[Object], Any] = itemgetter(by) if texts else lambda obj: _sort_key(obj.get(by))
    return sorted(results, key=key, reverse=not _ascending(query))


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, value, "")
    return (1, 0, "" if value is None else str(value))


def _ascending(query: dict[str, str]) -> bool:
    return query.get("sort_ascending", "true").lower() != "false"


def _fields(obj: Object, query: dict[str, str]) -> Object:
    wanted = [name.strip() for name in query.get("included_fields", "").split(",") if name.strip()]
    if not wanted:
        return obj
    return {key: value for key, value in obj.items() if key in wanted or key in ("resource_type", "id", "path")}


def _number(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        raise errors.refused(errors.CODE_SCHEMA, f"{name} {text[:40]!r} is not a number of this list")
    return int(text)
