"""The API of moderation and caseload, from one file for each noun."""

from __future__ import annotations

from fastapi import APIRouter

from service.caseload import coach_routes, contact_routes, moderation_routes, sheet_routes

router = APIRouter(prefix="/v1")
router.include_router(moderation_routes.router)
router.include_router(coach_routes.router)
router.include_router(contact_routes.router)
router.include_router(sheet_routes.router)
