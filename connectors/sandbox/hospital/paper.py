"""Notes as files: a small HTML page, or a PDF of one page."""

from __future__ import annotations

import textwrap
from html import escape

from connectors.sandbox.hospital.facts.findings import Document


def written(document: Document, *, foot: str) -> bytes:
    """The bytes of a note in its media type, always the same for the same note."""
    if document.media == "application/pdf":
        return _pdf(document, foot)
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in document.paragraphs)
    title = escape(document.title)
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"</head><body>\n<h1>{title}</h1>\n{body}\n<p><small>{escape(foot)}</small></p>\n"
        "</body></html>\n"
    )
    return page.encode()


def _pdf(document: Document, foot: str) -> bytes:
    lines = [document.title, ""]
    for paragraph in (*document.paragraphs, foot):
        lines += [*textwrap.wrap(paragraph, 84), ""]
    shown = "\n".join(f"({_string(line)}) '" for line in lines)
    stream = f"BT /F1 11 Tf 15 TL 60 780 Td\n{shown}\nET".encode("cp1252")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    )


def _string(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
