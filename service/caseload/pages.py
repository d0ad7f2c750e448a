"""Every page of the caseload, contacts, moderation and requests."""

from __future__ import annotations

from fastapi import APIRouter

from service.caseload import my_list_pages

router = APIRouter(include_in_schema=False)
for pages in (my_list_pages,):
    router.include_router(pages.router)
