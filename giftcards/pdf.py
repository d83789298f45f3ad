"""Gift cards as a PDF: an A6 page each, with the code as text and as a QR that the scanner of the desk reads.

The font (DejaVu, `static/regulars/fonts`, with its licence) has Latin, Cyrillic, Greek, Armenian and Georgian; what it
has no sign for is left out, for a box on a present looks like a mistake. Only the signs that are used go into the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

import segno
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF, Align
from fpdf.enums import MethodReturnValue
from fpdf.fonts import TTFFont

from giftcards.designs import Colour, look, mixed, rgb
from giftcards.printing import Paper
from loyalty.templatetags.accent import accent

FONTS = Path(settings.BASE_DIR) / "static" / "regulars" / "fonts"
FONT = "DejaVu"
WIDTH, HEIGHT, EDGE = 105, 148, 8
PICTURE = 52.5
QR_AT, QR_SIZE = 100, 40
INK: Colour = (26, 29, 28)
QUIET: Colour = (90, 97, 94)
MESSAGE_SIZES = (11, 10, 9, 8, 7)
TERM_SIZES = (7.5, 7, 6.5, 6, 5.5, 5)
LEADING = 0.48
"""Millimetres of a line for each point of its letters."""


def pdf_of(papers: Iterable[Paper]) -> bytes:
    """A page for each, in the language that is active."""
    sheet = Sheet()
    for paper in papers:
        sheet.draw(paper)
    return bytes(sheet.output())


def runs(matrix: Sequence[Sequence[int]]) -> Iterator[tuple[int, int, int]]:
    """(row, column, length) of every run of dark modules of a QR."""
    for y, row in enumerate(matrix):
        start: int | None = None
        for x, is_dark in enumerate([*row, 0]):
            if is_dark and start is None:
                start = x
            elif not is_dark and start is not None:
                yield y, start, x - start
                start = None


class Sheet(FPDF):
    """A6, portrait."""

    def __init__(self) -> None:
        super().__init__(unit="mm", format=(WIDTH, HEIGHT))
        self.set_auto_page_break(auto=False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_lang(get_language() or "en")
        self.set_title(_("Gift card"))
        self._signs = frozenset(cast("TTFFont", self.fonts[FONT.lower()]).cmap)

    def draw(self, paper: Paper) -> None:
        self.add_page()
        self._front(paper)
        self._words(paper)
        self._code(paper)

    def _front(self, paper: Paper) -> None:
        seen = look(paper.design, paper.colour)
        self.image(BytesIO(seen.png), x=0, y=0, w=WIDTH, h=PICTURE, alt_text=_("Gift card"))
        self._line(paper.house, EDGE, 8, size=13, style="B", colour=seen.ink, width=62)
        self._line(_("Gift card"), EDGE, 15, size=9, colour=seen.ink, width=62)
        self._line(paper.amount, EDGE, 38, size=22, style="B", colour=seen.ink, width=62)

    def _words(self, paper: Paper) -> None:
        """The greeting and the message, as large as they have room."""
        top, bottom = PICTURE + 6, QR_AT - 3
        greeting = paper.greeting or ("" if paper.message else _("A present for you"))
        if greeting:
            self._line(greeting, EDGE, top, size=11, style="B", width=WIDTH - 2 * EDGE)
            top += 8
        self.set_text_color(*INK)
        self._block(paper.message, EDGE, top, width=WIDTH - 2 * EDGE, room=bottom - top, sizes=MESSAGE_SIZES)

    def _code(self, paper: Paper) -> None:
        self._qr(paper.code)
        left = EDGE + QR_SIZE + 4
        width = WIDTH - left - EDGE
        self._line(_("Code"), left, QR_AT + 1, size=8, colour=QUIET, width=width)
        for i, group in enumerate(paper.groups):
            self._line(group, left, QR_AT + 6 + i * 6.2, size=14, style="B", width=width)
        self._line(paper.ends, left, QR_AT + 26, size=8, style="B", width=width)
        self.set_text_color(*QUIET)
        self._block(
            " ".join(paper.terms), left, QR_AT + 31, width=width, room=HEIGHT - 5 - QR_AT - 31, sizes=TERM_SIZES
        )
        self._line(
            paper.page,
            EDGE,
            HEIGHT - 6.5,
            size=6.5,
            colour=mixed(rgb(accent(paper.colour).on_light), INK, 20),
            width=QR_SIZE + 4,
        )

    def _qr(self, code: str) -> None:
        """Black on white, with the four modules of white around it that scanners need."""
        matrix = segno.make(code, error="m", micro=False).matrix
        side = len(matrix) + 8
        step = QR_SIZE / side
        self.set_fill_color(255)
        self.rect(EDGE - 4 * step, QR_AT, QR_SIZE, QR_SIZE, style="F")
        self.set_fill_color(0)
        for row, column, length in runs(matrix):
            self.rect(EDGE + column * step, QR_AT + (4 + row) * step, length * step, step * 1.02, style="F")

    def _line(
        self, text: str, x: float, y: float, *, size: float, width: float, style: str = "", colour: Colour = INK
    ) -> None:
        """One line, in smaller letters if it is long; what is still too long is cut."""
        text = self._known(" ".join(text.split()))
        self.set_font(FONT, style, size)
        while self.get_string_width(text) > width and size > 6:
            size -= 0.5
            self.set_font(FONT, style, size)
        while self.get_string_width(text) > width:
            text = f"{text[:-2]}…"
        self.set_text_color(*colour)
        self.set_xy(x, y)
        self.cell(width, size * LEADING, text)

    def _block(self, text: str, x: float, y: float, *, width: float, room: float, sizes: Sequence[float]) -> None:
        """Several lines, in the largest of these sizes that has room; the last one that has is cut with a "…"."""
        size, lines = self._fitted(self._known(text), width, room, sizes)
        most = int(room / (size * LEADING))
        shown = lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}…"]
        for i, line in enumerate(shown):
            self.set_xy(x, y + i * size * LEADING)
            self.cell(width, size * LEADING, line)

    def _fitted(self, text: str, width: float, room: float, sizes: Sequence[float]) -> tuple[float, list[str]]:
        for size in sizes:
            self.set_font(FONT, "", size)
            found = self.multi_cell(width, 5, text, align=Align.L, dry_run=True, output=MethodReturnValue.LINES)
            lines = [str(line) for line in cast("list[str]", found)] if text else []
            if len(lines) * size * LEADING <= room or size == sizes[-1]:
                return size, lines
        raise AssertionError("unreachable: the last size is taken")

    def _known(self, text: str) -> str:
        return "".join(sign for sign in text if sign == "\n" or ord(sign) in self._signs)
