"""Every page of uploads."""

from __future__ import annotations

from fastapi import APIRouter

from service.uploads import (
    arrival_pages,
    column_pages,
    confirming_pages,
    file_pages,
    leaver_pages,
    problem_pages,
    question_pages,
    reconfirming_pages,
    sending_pages,
)

router = APIRouter(include_in_schema=False)
for pages in (
    sending_pages, file_pages, column_pages, question_pages, problem_pages, leaver_pages, confirming_pages,
    arrival_pages, reconfirming_pages,
):  # fmt: skip
    router.include_router(pages.router)
