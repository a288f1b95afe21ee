"""Errors in the form in which an NSX Manager answers them."""

from __future__ import annotations

from typing import Any

from nsx_lab.manager.store.ledger import Evidence, claim

SYNTHETIC = 990000
"""First code of the lab's own range. No NSX error code of this magnitude is known; a code at or above it was made up here."""

CODE_ROUTER_MODE = SYNTHETIC + 1
CODE_NAT_SIZES = SYNTHETIC + 2
CODE_NAT_FIELDS = SYNTHETIC + 3
CODE_SEQUENCE = SYNTHETIC + 4
CODE_SCOPE = SYNTHETIC + 5
CODE_FAMILY = SYNTHETIC + 6
CODE_NEXT_HOP = SYNTHETIC + 7
CODE_SCHEMA = SYNTHETIC + 8
CODE_MIXED_NAT = SYNTHETIC + 9
CODE_POOL = SYNTHETIC + 10
CODE_NO_PATH = SYNTHETIC + 404
CODE_METHOD = SYNTHETIC + 405
CODE_TOO_LATE = SYNTHETIC + 408
CODE_TOO_LARGE = SYNTHETIC + 413
CODE_BUG = SYNTHETIC + 500
CODE_NOT_IMPLEMENTED = SYNTHETIC + 501

claim(
    "GET of a missing object whose parent exists: 404, code 600, module common-services",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md, line 8267 (NSX 9, 2025-10)",
    "test_errors.py::test_missing_object_answers_404_600",
)
claim(
    "a request below a parent that does not exist: 400, code 500012, module Policy, naming the parent's path",
    Evidence.CAPTURED,
    "zhengxiexie/scripts, warp/template/real_nsx_policy_api_report.md, line 8392 (a list; taken for single objects too)",
    "test_errors.py::test_missing_parent_answers_400_500012",
)
claim(
    "DELETE of an object that others refer to, or that has children: 400, code 500030",
    Evidence.ISSUE,
    "vmware/terraform-provider-nsxt #476, #942",
    "test_references.py::test_delete_of_a_referenced_object_is_refused",
)
claim(
    "PUT with a missing or stale _revision: 412, 'Fetch the latest copy of the object and retry'; its code 604 is a guess",
    Evidence.DOC,
    "vmware-nsxlib 19.4.3, v3/client.py maps 409 and 412 to StaleRevision",
    "test_objects.py::test_put_with_a_stale_revision_answers_412",
)
claim(
    "an unknown property: 400, code 287, 'Json de-serialization error: property X is unrecognized.'",
    Evidence.ISSUE,
    "vmware/terraform-provider-nsxt #645, #945",
    "test_schema.py::test_unknown_property_answers_287",
)
claim(
    "wrong credentials: 403, code 403, 'The credentials were incorrect or the account specified has been locked.'",
    Evidence.ISSUE,
    "vmware/terraform-provider-nsxt #754, #761",
    "test_auth.py::test_wrong_password_answers_403",
)
claim(
    f"codes from {SYNTHETIC} on are the lab's own: no source gives the code of NSX for that refusal",
    Evidence.ASSUMPTION,
    "nsx_lab/manager/store/errors.py",
    "test_errors.py::test_synthetic_codes_say_so",
)

_STATUS_WORDS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


class NsxError(Exception):
    """An answer that is not a success. `body` is the JSON object that goes over the wire."""

    def __init__(self, status: int, code: int, module: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.body: dict[str, Any] = {
            "httpStatus": status_word(status),
            "error_code": code,
            "module_name": module,
            "error_message": message,
        }
        if details:
            self.body["details"] = details
        if code >= SYNTHETIC:
            self.body["error_data"] = {"lab": "this code is the lab's own; the code of a real NSX is not known"}


def status_word(status: int) -> str:
    """The word NSX puts into `httpStatus`, as in Java's HttpStatus."""
    return _STATUS_WORDS.get(status, f"STATUS_{status}")


def not_found(path: str) -> NsxError:
    """The object is not there, its parent is."""
    message = f"The requested object : {path} could not be found. Object identifiers are case sensitive."
    return NsxError(404, 600, "common-services", message)


def invalid_path(path: str) -> NsxError:
    """A parent, or an object that is referred to, is not there."""
    return NsxError(400, 500012, "Policy", f"The path=[{path}] is invalid")


def still_referenced(path: str, by: list[str]) -> NsxError:
    """The object has children or is referred to, so it cannot be deleted."""
    message = (
        f"The object path=[{path}] cannot be deleted as either it has children or it is being referenced "
        f"by other objects path=[{','.join(by)}]."
    )
    return NsxError(400, 500030, "Policy", message)


def stale_revision(path: str, given: object, current: int) -> NsxError:
    """A PUT that does not carry the revision of the stored object."""
    message = (
        f"The object {path} has been modified since it was last read (revision {given} was given, {current} is current). "
        "Fetch the latest copy of the object and retry the operation."
    )
    return NsxError(412, 604, "common-services", message)


def unrecognized(prop: str) -> NsxError:
    """A property that the type does not have."""
    return NsxError(400, 287, "common-services", f"Json de-serialization error: property {prop} is unrecognized.")


def malformed(detail: str) -> NsxError:
    """A body that is not JSON, or not an object."""
    return NsxError(400, 220, "common-services", f"Cannot parse the request body: {detail}")


def too_large(limit: int) -> NsxError:
    """A body that the lab does not take, whatever it says."""
    return NsxError(413, CODE_TOO_LARGE, "nsx-lab", f"The request body is larger than {limit} bytes.")


def too_late(part: str, seconds: float) -> NsxError:
    """A request whose head or body did not come to its end in time."""
    return NsxError(408, CODE_TOO_LATE, "nsx-lab", f"The {part} of the request was not complete after {seconds:g} s.")


def bad_credentials() -> NsxError:
    """Basic authentication or session creation that failed, and a session that is gone."""
    message = "The credentials were incorrect or the account specified has been locked."
    return NsxError(403, 403, "common-services", message)


def bad_xsrf() -> NsxError:
    """A session cookie without its token."""
    return NsxError(403, 98, "common-services", "Invalid XSRF token.")


def read_only_role(user: str, operation: str) -> NsxError:
    """A user whose role may not write."""
    message = f"User is not authorized to perform this operation on the application: {user} may not {operation}."
    return NsxError(403, 289, "common-services", message)


def refused(code: int, message: str, details: str = "") -> NsxError:
    """A configuration that the Policy service does not accept."""
    return NsxError(400, code, "Policy", message, details)


def method_not_allowed(method: str, path: str, allowed: list[str]) -> NsxError:
    """The path exists in the API, the method does not."""
    message = f"{method} is not supported on {path}; allowed: {', '.join(allowed)}."
    return NsxError(405, CODE_METHOD, "nsx-lab", message)


def no_such_path(path: str) -> NsxError:
    """A path that NSX does not have."""
    return NsxError(404, CODE_NO_PATH, "nsx-lab", f"NSX has no operation at {path}.")


def not_implemented(operation: str) -> NsxError:
    """NSX has the operation, the lab has not."""
    message = f"NSX has the operation {operation}, this lab has not."
    return NsxError(501, CODE_NOT_IMPLEMENTED, "nsx-lab", message)


def bug(error: Exception) -> NsxError:
    """Something the lab did not expect of itself."""
    return NsxError(500, CODE_BUG, "nsx-lab", f"This is a bug in the lab: {type(error).__name__}: {error}")
