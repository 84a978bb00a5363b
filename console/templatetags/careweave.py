"""What all templates of the pages share: `{% load careweave %}`.

Tags: `icon`, `when`, `filled`. Filters: `number`, `size`, `initials`, `coloured`.
"""

from __future__ import annotations

from datetime import datetime

from django import template
from django.template.context import Context
from django.template.loader_tags import BlockNode
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from console.code_colours import coloured_code
from console.words import byte_size, grouped, initials_of, relative_time

register = template.Library()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """`{% icon "copy" %}`: a line icon of static/careweave/icons.svg; it is hidden from screen
    readers, so a word stands beside it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("careweave/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def when(context: Context, at: datetime | None, never: str = "") -> SafeString | str:
    """`{% when row.changed %}`: "2 min ago" with the exact time as title; `never` where there is no
    time. Needs `now`, which the context processor gives."""
    if at is None:
        return never or relative_time(at=None, now=context["now"])
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{at:%Y-%m-%d %H:%M:%S} UTC",
        relative_time(at=at, now=context["now"]),
    )


@register.simple_tag(takes_context=True)
def filled(context: Context, name: str) -> str:
    """`{% filled "lead" as lead %}`: what a page wrote into its block of this name, so that a
    layout can use it twice, or leave out what would surround an empty one."""
    node = BlockNode(name, template.NodeList())
    node.origin, node.token = (
        template.Origin(name),
        template.base.Token(template.base.TokenType.BLOCK, name),
    )
    return mark_safe(node.render(context).strip())


@register.filter
def number(value: int | None) -> str:
    """10412 as "10,412"; None as "unknown"."""
    return grouped(value)


@register.filter
def size(value: int) -> str:
    """Bytes as "9.1 kB"."""
    return byte_size(value)


@register.filter
def initials(name: str) -> str:
    """Two letters for a logo: "Sandbox General Hospital" gives "SG"."""
    return initials_of(name)


@register.filter
def coloured(code: str, language: str) -> SafeString:
    """Code as HTML with its tokens marked; language "json" or "sh", all else stays plain."""
    return coloured_code(code, language=language)
