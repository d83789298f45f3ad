"""The owner's accent colour, made readable: white text must stand on it (WCAG: a contrast of 4.5)."""

from __future__ import annotations

CONTRAST = 4.5


def readable(colour: str) -> str:
    """The colour itself, or the lightest shade of it on which white text can be read. `#rrggbb` in and out."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    for part in range(100, 0, -4):
        shade = (red * part // 100, green * part // 100, blue * part // 100)
        if 1.05 / (_luminance(shade) + 0.05) >= CONTRAST:
            return "#{:02x}{:02x}{:02x}".format(*shade)
    return "#000000"


def _luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    linear = [_linear(channel / 255) for channel in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
