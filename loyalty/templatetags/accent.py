"""The owner's one colour, made readable on light and on dark pages.

Contrast as WCAG 2.1 defines it: relative luminance of sRGB, (lighter + 0.05) / (darker + 0.05). Text needs 4.5.
"""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

READABLE = 4.5
LIGHT_PAGE: Colour = (255, 255, 255)
DARK_PAGE: Colour = (29, 32, 31)
INK: Colour = (20, 22, 21)
STEPS = 40


@dataclass(frozen=True, slots=True)
class Accent:
    """The colour as text on each kind of page, and what is written on it, as "#rrggbb"."""

    on_light: str
    text_on_light: str
    on_dark: str
    text_on_dark: str


def accent(colour: str) -> Accent:
    """ "#1f6f5c" → the nearest shades of it that can be read on both kinds of page. Anything else counts as grey."""
    chosen = _read(colour)
    on_light = _readable(chosen, LIGHT_PAGE, towards=(0, 0, 0))
    on_dark = _readable(chosen, DARK_PAGE, towards=(255, 255, 255))
    return Accent(_hex(on_light), _hex(_ink(on_light)), _hex(on_dark), _hex(_ink(on_dark)))


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: Colour, page: Colour, towards: Colour) -> Colour:
    """The colour, mixed with black or white in small steps until it can be read on the page."""
    shades = (_mixed(colour, towards, step) for step in range(STEPS + 1))
    return next(shade for shade in shades if contrast(shade, page) >= READABLE)


def _ink(colour: Colour) -> Colour:
    return max((LIGHT_PAGE, INK), key=lambda text: contrast(text, colour))


def _mixed(colour: Colour, towards: Colour, step: int) -> Colour:
    red, green, blue = (c + (t - c) * step // STEPS for c, t in zip(colour, towards, strict=True))
    return red, green, blue


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.03928 else float(((channel + 0.055) / 1.055) ** 2.4)


def _read(colour: str) -> Colour:
    try:
        red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    except ValueError:
        return 95, 99, 97
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
