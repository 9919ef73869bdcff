"""Trains the two autoencoders on the training data: `python -m claims.train FOLDER` in bench/, with prepared stacks or raw files in the folder.

The same data give the same weights on the same machine: seed and steps are fixed. NumPy only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from claims.autoencoder import CONVOLUTIONAL, MULTILAYER, padded, untrained
from claims.network import Adam, backward, forward
from fields import smooth

SEED = 1
CROP = (72, 80)
"""Rows and columns of a sample: whole tiles of the one network, whole eighths of the other."""
STEPS = {MULTILAYER: 30_000, CONVOLUTIONAL: 8_000}
BATCH = {MULTILAYER: 8, CONVOLUTIONAL: 4}
"""Crops a step."""
RATE = 1e-3
WARM_UP = 200
EVERY = 1000
"""Steps between two lines of the log, and those that its error is the mean of."""
FOR_RANGES = 64
"""Batches that the range of every latent is taken from."""
PREPARE = Path(__file__).resolve().parents[2] / "crates" / "train" / "prepare.py"


def stacks(folder):
    """Planes in 0..1 of every stack of a folder with an index, or of one that prepare.py makes of raw files."""
    if not (folder / "index.json").exists():
        with tempfile.TemporaryDirectory() as prepared:
            subprocess.run([sys.executable, "-B", PREPARE, folder, prepared], check=True)
            return stacks(Path(prepared))
    entries = [entry for entry in json.loads((folder / "index.json").read_text()) if not entry["again"]]
    return [np.stack([unit(plane) for plane in np.load(folder / entry["file"])]) for entry in entries]


def unit(plane):
    """A plane in 0..1, missing values as the nearest one, large enough for a crop; half precision saves memory."""
    plane = smooth(plane, rounds=0).astype(np.float64)
    plane = (plane - plane.min()) / (np.ptp(plane) or 1)
    return padded(plane[None], [max(size, side) if size < side else 1 for size, side in zip(plane.shape, CROP)])[0].astype(np.float16)


def batches(stacks, count, random):
    """Endless crops: a stack by the root of its size, then any of its planes, anywhere, mirrored or not."""
    chances = np.sqrt([stack.size for stack in stacks])
    while True:
        crops = []
        for stack in random.choice(len(stacks), count, p=chances / chances.sum()):
            plane = stacks[stack][random.integers(len(stacks[stack]))]
            row, column = (random.integers(size - side + 1) for size, side in zip(plane.shape, CROP))
            crops.append(plane[row : row + CROP[0], column : column + CROP[1]][:: random.choice((-1, 1)), :: random.choice((-1, 1))])
        yield np.stack(crops).astype(np.float32)


def rate_at(step, steps):
    """A short warm-up, then down a cosine."""
    return RATE * min(1, (step + 1) / WARM_UP) * (1 + np.cos(np.pi * step / steps)) / 2


def train(network, crops, steps):
    """Mean square error of what the decoder gives back."""
    adam, mean, start = Adam(network.layers), 0.0, time.perf_counter()
    for step in range(steps):
        x = network.inputs(next(crops))
        y = forward(network.layers, x)
        mean += (float(np.mean((y - x) ** 2)) - mean) / min(step + 1, EVERY)
        backward(network.layers, 2 * (y - x) / y.size * x.shape[-1])
        adam.step(rate_at(step, steps))
        if (step + 1) % EVERY == 0:
            print(f"{network.name}: step {step + 1}, root mean square error {np.sqrt(mean):.4f} of the range, {time.perf_counter() - start:.0f} s", flush=True)


def set_ranges(network, crops):
    """The range of every latent over some batches, with the weights as they will be read."""
    for array in network.arrays:
        array[:] = array.astype(np.float16)
    latents = np.concatenate([forward(network.encoder, network.inputs(next(crops))).reshape(-1, len(network.low)) for _ in range(FOR_RANGES)])
    network.low[:], network.high[:] = latents.min(axis=0), latents.max(axis=0)


def all_networks(folder):
    data = stacks(folder)
    for network in untrained(np.random.default_rng(SEED)):
        crops = batches(data, BATCH[network.name], np.random.default_rng(SEED))
        train(network, crops, STEPS[network.name])
        set_ranges(network, crops)
        network.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="stacks of crates/train/prepare.py, or raw files")
    all_networks(parser.parse_args().folder)


if __name__ == "__main__":
    main()
