"""Handlers of botocore that write every call into the ledger, or answer it from one."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError

from stackproof.model import Cause
from stackproof.sources.live.faults import Fault, fault_of
from stackproof.sources.live.guard import Kind, kind_of
from stackproof.sources.live.ledger import OK, Entry, Ledger, Stored, digest, now
from stackproof.sources.live.redaction import HIDDEN, plain

if TYPE_CHECKING:
    from stackproof.sources.live.aws import Identity

_OURS: Final = "stackproof"


class Recorder:
    """Writes each call of its clients into a ledger, secrets taken out. Safe with threads."""

    def __init__(self, ledger: Ledger, role: str = "") -> None:
        self.ledger = ledger
        self.role = role
        self.identity: Identity | None = None
        self._last = threading.local()

    def begin(self) -> None:
        """Forget this thread's last call."""
        self._last.found = (0, None)

    def last(self) -> tuple[int, Any]:
        """Ledger id and answer of this thread's last call (None for one that failed)."""
        found: tuple[int, Any] = getattr(self._last, "found", (0, None))
        return found

    def attach(self, client: Any, service: str, region: str) -> None:
        """Record every call of this client from now on."""

        def begin(params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
            context[_OURS] = (digest(plain(params, model.input_shape, service)), now(), time.perf_counter())

        def answered(parsed: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
            self._answered(service, region, model, parsed, context)

        def failed(exception: Exception, context: dict[str, Any], **others: Any) -> None:
            name = str(others.get("event_name", "")).rpartition(".")[2]
            self._failed(service, region, name, exception, context)

        events = client.meta.events
        events.register("provide-client-params", begin)
        events.register_last("after-call", answered)
        events.register("after-call-error", failed)

    def _answered(self, service: str, region: str, model: Any, parsed: Any, context: dict[str, Any]) -> None:
        metadata = parsed.get("ResponseMetadata", {})
        status = int(metadata.get("HTTPStatusCode", 0) or 0)
        body = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        good = status < 300
        if kind_of(service, model.name) is Kind.READ or not good:
            body = plain(body, model.output_shape, service)
        else:
            body = dict.fromkeys(body, HIDDEN)  # what is not a plain read may answer with anything
        outcome = OK if good else str(parsed.get("Error", {}).get("Code", status))
        request = str(metadata.get("RequestId", "") or metadata.get("HTTPHeaders", {}).get("x-amz-request-id", ""))
        entry = self._record(
            service, region, model.name, context, outcome, {"status": status, "body": body}, request=request
        )
        self._last.found = (entry.id, body if good else None)

    def _failed(self, service: str, region: str, name: str, error: Exception, context: dict[str, Any]) -> None:
        fault = fault_of(error)
        if fault is None:
            return
        stored = {"fault": {"cause": str(fault.cause), "code": fault.code, "message": fault.message}}
        entry = self._record(service, region, name, context, fault.code, stored, request="")
        self._last.found = (entry.id, None)

    def _record(
        self,
        service: str,
        region: str,
        operation: str,
        context: dict[str, Any],
        outcome: str,
        answer: Any,
        *,
        request: str,
    ) -> Entry:
        parameters, started, clock = context.get(_OURS, ("", now(), time.perf_counter()))
        retries = context.get("retries")
        return self.ledger.record(
            {
                "service": service,
                "operation": operation,
                "parameters": parameters,
                "region": region,
                "role": self.role,
                "account": self.identity.account if self.identity else "",
                "caller": self.identity.arn if self.identity else "",
                "started": started,
                "seconds": round(time.perf_counter() - clock, 4),
                "attempts": int(retries.get("attempt", 1)) if isinstance(retries, dict) else 1,
                "request_id": request,
                "outcome": outcome,
            },
            answer,
        )


class Replayed:
    """Answers the calls of its clients from a stored ledger; nothing is sent."""

    def __init__(self, stored: Stored, role: str = "") -> None:
        self.stored = stored
        self.role = role
        self.identity: Identity | None = None
        self._last = threading.local()

    def begin(self) -> None:
        """Forget this thread's last call."""
        self._last.found = (0, None)

    def last(self) -> tuple[int, Any]:
        """Ledger id of this thread's last call, and its answer or the fault that was stored."""
        found: tuple[int, Any] = getattr(self._last, "found", (0, None))
        return found

    def attach(self, client: Any, service: str, region: str) -> None:
        """Answer every call of this client from the ledger."""

        def begin(params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
            context[_OURS] = digest(plain(params, model.input_shape, service))

        def answer(model: Any, context: dict[str, Any], **_: Any) -> Any:
            return self._answer(service, region, model, context)

        client.meta.events.register("provide-client-params", begin)
        client.meta.events.register_first("before-call", answer)

    def _answer(self, service: str, region: str, model: Any, context: dict[str, Any]) -> Any:
        entry = self.stored.take((service, model.name, str(context.get(_OURS, "")), region, self.role))
        if entry is None:
            self._last.found = (0, Fault(Cause.NOT_READ, "", f"{service}:{model.name} is not in the stored evidence"))
            raise NotStoredError(call=f"{service}:{model.name}")
        kept = self.stored.ledger.answer(entry)
        if "fault" in kept:
            fault = kept["fault"]
            self._last.found = (entry.id, Fault(Cause(fault["cause"]), fault["code"], fault["message"]))
            raise StoredFaultError(code=fault["code"])
        self._last.found = (entry.id, kept["body"] if kept["status"] < 300 else None)
        metadata = {
            "HTTPStatusCode": kept["status"],
            "RequestId": entry.request_id,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
        # botocore changes answers on their way out, and this one was changed already: `last` gives it instead
        body = kept["body"] if kept["status"] >= 300 else {}
        return SimpleNamespace(status_code=kept["status"]), {**body, "ResponseMetadata": metadata}


class NotStoredError(BotoCoreError):  # type: ignore[misc]
    """The stored ledger has no answer to this question."""

    fmt = "the stored evidence has no answer to {call}"


class StoredFaultError(BotoCoreError):  # type: ignore[misc]
    """A failure of the connection that was stored."""

    fmt = "stored failure {code}"
