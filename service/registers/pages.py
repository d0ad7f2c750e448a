"""Every page of lists and of pupils."""

from __future__ import annotations

from fastapi import APIRouter

from service.registers import list_pages, pupil_pages

router = APIRouter(include_in_schema=False)
for pages in (list_pages, pupil_pages):
    router.include_router(pages.router)
