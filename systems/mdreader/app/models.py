"""What the API takes and gives, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _writable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain the character NUL")
    return value


def _no_folder(value: str) -> str:
    if "/" in value or "\\" in value:
        raise ValueError("must not contain / or \\")
    return value


def _address(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if not local or "@" in local or "." not in domain.strip(".") or ".." in domain:
        raise ValueError("must be an e-mail address")
    return value


_Line = StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\r\n]*$")
Line = Annotated[str, _Line, AfterValidator(_writable)]
Email = Annotated[
    str,
    StringConstraints(max_length=254, strip_whitespace=True, to_lower=True, pattern=r"^[!-~]+$"),
    AfterValidator(_address),
]
Password = Annotated[  # what it needs more, the user pool says
    str, StringConstraints(min_length=1, max_length=256), AfterValidator(_writable)
]
Content = Annotated[str, StringConstraints(max_length=500_000), AfterValidator(_writable)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Registration(_Sent):
    """A person who signs up."""

    email: Email
    password: Password
    username: Line | None = Field(None, description="The part of the e-mail address before the @ when left out.")
    full_name: Line | None = Field(None, description="The username when left out.")


class Credentials(_Sent):
    """A person who signs in."""

    email: Email
    password: Password


class Person(BaseModel):
    """A person, as others in their workspaces see them."""

    id: UUID
    email: str
    username: str
    full_name: str


class Session(BaseModel):
    """A token for the Authorization header (`Bearer ...`) and how many seconds it is good for."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the kind, not the token
    expires_in: int
    user: Person


class NewWorkspace(_Sent):
    """A workspace to create."""

    name: Line
    description: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_writable)] = ""


class Workspace(BaseModel):
    """A workspace: documents that its members share."""

    id: UUID
    name: str
    description: str
    role: Literal["owner", "member"]
    members: int
    documents: int
    created_at: datetime


class NewMember(_Sent):
    """Somebody to share a workspace with; they must have signed up."""

    email: Email


class Member(Person):
    """A person in a workspace."""

    role: Literal["owner", "member"]


class NewDocument(_Sent):
    """A document to create."""

    title: Line
    content: Content = ""
    workspace_id: UUID


class DocumentChange(_Sent):
    """What to change. With `version`, only if the document still has that version; else edits are merged."""

    title: Line | None = None
    content: Content | None = None
    version: int | None = Field(None, ge=1, le=2**31 - 1)


class DocumentEntry(BaseModel):
    """A document in a list."""

    id: UUID
    workspace_id: UUID
    title: str
    version: int
    created_at: datetime
    updated_at: datetime


class Document(DocumentEntry):
    """A document with its text. `version` counts its changes."""

    content: str


class NewUpload(_Sent):
    """A file to be stored."""

    workspace_id: UUID
    filename: Annotated[Line, AfterValidator(_no_folder)]
    content_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"]
    size: int = Field(ge=1, le=10 * 1024 * 1024, description="Bytes.")


class Upload(BaseModel):
    """A stored file and an address that gives it for `expires_in` seconds."""

    id: UUID
    workspace_id: UUID
    filename: str
    content_type: str
    size: int
    url: str
    expires_in: int


class PlannedUpload(BaseModel):
    """Where to PUT the file, with exactly these headers, within `expires_in` seconds."""

    id: UUID
    url: str
    headers: dict[str, str]
    expires_in: int


class Health(BaseModel):
    """Whether this copy can do its work."""

    status: Literal["healthy", "unhealthy"]
    version: str
    checks: dict[str, Literal["healthy", "unhealthy"]]
    colour: str | None = None
