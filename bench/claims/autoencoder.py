"""The two networks without attention that the codec is held against, from planes of values in 0..1 to bytes and back: the multilayer one
of the paper's implementation, and a convolutional one. Their weights are trained by train.py and lie beside this file."""

from pathlib import Path

import numpy as np

from claims.network import Convolve, Dense, Relu, Sigmoid, Spread, forward

FOLDER = Path(__file__).parent
MULTILAYER, CONVOLUTIONAL = "multilayer autoencoder", "convolutional autoencoder"
CODES = 255
"""Steps of a latent in a signed byte."""
WIDTHS = (360, 256, 128, 80, 64, 32, 16)
"""Values at each layer of the multilayer autoencoder."""
TILE = (18, 20)
"""Rows and columns of the 360 values. The paper's rows of a plane would do, but a tile says more of its neighbours, which favours the network."""
CHANNELS = (1, 24, 48, 4)
"""Channels of the convolutional autoencoder, each at half the rows and columns of the one before."""


class Autoencoder:
    """An encoder and a decoder, and the range of every latent channel that its byte stands for."""

    def __init__(self, name, file, block, latents):
        self.name, self.path, self.block = name, FOLDER / file, block
        self.low, self.high = np.zeros(latents, np.float32), np.ones(latents, np.float32)

    @property
    def layers(self):
        return (*self.encoder, *self.decoder)

    @property
    def arrays(self):
        """Everything that makes the trained network, in a fixed order."""
        return [parameter for layer in self.layers for parameter in layer.parameters] + [self.low, self.high]

    def save(self):
        np.savez_compressed(self.path, *[array.astype(np.float16) for array in self.arrays])

    def load(self):
        with np.load(self.path) as stored:
            for array, name in zip(self.arrays, stored.files, strict=True):
                array[:] = stored[name]
        return self

    def encode(self, planes):
        """Planes in 0..1 to latents as signed bytes (channel, plane, row, column)."""
        latents = np.stack([self.latents(self.inputs(plane[None]), *self.blocks(plane)) for plane in padded(planes, self.block)], axis=1)
        return np.rint((np.clip(latents, *self.limits) - self.limits[0]) * self.scale - (CODES + 1) // 2).astype(np.int8)

    def decode(self, codes, rows, columns):
        """Signed bytes to planes of a size."""
        latents = (codes.astype(np.float32) + (CODES + 1) // 2) / self.scale + self.limits[0]
        return np.concatenate([self.planes(forward(self.decoder, self.codes(plane)), *plane.shape[1:]) for plane in latents.swapaxes(0, 1)])[:, :rows, :columns]

    @property
    def limits(self):
        """Least and largest latent of every channel, shaped for (channel, plane, row, column)."""
        return self.low[:, None, None, None], self.high[:, None, None, None]

    @property
    def scale(self):
        """Codes to a unit of every channel; 1 for a channel that never varies."""
        low, high = self.limits
        return CODES / np.where(high > low, high - low, CODES)

    def blocks(self, plane):
        return [size // side for size, side in zip(plane.shape, self.block)]


class Multilayer(Autoencoder):
    """Dense layers on tiles of 360 values: ReLU between them, a sigmoid at the end; none on the latents, where a ReLU let some die in training."""

    def __init__(self, random):
        super().__init__(MULTILAYER, "multilayer.npz", TILE, WIDTHS[-1])
        self.encoder = [layer for sizes in zip(WIDTHS, WIDTHS[1:]) for layer in (Dense(*sizes, random), Relu())][:-1]
        back = WIDTHS[::-1]
        self.decoder = [layer for sizes in zip(back, back[1:]) for layer in (Dense(*sizes, random), Relu())]
        self.decoder[-1] = Sigmoid()

    def inputs(self, planes):
        count, rows, columns = planes.shape
        tiles = planes.reshape(count, rows // TILE[0], TILE[0], columns // TILE[1], TILE[1])
        return tiles.swapaxes(2, 3).reshape(-1, WIDTHS[0])

    def latents(self, tiles, rows, columns):
        return forward(self.encoder, tiles).T.reshape(-1, rows, columns)

    def codes(self, latents):
        return latents.reshape(len(latents), -1).T

    def planes(self, tiles, rows, columns):
        return tiles.reshape(-1, rows, columns, *TILE).swapaxes(2, 3).reshape(-1, rows * TILE[0], columns * TILE[1])


class Convolutional(Autoencoder):
    """Strided convolutions to an eighth of the rows and columns and back, with the same activations."""

    def __init__(self, random):
        halvings = len(CHANNELS) - 1
        super().__init__(CONVOLUTIONAL, "convolutional.npz", (2**halvings, 2**halvings), CHANNELS[-1])
        back = CHANNELS[::-1]
        self.encoder = [layer for sizes in zip(CHANNELS, CHANNELS[1:]) for layer in (Convolve(*sizes, random), Relu())][:-1]
        self.decoder = [layer for sizes in zip(back, back[1:]) for layer in (Spread(*sizes, random), Relu())]
        self.decoder[-1] = Sigmoid()

    def inputs(self, planes):
        return planes[..., None]

    def latents(self, planes, _rows, _columns):
        return np.moveaxis(forward(self.encoder, planes)[0], -1, 0)

    def codes(self, latents):
        return np.moveaxis(latents, 0, -1)[None]

    def planes(self, planes, _rows, _columns):
        return planes[..., 0]


def padded(planes, block):
    """Planes with their last row and column repeated up to whole blocks."""
    return np.pad(planes, ((0, 0), *((0, -size % side) for size, side in zip(planes.shape[1:], block))), mode="edge")


def untrained(random):
    return Multilayer(random), Convolutional(random)
