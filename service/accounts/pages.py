"""Every page of accounts."""

from __future__ import annotations

from fastapi import APIRouter

from service.accounts import account_pages, people_pages, school_pages, sign_in_pages, trail_pages

router = APIRouter(include_in_schema=False)
for pages in (sign_in_pages, account_pages, people_pages, school_pages, trail_pages):
    router.include_router(pages.router)
