"""A card on a page of A6: every word of it can be read in the PDF, and the QR is the code and nothing else."""

from __future__ import annotations

import re
import zlib

import pytest
import segno
from django.utils import translation

from clients.models import Business
from giftcards.codes import read_code
from giftcards.models import GiftCardType
from giftcards.pdf import pdf_of, runs
from giftcards.printing import Paper, paper_of
from loyalty.rulebook import rulebook
from tests.giftcards.conftest import Sold
from tests.till import Till

pytestmark = pytest.mark.django_db
STREAM = re.compile(rb"stream\n(.*?)\nendstream", re.DOTALL)


def streams(pdf: bytes) -> list[bytes]:
    found = []
    for raw in STREAM.findall(pdf):
        try:
            found.append(zlib.decompress(raw))
        except zlib.error:
            found.append(raw)
    return found


def words(pdf: bytes) -> str:
    """The text of a PDF: glyphs by the table that the file brings for each of its fonts."""
    parts = streams(pdf)
    tables = []
    for part in parts:
        if b"beginbfchar" in part or b"beginbfrange" in part:
            pairs = re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4})>\n", part)
            tables.append({int(a, 16): chr(int(b, 16)) for a, b in pairs})
    text = []
    for part in parts:
        if b" Tf" not in part:
            continue
        for glyphs in re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", part, re.DOTALL):
            raw = re.sub(rb"\\(.)", lambda m: {b"r": b"\r", b"n": b"\n"}.get(m[1], m[1]), glyphs, flags=re.DOTALL)
            codes = [int.from_bytes(raw[i : i + 2]) for i in range(0, len(raw), 2)]
            text += ["".join(table.get(code, "?") for code in codes) for table in tables]
    return "\n".join(text)


def a_paper(till: Till, code: str, card: object) -> Paper:
    return paper_of(card, code, house=rulebook().house, business=Business.objects.get(), today=till.today)  # type: ignore[arg-type]


def test_the_page_says_all_of_it(till: Till, gift: GiftCardType) -> None:
    one = Sold(till, "gift", "50")
    paper = a_paper(till, read_code(one.code) or "", one.card)
    assert (paper.house, paper.amount, paper.ends) == ("FlexGym", "$50.00", "Valid until 29 August 2026")
    assert paper.terms == ("For one check: what is left after it is lost.",)
    pdf = pdf_of([paper])
    text = words(pdf)
    for word in ("FlexGym", "$50.00", *one.code.split(), "Valid until 29 August 2026", "A present for you"):
        assert word in text
    assert b"/MediaBox [0 0 297.64 419.53]" in pdf or re.search(rb"/MediaBox \[0 0 297\.\d+ 419\.\d+\]", pdf)
    assert len(pdf) < 150_000


def test_it_speaks_russian(till: Till, gift: GiftCardType) -> None:
    till.sell(
        {
            "gift_card_type": "gift",
            "amount": "50",
            "recipient": {"name": "Борис", "email": "b@example.com", "message": "С днём рождения! 🎂", "from": "Алиса"},
        }
    )
    card = gift.cards.get()
    with translation.override("ru"):
        text = words(pdf_of([a_paper(till, "7K3MQX2FHT9WRDNC5P", card)]))
    assert "29 августа 2026" in text
    assert "С днём рождения!" in text
    assert "Борис" in text


def test_the_qr_is_the_code_itself() -> None:
    code = "7K3MQX2FHT9WRDNC5P"
    made = segno.make(code, error="m", micro=False)
    assert (made.version, made.mode) == (1, "alphanumeric")  # 21 modules: large enough for any scanner on 40 mm
    size = len(made.matrix)
    drawn = [[0] * size for _row in range(size)]
    for row, column, length in runs(made.matrix):
        drawn[row][column : column + length] = [1] * length
    assert drawn == [list(row) for row in made.matrix]


@pytest.mark.parametrize("message", ["x" * 500, "Мяу\n" * 125, "word " * 100, "\n" * 400])
def test_no_message_breaks_the_page(till: Till, gift: GiftCardType, message: str) -> None:
    one = Sold(till, "gift", "50")
    paper = a_paper(till, read_code(one.code) or "", one.card)
    long = Paper(**{name: getattr(paper, name) for name in Paper.__slots__} | {"message": message, "house": "H" * 120})
    pdf = pdf_of([long, paper])
    assert pdf.count(b"/Type /Page\n") == 2
