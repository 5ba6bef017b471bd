"""Every route of the site."""

from __future__ import annotations

from django.urls import path

urlpatterns: list = []
