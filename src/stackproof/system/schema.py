"""The fields of system.yaml. Their JSON schema is published in `schemas/system.schema.json` for editors."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

GATES = ("unit", "integration", "e2e", "performance", "security", "smoke")


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", text):
        raise ValueError("expected lower-case words joined by hyphens, such as 'user-data'")
    return text


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)\s*(s|m|h)", value)):
        return int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]
    if isinstance(value, str):
        raise ValueError("expected a time such as '90s', '5m' or '1h'")
    return value


def _milliseconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s)", value)):
        return round(float(found[1]) * {"ms": 1, "s": 1000}[found[2]])
    if isinstance(value, str):
        raise ValueError("expected a time such as '2500ms' or '3s'")
    return value


def _address(text: str) -> str:
    if not re.match(r"(https?|wss?)://[^/\s]|\$\{\w+\}", text):
        raise ValueError("expected an address such as 'https://app.example.com', or '${VARIABLE}'")
    return text


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Slug = Annotated[str, AfterValidator(_slug)]
Seconds = Annotated[int, BeforeValidator(_seconds), Field(gt=0)]
Milliseconds = Annotated[int, BeforeValidator(_milliseconds), Field(gt=0)]
Url = Annotated[str, AfterValidator(_address)]
Names = Annotated[list[str], BeforeValidator(_many)]
SeverityName = Literal["info", "low", "medium", "high", "critical"]


class Part(BaseModel):
    """A part of system.yaml: no field that is not known, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stack(Part):
    """One stack: the template it is made from, and its place among the others."""

    component: Slug
    template: str
    layer: str = ""
    name: str = Field("", description="The deployed stack's name, if it does not follow `naming`.")
    region: str = Field("", description="The stack's region where it differs from its environment's.")
    parameters: dict[str, str | int | bool] = Field(default_factory=dict)


class FlowUser(Part):
    """Whom the user flows sign in as, where they cannot sign up somebody of their own. No secret stands here."""

    email: str = Field("", description="The name to sign in with; `${VARIABLE}` is read from the run's environment.")
    password: str = Field("", pattern=r"^(\$\{\w+\})?$", description="`${VARIABLE}` of the run's environment.")
    secret: str = Field("", description="Instead: a Secrets Manager secret's name; JSON with email and password.")

    @model_validator(mode="after")
    def _one_way(self) -> FlowUser:
        if bool(self.password) == bool(self.secret):
            raise ValueError("expected either password or secret")
        return self


class Environment(Part):
    """Where the stacks are deployed, with which parameters."""

    like: str = Field("", description="Take all that is not given here from this environment.")
    emulated: bool = False
    region: str = ""
    account: str = Field("", description="Twelve digits, or `${VARIABLE}` to read them from the run's environment.")
    parameters: Names = Field(default_factory=list, description="Parameter files, later ones win.")
    base_url: str = ""
    addresses: dict[Slug, Url] = Field(
        default_factory=dict, description="Where users reach it: `app`, `api`, `websocket` ...; else `base_url`."
    )
    colours: dict[Slug, dict[Slug, Url]] = Field(
        default_factory=dict,
        description="Addresses that `--colour NAME` puts in place of the usual ones: `{green: {websocket: ...}}`.",
    )
    test_user: FlowUser | None = None
    role: str = Field("", description="ARN of a role to read with; `${VARIABLE}` is read from the run's environment.")

    @model_validator(mode="after")
    def _located(self) -> Environment:
        if not self.like and not self.region:
            raise ValueError("expected a region, or the environment that this one is like")
        return self


class Selector(Part):
    """Which resources are meant."""

    type: Names
    stack: str = ""
    id: str = Field("", description="The logical id in the template.")
    where: dict[str, Any] = Field(default_factory=dict, description="Properties and what they must be.")


class Related(Part):
    """A resource of another type that must point at the selected one."""

    type: Names
    at: str = Field("", description="The property that points, such as `SecretId`; empty for any.")
    expect: dict[str, Any] = Field(default_factory=dict)
    count: Any = None


class Expectation(Part):
    """Figures of the design for resources of one type, linked to the requirement that they prove."""

    id: Slug
    proves: Names = Field(default_factory=list)
    says: str = Field("", description="The expectation in a sentence, where the figures do not speak for themselves.")
    resource: Selector
    count: Any = Field(None, description="How many resources there must be; at least one if not given.")
    expect: dict[str, Any] = Field(default_factory=dict)
    attributes: dict[str, Any] = Field(default_factory=dict, description="Words beside Properties: DeletionPolicy ...")
    related: list[Related] = Field(default_factory=list)
    control: str = Field("", description="A control of the catalogue that each of the resources must satisfy.")
    environments: Names = Field(default_factory=list, description="Where it is expected; everywhere if not given.")
    severity: SeverityName = "high"
    remediation: str = ""


class ProbeUse(Part):
    """A probe of the catalogue, asked of the resources that are selected."""

    id: Slug
    proves: Names = Field(default_factory=list)
    probe: Slug = Field(description="The probe's name in the catalogue.")
    resource: Selector
    count: Any = Field(None, description="How many resources there must be; at least one if not given.")
    environments: Names = Field(default_factory=list, description="Where it is asked; everywhere if not given.")
    severity: SeverityName | None = Field(None, description="Where it differs from the probe's own.")
    options: dict[str, Any] = Field(default_factory=dict, alias="with", description="Options of the probe.")
    remediation: str = ""


class Waiver(Part):
    """A failure that a named owner accepts until a date."""

    control: str
    resource: str = Field(description="The resource's address, such as `data.Database`; `*` stands for any text.")
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    until: datetime.date
    environments: Names = Field(default_factory=list)


class InlineWaivers(Part):
    """Who answers, until when, for marks of checkov, cfn-lint and cfn_nag inside the templates."""

    owner: str = Field(min_length=1)
    until: datetime.date


class Workload(Part):
    """What runs in an emulated environment behind a deployed function or service, or the files of a web application."""

    resource: str = Field(pattern=r"^[a-z][a-z0-9-]*\.\w+$", description="Its address, such as `backend.Function`.")
    run: str = Field(
        "", description="The command; {python}, {host}, {port}, {certificate} and {key} are put in. Serves until ended."
    )
    folder: str = Field(".", description="Where the command runs.")
    health: str = Field("/health", description="The path that answers 200 when it is ready.")
    files: str = Field("", description="Instead of a command: the folder with the built web application.")
    passes: Names = Field(default_factory=list, description="Variables of `up`'s own environment that it gets, too.")
    install: str = Field("", description="The command that installs what it needs; shown when something is missing.")

    @model_validator(mode="after")
    def _one_kind(self) -> Workload:
        if bool(self.run) == bool(self.files):
            raise ValueError("expected either run or files")
        return self


class Allowance(Part):
    """How many outcomes of a kind a gate lets pass."""

    fail: int = Field(0, ge=0)
    unknown: int = Field(0, ge=0)
    flaky: int = Field(0, ge=0, description="Flows that passed only when they were tried again.")


class PageBudget(Part):
    """What a page may take. The defaults for lcp and cls are what Google calls good (https://web.dev/articles/vitals)."""

    lcp: Milliseconds = Field(2500, description="Largest contentful paint, `2500ms` or `2.5s`.")
    cls: float = Field(0.1, ge=0, description="Cumulative layout shift.")
    load: Milliseconds = Field(3000, description="From the start of the navigation to the end of the load event.")


class Coverage(Part):
    """How much of the system's own code its tests must run, read from the report of their last run."""

    at_least: float = Field(ge=0, le=100, description="Percent of the lines.")
    report: str = Field(description="coverage.py's JSON (`coverage json`), or Cobertura's XML.")
    source: str = Field(description="The folder with the code; a report that is older than it is not believed.")


class Gate(Part):
    """When a gate passes."""

    budget: Seconds | None = None
    allow: Allowance = Field(default_factory=Allowance)
    blocks: SeverityName = Field("low", description="The lowest severity whose failures count.")
    coverage: Coverage | None = Field(None, description="For the unit gate.")
    retries: int = Field(1, ge=0, le=5, description="How often a flow that failed is tried again (e2e and smoke).")
    pages: PageBudget = Field(default_factory=PageBudget, description="What each page may take (e2e and smoke).")


class SystemFile(Part):
    """The whole of system.yaml."""

    name: Slug
    naming: str = "{environment}-{component}"
    layers: list[str] = Field(default_factory=list, description="Layers in the order in which they are deployed.")
    requirements: str = Field("", description="The file with the statements that the checks prove.")
    stacks: list[Stack] = Field(min_length=1)
    environments: dict[Slug, Environment] = Field(min_length=1)
    expectations: list[Expectation] = Field(default_factory=list)
    probes: list[ProbeUse] = Field(default_factory=list, description="Questions to the deployed thing itself.")
    waivers: list[Waiver] = Field(default_factory=list)
    inline_waivers: InlineWaivers | None = None
    workloads: list[Workload] = Field(
        default_factory=list, description="What an emulated environment runs behind functions, services and web apps."
    )
    severities: dict[str, SeverityName] = Field(
        default_factory=dict, description="Controls or scanner rules whose severity differs from the catalogue's here."
    )
    gates: dict[Literal["unit", "integration", "e2e", "performance", "security", "smoke"], Gate] = Field(
        default_factory=dict
    )
