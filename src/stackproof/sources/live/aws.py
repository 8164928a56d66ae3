"""The connection to one account: calls that are guarded, recorded, paged to the end, and made once for all who ask."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Final

from stackproof.model import Cause
from stackproof.sources.live.clients import Credentials, Settings, new_client, new_session
from stackproof.sources.live.faults import LASTING, SPENDING, Fault, fault_of
from stackproof.sources.live.guard import ASSUME_ROLE, ReadOnly
from stackproof.sources.live.ledger import Ledger, Stored, digest
from stackproof.sources.live.paging import Pages, plan_of
from stackproof.sources.live.permissions import session_policy
from stackproof.sources.live.recording import Recorder, Replayed
from stackproof.sources.live.shaping import fits

GLOBAL: Final = frozenset(
    {"iam", "route53", "cloudfront", "globalaccelerator", "shield", "budgets", "ce", "organizations"}
)
EDGE_REGION: Final = "us-east-1"
ATTEMPTS: Final = 6  # of one request in adaptive mode, so that throttling ends as an unknown and not as a hang
_PATIENCE: Final = 4  # calls that may end throttled or timed out, after all attempts, before a service is given up
# what botocore raises when an answer has another form altogether
_CRASHES: Final = (AttributeError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: the account's number and the ARN of the user or role."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: its value as plain JSON without secrets, or the fault. `shape` is botocore's output shape.

    `entry` is the line in the ledger (of the first page), 0 where nothing was sent.
    """

    call: str
    value: Any
    shape: Any
    fault: Fault | None
    entry: int


class Aws:
    """One account and identity, in any region of it. Safe with threads; clients are made once.

    `account` is the number that is expected: with any other, nothing is read. `embedded` exempts from the read-only
    guard; it is meant for our own emulator only. `permits` names single calls that the guard lets through besides
    reads (`secretsmanager:GetSecretValue`). `endpoint` replaces AWS's own addresses. With `stored`, answers come from
    a ledger and nothing is sent. `role` is the ARN of the role whose credentials these are, if one was assumed.
    """

    def __init__(  # noqa: PLR0913 - each is a choice of its own, and all but the region have defaults
        self,
        region: str,
        *,
        account: str = "",
        endpoint: str = "",
        profile: str = "",
        credentials: Credentials | None = None,
        embedded: bool = False,
        permits: Collection[str] = (),
        ledger: Ledger | None = None,
        stored: Stored | None = None,
        role: str = "",
        attempts: int = 0,
    ) -> None:
        self.region = region
        self.account = account
        self.endpoint = endpoint
        self.embedded = embedded
        self.ledger = ledger if ledger is not None else stored.ledger if stored else Ledger()
        self._profile = profile
        self._credentials = credentials
        self._guard = ReadOnly(permits)
        self._recorder: Recorder | Replayed = Replayed(stored, role) if stored else Recorder(self.ledger, role)
        self._stored = stored
        self._attempts = attempts or (1 if embedded else ATTEMPTS)
        self._clients: dict[tuple[str, str], Any] = {}
        self._answers: dict[tuple[str, str, str, str], Future[Answer]] = {}
        self._down: dict[tuple[str, str], Fault] = {}
        self._spent: Counter[tuple[str, str]] = Counter()
        self._identity: Identity | Fault | None = None
        self._lock = threading.RLock()
        self._session: Any = None

    def identity(self) -> Identity | Fault:
        """Ask once who is calling. A fault when that cannot be told, or when it is another account than expected."""
        with self._lock:
            if self._identity is None:
                answer = self.call("sts", "GetCallerIdentity")
                self._identity = answer.fault or self._identified(answer.value)
            return self._identity

    def call(
        self, service: str, operation: str, parameters: Mapping[str, Any] | None = None, *, region: str = ""
    ) -> Answer:
        """Call once for all who ask the same, and page to the end. What goes wrong is in the answer's fault.

        `service` is boto3's name, `operation` the API's (`rds`, `DescribeDBInstances`).

        Raises:
            RefusedError: it is not a read, and this is not the embedded environment.
            botocore.exceptions.ParamValidationError: the parameters are not those of the operation.

        """
        asked = dict(parameters or {})
        region = EDGE_REGION if service in GLOBAL else region or self.region
        key = (service, operation, digest(asked), region)
        with self._lock:
            future = self._answers.get(key)
            mine = future is None
            if future is None:
                future = self._answers[key] = Future()
        if mine:
            try:
                future.set_result(self._all_pages(service, operation, asked, region))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    def ask(
        self, service: str, operation: str, parameters: Mapping[str, Any] | None = None, *, region: str = ""
    ) -> Answer:
        """Call anew, for this caller alone, one page. The value is as it came, secrets included; the ledger has none.

        Raises:
            RefusedError: as `call`.
            botocore.exceptions.ParamValidationError: as `call`.

        """
        from botocore import xform_name

        call, region = f"{service}:{operation}", EDGE_REGION if service in GLOBAL else region or self.region
        if not self.embedded:
            self._guard.check(service, operation)
        self._recorder.begin()
        try:
            value = getattr(self.client(service, region), xform_name(operation))(**(parameters or {}))
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            return Answer(call, None, None, self._noted(fault, service, region), self._recorder.last()[0])
        return Answer(call, value, None, None, self._recorder.last()[0])

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client whose calls are guarded and recorded; not shared answers, not paged.

        Raises:
            botocore.exceptions.BotoCoreError: the profile is unknown, or the service.

        """
        region = EDGE_REGION if service in GLOBAL else region or self.region
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._new_client(service, region)
            return self._clients[service, region]

    def assume(self, role: str, *, name: str = "stackproof", external_id: str = "") -> Aws | Fault:
        """A connection as another role, with the same ledger; or the fault that prevents it.

        The session is held to AWS's ReadOnlyAccess policy and the calls that this connection permits besides: what our
        own guard might let through, AWS then refuses.
        """
        account = role.split(":")[4] if role.count(":") >= 5 else ""
        if self._stored:
            return Aws(self.region, account=account, stored=self._stored, role=role)
        asked: dict[str, Any] = {"RoleArn": role, "RoleSessionName": name}
        if external_id:
            asked["ExternalId"] = external_id
        permits = self._guard.permits
        if not self.embedded:
            asked["PolicyArns"] = [{"arn": f"arn:{role.split(':')[1]}:iam::aws:policy/ReadOnlyAccess"}]
            if permits:
                asked["Policy"] = session_policy(permits)
        self._guard.permits = permits | {ASSUME_ROLE}
        try:
            given = self.client("sts").assume_role(**asked)["Credentials"]
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            return fault
        finally:
            self._guard.permits = permits
        return Aws(
            self.region,
            account=account,
            endpoint=self.endpoint,
            credentials=Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]),
            embedded=self.embedded,
            permits=permits,
            ledger=self.ledger,
            role=role,
            attempts=self._attempts,
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _identified(self, value: Mapping[str, Any]) -> Identity | Fault:
        identity = Identity(str(value.get("Account", "")), str(value.get("Arn", "")))
        if not identity.account:
            return Fault(Cause.MALFORMED, "", "GetCallerIdentity names no account")
        self._recorder.identity = identity
        if self.account and identity.account != self.account:
            message = f"the credentials are of account {identity.account}, expected {self.account}"
            fault = Fault(Cause.WRONG_ACCOUNT, "", message)
            self._down["", ""] = fault
            return fault
        return identity

    def _all_pages(self, service: str, operation: str, asked: dict[str, Any], region: str) -> Answer:
        call = f"{service}:{operation}"
        if not self.embedded:
            self._guard.check(service, operation)
        try:
            client = self.client(service, region)
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            return Answer(call, None, None, self._noted(fault, service, region), 0)
        model = client.meta.service_model.operation_model(operation)
        pages = Pages(plan_of(service, operation, model))
        answer = self._once(client, service, operation, asked, region)
        first = answer.entry
        while answer.fault is None:
            onward = pages.add(answer.value)
            if isinstance(onward, Fault):
                answer = replace(answer, fault=onward)
                break
            if not onward:
                break
            answer = self._once(client, service, operation, {**asked, **onward}, region)
        if answer.fault is not None:
            return replace(answer, value=None, shape=model.output_shape)
        return Answer(call, pages.value, model.output_shape, None, first)

    def _once(self, client: Any, service: str, operation: str, asked: dict[str, Any], region: str) -> Answer:
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        call = f"{service}:{operation}"
        down = self._down.get(("", "")) or self._down.get((service, region))
        if down is not None:
            return Answer(call, None, None, down, 0)
        self._recorder.begin()
        try:
            getattr(client, xform_name(operation))(**asked)
        except (BotoCoreError, ClientError, ResponseParserError, *_CRASHES) as error:
            odd = Fault(Cause.MALFORMED, type(error).__name__, str(error)) if isinstance(error, _CRASHES) else None
            fault = odd or fault_of(error)
            if fault is None:
                raise
            entry, stored = self._recorder.last()
            return Answer(call, None, None, self._noted(stored or fault, service, region), entry)
        entry, value = self._recorder.last()
        if not fits(value, client.meta.service_model.operation_model(operation).output_shape):
            return Answer(call, None, None, Fault(Cause.MALFORMED, "", "its form is not the documented one"), entry)
        return Answer(call, value, None, None, entry)

    def _noted(self, fault: Fault, service: str, region: str) -> Fault:
        """Remember faults that would only repeat; a key that works elsewhere fails where a region is not enabled."""
        if fault.cause is Cause.NO_CREDENTIALS and fault.code and isinstance(self._identity, Identity):
            fault = replace(fault, cause=Cause.REGION_OFF)
        if fault.cause in LASTING:
            whole = fault.cause is not Cause.ENDPOINT_OFF
            self._down["" if whole else service, "" if whole else region] = fault
        if fault.cause in SPENDING:
            with self._lock:
                self._spent[service, region] += 1
                if self._spent[service, region] >= _PATIENCE:
                    self._down[service, region] = fault
        return fault

    def _new_client(self, service: str, region: str) -> Any:
        if self._session is None:
            given = Credentials("replayed", "replayed") if self._stored else self._credentials
            self._session = new_session(given, "" if self._stored else self._profile, self.region)
        settings = Settings(self.endpoint, self._attempts, adaptive=not self.embedded)
        client = new_client(self._session, service, region, settings)
        if not self.embedded:
            self._guard.attach(client, service)
        self._recorder.attach(client, service, region)
        return client
