"""The model card: what a person reads before they answer for a model (Mitchell et al., 2019)."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import escape

from tagline.case.tasks import BINARY

TEMPLATE = "card.md.jinja"


def card(facts: Mapping[str, Any]) -> str:
    """Write the model card in Markdown.

    Parameters
    ----------
    facts : mapping
        ``case`` (the config), ``accounting``, ``periods``, ``metrics``, ``baselines``,
        ``slices`` (records), ``gates``, ``standing``, ``decided``, ``provenance``,
        ``fingerprint`` and ``best_trial``.
    """
    environment = Environment(
        loader=PackageLoader("tagline.bundle", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - this is Markdown; card_html makes HTML of it, and escapes
    )
    environment.filters["cell"] = _cell
    case = facts["case"]
    weight = case.get("table", {}).get("weight")
    return environment.get_template(TEMPLATE).render(
        **facts, task=case.get("task", BINARY), weight=weight
    )


def card_html(markdown: str, *, title: str) -> str:
    """Turn a card into a page of its own; HTML inside the Markdown is shown, not obeyed."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return PAGE.format(title=escape(title), body=body)


def _cell(value: object) -> str:
    if isinstance(value, float) and isnan(value):
        return "-"
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; }}
body {{ padding: 0 1rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid #80889055; padding: .25rem .75rem .25rem 0; text-align: left; }}
</style></head><body>
{body}</body></html>
"""
