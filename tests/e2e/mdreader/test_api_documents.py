"""Workspaces and documents on the API."""

from __future__ import annotations

import pytest

from .people import Person, answered, refused

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

FIRST = "# Field notes\n\nThe river is *higher* than in March.\n"
SECOND = "# Field notes\n\nThe river is **much** higher — 2,4 m — than in März. 🦆\n\n- heron, twice\n"
THIRD = f"{SECOND}- no otters yet\n"


@pytest.mark.proves("MDR-FLOW-2")
def test_the_life_of_a_document(anna: Person) -> None:
    """Workspace 201, document 201, updated 200, read back equal each time, deleted 204, then 404."""
    workspace = anna.workspace("Field station")
    made = answered(
        anna.api.post("/api/v1/documents", json={"title": "Notes", "content": FIRST, "workspace_id": workspace}), 201
    )
    path = f"/api/v1/documents/{made['id']}"
    assert anna.read(made["id"]) == FIRST, "the new document is not read back as it was written"
    for change in ({"content": SECOND}, {"content": THIRD}, {"title": "Notes of the river"}):
        answered(anna.api.put(path, json=change), 200)
        kept = answered(anna.api.get(path), 200)
        for field, value in change.items():
            assert kept[field] == value, f"the last change of the {field} is lost: it is {kept[field]!r}"
    assert anna.read(made["id"]) == THIRD, "changing the title changed the text"
    listed = answered(anna.api.get("/api/v1/documents", params={"workspace_id": workspace}), 200)
    assert [(entry["id"], entry["title"]) for entry in listed] == [(made["id"], "Notes of the river")]
    answered(anna.api.delete(path), 204)
    for answer in (anna.api.get(path), anna.api.put(path, json={"content": FIRST}), anna.api.delete(path)):
        refused(answer, 404)
    assert answered(anna.api.get("/api/v1/documents", params={"workspace_id": workspace}), 200) == []


@pytest.mark.proves("MDR-FLOW-2")
def test_somebody_elses_document_is_not_there(anna: Person, ben: Person) -> None:
    """Who is not in its workspace can neither read, change, delete nor list a document: 404, as if it were not."""
    document = anna.document(content=FIRST)
    path = f"/api/v1/documents/{document}"
    read = ben.api.get(path)
    assert read.status_code != 200, "somebody else's document is readable"
    refused(read, 404)
    refused(ben.api.put(path, json={"content": "mine"}), 404)
    refused(ben.api.delete(path), 404)
    assert answered(ben.api.get("/api/v1/documents"), 200) == [], "somebody else's document is listed"
    assert anna.read(document) == FIRST, "somebody else has changed it"


@pytest.mark.proves("MDR-FLOW-2")
def test_somebody_elses_workspace_is_not_there(anna: Person, ben: Person) -> None:
    """Who is not in a workspace can neither see it, its people or its documents, nor write or invite into it."""
    workspace = anna.workspace()
    documents = {"workspace_id": workspace}
    refused(ben.api.get(f"/api/v1/workspaces/{workspace}"), 404)
    refused(ben.api.get(f"/api/v1/workspaces/{workspace}/members"), 404)
    refused(ben.api.get("/api/v1/documents", params=documents), 404)
    refused(ben.api.post("/api/v1/documents", json={"title": "Mine", **documents}), 404)
    refused(ben.api.post(f"/api/v1/workspaces/{workspace}/members", json={"email": ben.email}), 404)
    assert answered(ben.api.get("/api/v1/workspaces"), 200) == []


@pytest.mark.proves("MDR-FLOW-2")
def test_a_shared_workspace_opens_its_documents(anna: Person, ben: Person) -> None:
    """Somebody who is let in reads and writes its documents; a second invitation is 409, of nobody 422."""
    workspace = anna.workspace()
    document = anna.document(content=FIRST, workspace=workspace)
    anna.share(workspace, ben)
    assert ben.read(document) == FIRST
    answered(ben.api.put(f"/api/v1/documents/{document}", json={"content": SECOND}), 200)
    assert anna.read(document) == SECOND, "the last edit is lost"
    members = f"/api/v1/workspaces/{workspace}/members"
    refused(anna.api.post(members, json={"email": ben.email}), 409)
    refused(anna.api.post(members, json={"email": "nobody-at-all@example.com"}), 422)
    assert {member["role"] for member in answered(ben.api.get(members), 200)} == {"owner", "member"}


def test_an_edit_of_an_old_version_changes_nothing(anna: Person) -> None:
    """Who names a version that is past is told so (409), and what others wrote stays."""
    document = anna.document(content=FIRST)
    path = f"/api/v1/documents/{document}"
    version = answered(anna.api.get(path), 200)["version"]
    answered(anna.api.put(path, json={"content": SECOND, "version": version}), 200)
    refused(anna.api.put(path, json={"content": "all mine", "version": version}), 409)
    assert anna.read(document) == SECOND


@pytest.mark.parametrize(
    "asked",
    [{"title": "", "content": "x"}, {"title": "two\nlines"}, {"title": "x", "content": "\0"}, {"content": "x"}],
    ids=["empty title", "title of two lines", "NUL", "no title"],
)
def test_a_bad_document_is_refused(anna: Person, asked: dict[str, str]) -> None:
    """The answer is 422 and names the field."""
    problem = refused(anna.api.post("/api/v1/documents", json={**asked, "workspace_id": anna.workspace()}), 422)
    assert {error["field"] for error in problem["errors"]} <= {"body.title", "body.content"}
