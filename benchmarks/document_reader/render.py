"""The formats a plan is rendered in, by name."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .model import Plan
from .render_office import as_docx, as_html_gov, as_html_word
from .render_pdf import as_pdf_plain, as_pdf_ruled
from .render_text import txt_aligned, txt_pipe, txt_tab

Renderer = Callable[[Plan, Random], bytes]
RENDERERS: dict[str, tuple[str, Renderer]] = {
    "txt_tab": (".txt", txt_tab),
    "docx": (".docx", as_docx),
    "html_gov": (".html", as_html_gov),
    "pdf_ruled": (".pdf", as_pdf_ruled),
    "txt_pipe": (".txt", txt_pipe),
    "html_word": (".html", as_html_word),
    "txt_aligned": (".txt", txt_aligned),
    "pdf_plain": (".pdf", as_pdf_plain),
}
FORMATS = tuple(RENDERERS)


def render(plan: Plan, form: str) -> bytes:
    """The file of a plan in one of FORMATS; what is free in a format is drawn from the plan's own seed."""
    return RENDERERS[form][1](plan, Random(f"{plan.seed}:{form}"))
