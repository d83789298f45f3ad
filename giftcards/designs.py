"""The pictures of gift cards, drawn in the colour of the house: for a letter, for the screen and for paper.

Each is 1200 × 600 pixels, calm on its left side, where the name of the house and the amount stand. Drawn twice
as large and made smaller, so that edges are smooth; in few colours, so that a letter stays light.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from giftcards.models import Design
from loyalty.templatetags.accent import accent

WIDTH, HEIGHT = 1200, 600
FINER = 2
COLOURS = 96
Colour = tuple[int, int, int]
Point = tuple[float, float]
WHITE, BLACK, GOLD = (255, 255, 255), (16, 18, 17), (243, 214, 138)


@dataclass(frozen=True, slots=True)
class Look:
    """A picture, and in which colour one writes on it."""

    png: bytes
    ink: Colour


@lru_cache(maxsize=32)
def look(design: str, colour: str) -> Look:
    """The picture of this design in the colour "#1f6f5c"; an unknown design is the plain one."""
    base = rgb(accent(colour).on_light)
    paint, ground, ink = PAINTERS.get(design, PAINTERS[Design.PLAIN])(base)
    image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), ground)
    paint(Canvas(ImageDraw.Draw(image)))
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    file = BytesIO()
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return Look(file.getvalue(), ink)


def rgb(colour: str) -> Colour:
    """ "#1f6f5c" → (31, 111, 92)."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def mixed(colour: Colour, other: Colour, part: int) -> Colour:
    """So many % of the other colour in this one."""
    red, green, blue = (c + (o - c) * part // 100 for c, o in zip(colour, other, strict=True))
    return red, green, blue


class Canvas:
    """Draws in the coordinates of the finished picture."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def disc(self, at: Point, radius: float, colour: Colour) -> None:
        (x, y), r = at, radius
        self._draw.ellipse([v * FINER for v in (x - r, y - r, x + r, y + r)], fill=colour)

    def ring(self, at: Point, radius: float, width: float, colour: Colour) -> None:
        (x, y), r = at, radius
        box = [v * FINER for v in (x - r, y - r, x + r, y + r)]
        self._draw.ellipse(box, outline=colour, width=round(width * FINER))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        self._draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def curve(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        self._draw.line([(x * FINER, y * FINER) for x, y in points], fill=colour, width=round(width * FINER))


Paint = Callable[[Canvas], None]
Painter = Callable[[Colour], tuple[Paint, Colour, Colour]]
"""Colour of the house → what is painted, on which ground, and the colour of what is written on it."""


def _bezier(a: Point, b: Point, c: Point, d: Point, steps: int = 40) -> list[Point]:
    def at(t: float) -> Point:
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        x, y = (sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1))
        return x, y

    return [at(step / steps) for step in range(steps + 1)]


# --- plain ---------------------------------------------------------------------------------------------------------


def _plain(base: Colour) -> tuple[Paint, Colour, Colour]:
    def paint(canvas: Canvas) -> None:
        centre = (1020.0, 640.0)
        for radius, part in ((560, 7), (430, 14), (300, 22), (170, 32)):
            canvas.disc(centre, radius, mixed(base, WHITE, part))

    return paint, base, WHITE


# --- a ribbon ------------------------------------------------------------------------------------------------------


def _ribbon(base: Colour) -> tuple[Paint, Colour, Colour]:
    band, shade, deep = base, mixed(base, BLACK, 18), mixed(base, BLACK, 34)
    x, y = 860.0, 330.0

    def loop(canvas: Canvas, side: int) -> None:
        outer = _bezier((x, y), (x + side * 90, y - 190), (x + side * 330, y - 190), (x + side * 270, y - 20))
        canvas.shape(
            outer + _bezier((x + side * 270, y - 20), (x + side * 230, y + 70), (x + side * 90, y + 50), (x, y)), band
        )
        inner = _bezier(
            (x + side * 30, y - 14), (x + side * 90, y - 110), (x + side * 225, y - 125), (x + side * 215, y - 30)
        )
        canvas.shape(
            inner
            + _bezier(
                (x + side * 215, y - 30), (x + side * 190, y + 20), (x + side * 90, y + 16), (x + side * 30, y - 14)
            ),
            deep,
        )

    def tail(canvas: Canvas, side: int) -> None:
        left = _bezier((x, y), (x + side * 50, y + 60), (x + side * 90, y + 120), (x + side * 130, y + 230))
        right = _bezier(
            (x + side * 205, y + 195), (x + side * 165, y + 100), (x + side * 95, y + 40), (x + side * 20, y)
        )
        canvas.shape([*left, (x + side * 158, y + 186), *right], shade)

    def paint(canvas: Canvas) -> None:
        canvas.shape([(x - 46, 0), (x + 46, 0), (x + 46, HEIGHT), (x - 46, HEIGHT)], band)
        canvas.shape([(0, y - 46), (WIDTH, y - 46), (WIDTH, y + 46), (0, y + 46)], band)
        for edge in (-34, 30):
            canvas.shape(
                [(x + edge, 0), (x + edge + 4, 0), (x + edge + 4, HEIGHT), (x + edge, HEIGHT)], mixed(band, WHITE, 35)
            )
            canvas.shape(
                [(0, y + edge), (WIDTH, y + edge), (WIDTH, y + edge + 4), (0, y + edge + 4)], mixed(band, WHITE, 35)
            )
        for side in (-1, 1):
            tail(canvas, side)
        for side in (-1, 1):
            loop(canvas, side)
        canvas.disc((x, y), 44, shade)
        canvas.disc((x - 8, y - 8), 28, mixed(band, WHITE, 12))

    return paint, mixed(base, WHITE, 86), mixed(base, BLACK, 55)


# --- flowers -------------------------------------------------------------------------------------------------------


def _flowers(base: Colour) -> tuple[Paint, Colour, Colour]:
    leaf = mixed((86, 140, 104), base, 25)
    rose, peach, cream = (226, 120, 126), (244, 182, 150), (255, 250, 243)

    def stem(canvas: Canvas, foot: Point, head: Point) -> None:
        bend = (foot[0] + (head[0] - foot[0]) * 0.2, head[1] + (foot[1] - head[1]) * 0.35)
        line = _bezier(foot, bend, bend, head)
        canvas.curve(line, 7, leaf)
        for at, side in ((16, 1), (24, -1)):
            _leaf(canvas, line[at], line[at + 4], side)

    def _leaf(canvas: Canvas, at: Point, towards: Point, side: int) -> None:
        turn = math.atan2(towards[1] - at[1], towards[0] - at[0]) + side * 0.9
        tip = (at[0] + 92 * math.cos(turn), at[1] + 92 * math.sin(turn))
        ways = [(at[0] + 60 * math.cos(turn + s * 0.55), at[1] + 60 * math.sin(turn + s * 0.55)) for s in (-1, 1)]
        canvas.shape(_bezier(at, ways[0], ways[0], tip) + _bezier(tip, ways[1], ways[1], at), mixed(leaf, WHITE, 18))

    def flower(canvas: Canvas, at: Point, size: float, colour: Colour, petals: int, turn: float) -> None:
        for i in range(petals):
            angle = turn + 2 * math.pi * i / petals
            petal = (at[0] + size * 0.62 * math.cos(angle), at[1] + size * 0.62 * math.sin(angle))
            canvas.disc(petal, size * 0.46, mixed(colour, WHITE, 0 if i % 2 else 12))
        canvas.disc(at, size * 0.34, cream)
        canvas.disc(at, size * 0.2, (240, 190, 92))

    def paint(canvas: Canvas) -> None:
        heads: list[tuple[Point, Point, float, Colour, int]] = [
            ((1010, 640), (1050, 150), 92, rose, 6),
            ((900, 640), (870, 260), 74, peach, 5),
            ((1080, 640), (1130, 380), 66, mixed(rose, WHITE, 38), 5),
            ((820, 640), (730, 420), 56, mixed(base, WHITE, 45), 6),
            ((960, 640), (980, 430), 62, peach, 6),
        ]
        for foot, head, _size, _colour, _petals in heads:
            stem(canvas, foot, head)
        for i, (_foot, head, size, colour, petals) in enumerate(heads):
            flower(canvas, head, size, colour, petals, 0.4 * i)

    return paint, mixed((252, 246, 238), base, 5), mixed(base, BLACK, 55)


# --- stars ---------------------------------------------------------------------------------------------------------


def _stars(base: Colour) -> tuple[Paint, Colour, Colour]:
    night = mixed(base, (14, 20, 40), 72)

    def star(canvas: Canvas, at: Point, size: float, colour: Colour, turn: float) -> None:
        rays = [(turn + math.pi * i / 5, size if i % 2 == 0 else size * 0.42) for i in range(10)]
        canvas.shape([(at[0] + r * math.sin(a), at[1] - r * math.cos(a)) for a, r in rays], colour)

    def paint(canvas: Canvas) -> None:
        for i in range(1, 91):  # scattered evenly, the same each time
            at = (i * 0.7549 % 1 * WIDTH, i * 0.5698 % 1 * HEIGHT)
            canvas.disc(at, 1 + i % 3 * 0.8, mixed(night, WHITE, 35 + i % 4 * 13))
        large = (
            (960, 190, 120, GOLD),
            (1105, 350, 60, WHITE),
            (800, 330, 54, mixed(GOLD, WHITE, 45)),
            (1000, 440, 78, mixed(GOLD, WHITE, 20)),
        )
        for x, y, size, colour in large:
            star(canvas, (x, y), size, colour, 0.12 * (x % 3 - 1))
        for x, y, size in (
            (1150, 110, 26),
            (720, 140, 24),
            (860, 510, 28),
            (1130, 520, 22),
            (690, 470, 16),
            (820, 90, 16),
        ):
            star(canvas, (x, y), size, mixed(GOLD, WHITE, 50), 0.3)

    return paint, night, WHITE


PAINTERS: dict[str, Painter] = {
    Design.PLAIN: _plain,
    Design.RIBBON: _ribbon,
    Design.FLOWERS: _flowers,
    Design.STARS: _stars,
}
