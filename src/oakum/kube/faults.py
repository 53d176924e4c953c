"""What an API server says when it refuses, or that it says nothing, in Oakum's words: what, why, and the next step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from oakum.kube.decode.fields import table, text
from oakum.model.cluster import Place
from oakum.model.errors import DataError, InternalError, OakumError, RefusedError, TargetError
from oakum.wire.faults import certificate_fault


class Expired(Exception):  # noqa: N818  (an instruction, not an error)
    """410: that version is no longer known. List again."""


NO_ANSWER: Final = 0
"""In the place of HTTP's code, where none came."""

_AGAIN: Final = frozenset({NO_ANSWER, 429, 500, 502, 503, 504})
_KEPT: Final = "answered"
WRITES: Final = frozenset({"create", "patch", "delete"})
_RULE: Final = re.compile(r"exceeded quota|maximum|minimum|violates|not allowed|must specify")
"""As quotas, limit ranges and admission say no."""

_WHO: Final = re.compile(r'\bUser "([^"\s]+)" cannot ')


def of(code: int, error: OakumError) -> OakumError:
    """``error`` keeps the code beside it: the families are who must act, and callers here ask what was answered."""
    error.__dict__[_KEPT] = code
    return error


def answered(error: OakumError) -> int | None:
    """HTTP's code that it was made of, NO_ANSWER, or None for an error of another kind."""
    code = error.__dict__.get(_KEPT)
    return code if isinstance(code, int) else None


def worth_another_try(error: OakumError) -> bool:
    """No answer, or one that says that there is none for now."""
    return answered(error) in _AGAIN


def interrupted(what: str, *, why: str = "", next_step: str = "") -> OakumError:
    """Worth another try."""
    return of(NO_ANSWER, TargetError(what, why=why, next_step=next_step))


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, for counts and for messages. ``resource``: as in a role's rules: ``pods/log``."""

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""
    group: str = ""

    @property
    def key(self) -> str:
        return f"{self.verb} {self.resource}"

    def __str__(self) -> str:
        named = f" {self.name}" if self.name else ""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{named}{where}"

    @property
    def question(self) -> str:
        """As ``kubectl auth can-i`` takes it."""
        resource, slash, part = self.resource.partition("/")
        dotted = f"{resource}.{self.group}" if self.group else resource
        sub = f" --subresource={part}" if slash else ""
        where = f" -n {self.namespace}" if self.namespace else " -A"
        return f"kubectl auth can-i {self.verb} {dotted}{sub}{where}"


def refused(code: int, status: Mapping[str, Any], call: Call, place: Place) -> OakumError | Expired:
    """Of an answer that is none. ``status``: its body, a ``Status`` where it is one."""
    words = status.get("message")
    why = " ".join(words.split())[:500] if isinstance(words, str) else f"it answered {code}"
    told = _gate(code, status, why, call) or _refused(code, why, call, place)
    return told if isinstance(told, Expired) else of(code, told)


def _refused(code: int, why: str, call: Call, place: Place) -> OakumError | Expired:
    match code:
        case 400:
            return InternalError(f"the API server refused to {call}", why=why)
        case 410:
            return Expired(why)
        case 401:
            return TargetError(
                f"the cluster of context {place.context} does not know us",
                why=f"the login of {place.user or 'nobody'} has expired or is wrong ({why})",
                next_step="kubectl auth whoami    # log in again as your provider says",
            )
        case 403:
            return TargetError(
                f"not allowed to {call}", why=why, next_step=f"{call.question}    # ask for a role that may{_for(why)}"
            )
        case 404:
            return TargetError(f"there is no {_title(call)}", why=why, next_step=_look(call))
        case 429 | 500 | 502 | 503 | 504:
            return TargetError(
                f"the API server of context {place.context} is too busy or not whole",
                why=f"it was asked to {call}: {code}, {why}",
                next_step="kubectl get --raw /readyz?verbose    # then the same command again",
            )
    if code < 400 or code in {405, 406} or code >= 500:
        return TargetError(
            f"the API server of context {place.context} does not know how to {call}",
            why=f"it answered {code}: {why}",
            next_step="kubectl get --raw /version    # is something else listening there?",
        )
    return InternalError(f"the API server refused to {call}", why=f"{code}: {why}")


def _for(why: str) -> str:
    """Who asked, as the API server tells it."""
    told = _WHO.search(why)
    return f", for {told[1]}" if told else ""


def budgets(status: Mapping[str, Any]) -> list[str]:
    """What disruption budgets say against an eviction, each in its own words. To ask again at once changes nothing."""
    causes = table(status, "details").get("causes")
    told = [each for each in causes if isinstance(each, Mapping)] if isinstance(causes, list) else []
    return [text(each, "message") for each in told if each.get("reason") == "DisruptionBudget"]


def _gate(code: int, status: Mapping[str, Any], why: str, call: Call) -> RefusedError | None:
    """What is understood and allowed, and refused all the same. None: it is no such answer."""
    where = f" -n {call.namespace}" if call.namespace else ""
    if told := budgets(status):
        return RefusedError(
            f"{_title(call)} may not be evicted now",
            why=f"a disruption budget forbids it: {' '.join(' '.join(told).split())[:500]}",
            next_step=f"kubectl get poddisruptionbudgets{where}    # again once more of its pods are ready",
        )
    if code == 500 and "more than one PodDisruptionBudget" in why:
        return RefusedError(
            f"{_title(call)} cannot be evicted", why=why, next_step=f"kubectl get poddisruptionbudgets{where}"
        )
    if call.verb not in WRITES:
        return None
    if code == 409:
        return RefusedError(f"{_title(call)} was changed meanwhile", why=why, next_step=_look(call))
    if code == 422:
        return RefusedError(f"{_title(call)} does not take this change", why=why, next_step=_look(call))
    # A role that lacks the verb says that somebody "cannot" do it; admission and quotas say what they forbid.
    if "denied the request" in why or (code == 403 and " cannot " not in why and _RULE.search(why)):
        return RefusedError(
            f"a rule of the cluster forbids to {call}",
            why=why,
            next_step=f"kubectl get events{where}    # {_look(call)}",
        )
    return None


def unreached(exc: Exception, place: Place) -> OakumError:
    """Of a transport that failed."""
    cause = certificate_fault(exc)
    if cause is not None:
        return TargetError(
            f"the server {place.server} is not who it should be",
            why=f"its certificate is refused: {cause.verify_message}",
            next_step="kubectl cluster-info    # then get the cluster's credentials again",
        )
    told = " ".join(str(exc).split())
    why = f"{told or type(exc).__name__}, at {place.server}"
    return interrupted(
        f"the API server of context {place.context} does not answer",
        why=why,
        next_step="kubectl cluster-info    # is it up, and is this the right context?",
    )


def no_json(call: Call, why: str) -> DataError:
    return DataError(
        f"the API server's answer to {call} is no JSON",
        why=why,
        next_step="kubectl get --raw /version    # is something else listening there?",
    )


def _title(call: Call) -> str:
    kind = call.resource.partition("/")[0].removesuffix("s")
    return f"{kind} {call.name or '?'}" + (f" in namespace {call.namespace}" if call.namespace else "")


def _look(call: Call) -> str:
    where = f" -n {call.namespace}" if call.namespace else ""
    return f"kubectl get {call.resource.partition('/')[0]}{where}"
