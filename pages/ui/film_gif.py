"""An animated GIF, written frame by frame: only what changed is stored, and no frame is kept.

Pillow compresses each frame (its GIF writer keeps every frame of an animation in memory, and compares them whole); the
blocks around them are written here, by the GIF89a specification.
"""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from pages.ui.film_canvas import UNCHANGED, Canvas, Palette, Pixels, Rectangle

FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"


class Writer:
    """Collects the frames of one film."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._frames: list[bytes] = []
        self._shown: Pixels | None = None
        self._touched: list[Rectangle] = []

    def add(self, canvas: Canvas, milliseconds: int) -> None:
        """Append a frame. Of `canvas.touched` and that of the frame before, at least all that changed must be in it."""
        if self._shown is None:
            self._shown = canvas.pixels.copy()
            (top, left), part = (0, 0), canvas.pixels
        else:
            (top, left), part = self._change(self._shown, canvas)
        self._touched = list(canvas.touched)
        delay = max(round(milliseconds / 10), 2)
        control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0b0000_0101, min(delay, 65535), UNCHANGED, 0)
        frame = struct.pack("<BHHHHB", 0x2C, left, top, part.shape[1], part.shape[0], 0)
        self._frames.append(control + frame + compress(part))

    def _change(self, shown: Pixels, canvas: Canvas) -> tuple[tuple[int, int], Pixels]:
        """Return where the frame differs from what is shown, and the pixels there, `UNCHANGED` between them."""
        new = canvas.pixels
        if new.shape != shown.shape:
            raise ValueError(f"all frames must have the size {shown.shape}, not {new.shape}")
        regions = [*self._touched, *canvas.touched] or [(0, 0, 1, 1)]
        top, left = min(r[0] for r in regions), min(r[1] for r in regions)
        bottom, right = max(r[2] for r in regions), max(r[3] for r in regions)
        part = np.full((bottom - top, right - left), UNCHANGED, np.uint8)
        for y0, x0, y1, x1 in regions:
            fresh = new[y0:y1, x0:x1]
            np.copyto(part[y0 - top : y1 - top, x0 - left : x1 - left], fresh, where=fresh != shown[y0:y1, x0:x1])
        for y0, x0, y1, x1 in regions:
            shown[y0:y1, x0:x1] = new[y0:y1, x0:x1]
        return (top, left), part

    def data(self) -> bytes:
        """Return the whole file."""
        if self._shown is None:
            raise ValueError("a film needs at least one frame")
        height, width = self._shown.shape
        head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0b1111_0111, 0, 0)
        return b"".join([head, self.palette.table(), FOREVER, *self._frames, b";"])


def compress(pixels: Pixels) -> bytes:
    """Return pixels as the compressed data of a GIF frame: the size of a code, then blocks, then an empty one."""
    buffer = io.BytesIO()
    image = Image.frombytes("L", (pixels.shape[1], pixels.shape[0]), np.ascontiguousarray(pixels).tobytes())
    image.save(buffer, "GIF", optimize=False, interlace=False)
    data = buffer.getvalue()
    at = 13 + 3 * 2 ** ((data[10] & 7) + 1) * (data[10] >> 7)
    while data[at] == 0x21:  # extensions: their blocks are not needed
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    colours = data[at + 9]
    at += 10 + 3 * 2 ** ((colours & 7) + 1) * (colours >> 7)
    return data[at:-1]
