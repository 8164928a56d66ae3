"""Files. The browser sends them to the bucket itself, with an address that is good for minutes; nothing is public."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.depends import CurrentPerson, WithServices
from app.models import NewUpload, PlannedUpload, Upload
from app.problems import not_found
from app.store import uploads, workspaces

router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])

GOOD_FOR = 300  # seconds


@router.post("", status_code=201)
def create(asked: NewUpload, person: CurrentPerson, services: WithServices) -> PlannedUpload:
    """Announce a file, and get the address to PUT it to. Kind and size are signed: another file is refused."""
    with services.database.connection() as connection:
        if workspaces.find(connection, person.id, asked.workspace_id) is None:
            raise not_found("workspace")
        made = uploads.create(connection, asked.workspace_id, asked.filename, asked.content_type, asked.size)
    place = {"Bucket": services.settings.uploads_bucket, "Key": uploads.key(made)}
    url = services.storage.generate_presigned_url(
        "put_object", {**place, "ContentType": asked.content_type, "ContentLength": asked.size}, GOOD_FOR
    )
    headers = {"Content-Type": asked.content_type, "Content-Length": str(asked.size)}
    return PlannedUpload(id=made["id"], url=url, headers=headers, expires_in=GOOD_FOR)


@router.get("/{upload_id}")
def get(upload_id: UUID, person: CurrentPerson, services: WithServices) -> Upload:
    """A file, and an address that gives it."""
    with services.database.connection() as connection:
        found = uploads.find(connection, person.id, upload_id)
    if found is None:
        raise not_found("file")
    place = {"Bucket": services.settings.uploads_bucket, "Key": uploads.key(found)}
    answer = {"ResponseContentType": found["content_type"], "ResponseCacheControl": "private, max-age=300"}
    url = services.storage.generate_presigned_url("get_object", {**place, **answer}, GOOD_FOR)
    return Upload(**found, url=url, expires_in=GOOD_FOR)
