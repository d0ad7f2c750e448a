"""Every page of the caseload, contacts, moderation and requests."""

from __future__ import annotations

from fastapi import APIRouter

from service.caseload import coach_pages, contact_pages, moderation_pages, my_list_pages, sheet_pages, taking_on_pages

router = APIRouter(include_in_schema=False)
for pages in (my_list_pages, sheet_pages, contact_pages, moderation_pages, coach_pages, taking_on_pages):
    router.include_router(pages.router)
