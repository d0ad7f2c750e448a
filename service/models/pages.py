"""Every page of models, scorecards, trials and extracts."""

from __future__ import annotations

from fastapi import APIRouter

from service.models import card_pages, evaluation_pages, extract_pages, shelf_pages

router = APIRouter(include_in_schema=False)
for pages in (shelf_pages, evaluation_pages, card_pages, extract_pages):
    router.include_router(pages.router)
