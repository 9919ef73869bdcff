"""PNG, GIF, JPEG and WebP by Pillow; read again by it."""

import numpy as np
import pytest
from PIL import Image

from comparison import same_array, same_bytes, within

ROWS, COLUMNS = 60, 90


def pixels(bands):
    row, column = np.indices((ROWS, COLUMNS))
    planes = [127 + 120 * np.sin(column / 11 + band) * np.cos(row / 8) for band in range(bands)]
    planes[-1][5:15, 20:40] = 0
    return np.stack(planes, axis=-1).astype("u1").squeeze()


def colours():
    return Image.fromarray(pixels(3))


FILES = {
    "gray.png": lambda: Image.fromarray(pixels(1)),
    "gray_and_alpha.png": lambda: Image.fromarray(pixels(2), "LA"),
    "colours.png": colours,
    "colours_and_alpha.png": lambda: Image.fromarray(pixels(4), "RGBA"),
    "gray_of_16_bits.png": lambda: Image.fromarray(pixels(1).astype("u2") * 257),
    "palette.png": lambda: colours().quantize(50),
    "black_and_white.png": lambda: Image.fromarray(pixels(1) > 100),
    "palette.gif": lambda: colours().quantize(64),
    "lossless.webp": colours,
    "alpha_lossless.webp": lambda: Image.fromarray(pixels(4), "RGBA"),
    "lossy.webp": colours,
    "gray.jpg": lambda: Image.fromarray(pixels(1)),
    "colours.jpg": colours,
    "progressive.jpg": colours,
    "subsampled.jpg": colours,
}
SETTINGS = {
    "lossless.webp": {"lossless": True, "exact": True},
    "alpha_lossless.webp": {"lossless": True, "exact": True},
    "lossy.webp": {"quality": 70},
    "colours.jpg": {"quality": 90, "subsampling": 0},
    "progressive.jpg": {"progressive": True, "subsampling": 0},
    "subsampled.jpg": {"quality": 80, "subsampling": 2},
}
ROUNDED = {"colours.jpg", "progressive.jpg", "gray.jpg", "subsampled.jpg", "lossy.webp"}
"""The standards of these leave the last bits of a colour to the decoder: what comes back are the pixels of ours."""


def picture(folder, name):
    source = folder / name
    FILES[name]().save(source, **SETTINGS.get(name, {}))
    return source


def shown(path):
    """Pixels as red, green, blue and alpha, or as gray of 16 bits."""
    with Image.open(path) as image:
        return np.asarray(image if image.mode.startswith("I") else image.convert("RGBA"))


@pytest.mark.parametrize("name", FILES)
def test_pictures_look_the_same(name, deepcomp):
    source = picture(deepcomp.folder, name)
    back = deepcomp.round_trip(source)
    assert back.suffix == ".png"
    if name in ROUNDED:
        assert within(shown(source), shown(back), 4) >= 0
    else:
        same_array(shown(source), shown(back))


def test_a_bound_holds(deepcomp):
    source = picture(deepcomp.folder, "colours.png")
    back = deepcomp.round_trip(source, "--abs", 4)
    assert within(shown(source), shown(back), 4) > 0


@pytest.mark.parametrize("name", ["palette.gif", "colours.png", "lossless.webp"])
def test_what_became_png_stays_as_it_is(name, deepcomp):
    once = deepcomp.round_trip(picture(deepcomp.folder, name))
    same_array(shown(once), shown(deepcomp.round_trip(once)))


def test_animations_are_kept_whole(deepcomp):
    source = deepcomp.folder / "moving.gif"
    frames = [Image.fromarray(np.roll(pixels(1), 10 * number)) for number in range(3)]
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=100)
    same_bytes(source, deepcomp.round_trip(source))


def test_as_npy_channels_come_first(deepcomp):
    source = picture(deepcomp.folder, "colours.png")
    same_array(np.moveaxis(pixels(3), -1, 0), np.load(deepcomp.saved_as(source, "npy")))
