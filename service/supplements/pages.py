"""Every page of council lists and of what is to be resolved."""

from __future__ import annotations

from fastapi import APIRouter

from service.supplements import list_pages, resolution_pages, row_pages, sending_pages

router = APIRouter(include_in_schema=False)
for pages in (sending_pages, row_pages, list_pages, resolution_pages):  # “new” comes before the reference of a list
    router.include_router(pages.router)
