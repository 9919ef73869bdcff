"""Layers of plain autoencoders in NumPy: forward, backward, and Adam; enough to train the networks that the paper compares with."""

import numpy as np

KERNEL, STRIDE, MARGIN = 4, 2, 1
"""Of every convolution: windows of 4 × 4 on every second value of a plane with one zero around."""


class Layer:
    """A step of a network; `parameters` and `gradients` are lists alike."""

    def __init__(self, *parameters):
        self.parameters = list(parameters)
        self.gradients = [np.zeros_like(parameter) for parameter in parameters]


class Dense(Layer):
    """All inputs to all outputs, on the last axis."""

    def __init__(self, inputs, outputs, random):
        super().__init__(weights(inputs, (inputs, outputs), random), np.zeros(outputs, np.float32))

    def forward(self, x):
        self.x = x
        return product(x, self.parameters[0]) + self.parameters[1]

    def backward(self, slope):
        self.gradients = [flat(self.x).T @ flat(slope), flat(slope).sum(axis=0)]
        return product(slope, self.parameters[0].T)


class Convolve(Layer):
    """A strided convolution of planes (plane, row, column, channel) to half the rows and columns: windows times a dense layer."""

    def __init__(self, inputs, outputs, random):
        super().__init__(weights(inputs * KERNEL**2, (inputs * KERNEL**2, outputs), random), np.zeros(outputs, np.float32))

    def forward(self, x):
        self.windows = windows(x)
        return product(self.windows, self.parameters[0]) + self.parameters[1]

    def backward(self, slope):
        self.gradients = [flat(self.windows).T @ flat(slope), flat(slope).sum(axis=0)]
        return overlapped(product(slope, self.parameters[0].T))


class Spread(Layer):
    """The transpose of a convolution: every value spread over a window of twice the rows and columns."""

    def __init__(self, inputs, outputs, random):
        super().__init__(weights(inputs * KERNEL**2 // STRIDE**2, (inputs, outputs * KERNEL**2), random), np.zeros(outputs, np.float32))

    def forward(self, x):
        self.x = x
        return overlapped(product(x, self.parameters[0])) + self.parameters[1]

    def backward(self, slope):
        spread = windows(slope)
        self.gradients = [flat(self.x).T @ flat(spread), flat(slope).sum(axis=0)]
        return product(spread, self.parameters[0].T)


class Relu(Layer):
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, slope):
        return slope * (self.y > 0)


class Sigmoid(Layer):
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, slope):
        return slope * self.y * (1 - self.y)


def weights(fan_in, shape, random):
    """Normal, of the variance that a ReLU keeps (He et al. 2015)."""
    return random.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)


def flat(x):
    return x.reshape(-1, x.shape[-1])


def product(x, matrix):
    """A matrix on the last axis as one product, which BLAS does fastest."""
    return (flat(x) @ matrix).reshape(*x.shape[:-1], matrix.shape[1])


def steps(rows, columns):
    """The place of every weight of the kernel in a plane with its margin."""
    return [np.s_[:, i : i + STRIDE * rows : STRIDE, j : j + STRIDE * columns : STRIDE] for i in range(KERNEL) for j in range(KERNEL)]


def windows(x):
    """The 4 × 4 values around every second one, on the last axis."""
    wide = np.pad(x, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)))
    return np.concatenate([wide[place] for place in steps(x.shape[1] // STRIDE, x.shape[2] // STRIDE)], axis=-1)


def overlapped(x):
    """The transpose of `windows`: each window added where it was taken from."""
    planes, rows, columns, _ = x.shape
    parts = x.reshape(planes, rows, columns, KERNEL**2, -1)
    wide = np.zeros((planes, STRIDE * rows + 2 * MARGIN, STRIDE * columns + 2 * MARGIN, parts.shape[-1]), x.dtype)
    for number, place in enumerate(steps(rows, columns)):
        wide[place] += parts[:, :, :, number]
    return wide[:, MARGIN:-MARGIN, MARGIN:-MARGIN]


def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def backward(layers, slope):
    for layer in reversed(layers):
        slope = layer.backward(slope)


class Adam:
    """Kingma and Ba 2015."""

    def __init__(self, layers, decay=(0.9, 0.999)):
        self.layers, self.decay, self.count = layers, decay, 0
        self.moments = [(np.zeros_like(parameter), np.zeros_like(parameter)) for layer in layers for parameter in layer.parameters]

    def step(self, rate):
        self.count += 1
        first, second = self.decay
        corrected = rate * np.sqrt(1 - second**self.count) / (1 - first**self.count)
        pairs = [pair for layer in self.layers for pair in zip(layer.parameters, layer.gradients)]
        for (parameter, gradient), (mean, square) in zip(pairs, self.moments):
            mean += (1 - first) * (gradient - mean)
            square += (1 - second) * (gradient**2 - square)
            parameter -= corrected * mean / (np.sqrt(square) + 1e-8)
