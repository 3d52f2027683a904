"""What an exported script defines besides the network: layers that Keras has not, and how weights are drawn."""

from __future__ import annotations

from collections.abc import Mapping

DEFINITIONS: Mapping[str, str] = {
    "pieces": '''
def pieces(count, initializer, negated=False, forget=0.0):
    """Draw each of the maps that lie side by side in a kernel by itself; the first of a GRU is 1 - the bench's."""

    def draw(shape, dtype=None):
        size = (*shape[:-1], shape[-1] // count)
        drawn = [initializer()(size, dtype=dtype) for _ in range(count)]
        drawn[0] = -drawn[0] if negated else drawn[0]
        return ops.concatenate([drawn[0], drawn[1] + forget, *drawn[2:]], axis=-1)

    return draw
''',
    "first_row": '''
def first_row(initializer):
    """Biases of a GRU; a second row with the same gradient would only move their sum twice as fast, and stays 0."""

    def draw(shape, dtype=None):
        drawn = initializer((1, shape[1]), dtype=dtype)
        return ops.concatenate([drawn, ops.zeros_like(drawn)])

    return draw
''',
    "Identity": '''
class Identity(keras.initializers.Initializer):
    """Each unit passes one input on; a convolution, from the middle of its window."""

    def __init__(self, gain):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        kernel = np.zeros(shape)
        middle = tuple((size - 1) // 2 for size in shape[:-2])
        for unit in range(min(shape[-2:])):
            kernel[(*middle, unit, unit)] = self.gain
        return ops.convert_to_tensor(kernel, dtype=dtype)
''',
    "Direction": '''
class Direction(keras.initializers.Initializer):
    """A vector of length gain."""

    def __init__(self, gain):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        drawn = keras.random.normal(shape, dtype=dtype)
        return self.gain * drawn / ops.norm(drawn)
''',
    "BatchNorm": '''
class BatchNorm(keras.layers.BatchNormalization):
    """Batch norm whose running variance is the unbiased one; that of Keras is as computed on the batch."""

    def call(self, x, training=None):
        kept = self.momentum * self.moving_variance
        out = super().call(x, training=training)
        if training:
            count = math.prod(x.shape[:-1])
            self.moving_variance.assign(kept + (self.moving_variance - kept) * (count / (count - 1)))
        return out
''',
    "WeightNorm": '''
class WeightNorm(keras.layers.Layer):
    """A layer whose weights are a length times a direction, which is that of the kernel inside."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, shape):
        self.layer.build(shape)
        self.gain = self.add_weight(shape=self.layer.kernel.shape[-1:], name="gain")
        self.gain.assign(self.length())

    def length(self):
        kernel = self.layer.kernel
        return ops.sqrt(ops.sum(ops.square(kernel), axis=tuple(range(len(kernel.shape) - 1))))

    def call(self, x):
        kernel = self.layer.kernel * (self.gain / self.length())
        if len(kernel.shape) == 2:
            return ops.matmul(x, kernel) + self.layer.bias
        return ops.conv(x, kernel, self.layer.strides, self.layer.padding) + self.layer.bias
''',
    "Dropout": '''
class Dropout(keras.layers.Layer):
    """Switch entries off while training: by a mask where one is given, else at random."""

    def __init__(self, rate, scaled=True):
        super().__init__()
        self.keep, self.scaled, self.mask = 1 - rate, scaled, None
        DROPOUTS.append(self)

    def call(self, x, training=None):
        if not training:
            return x if self.scaled else x * self.keep
        mask = keras.random.uniform(ops.shape(x)) < self.keep if self.mask is None else self.mask
        mask = ops.cast(mask, x.dtype)
        return x * (mask / self.keep if self.scaled else mask)
''',
    "Maxout": '''
class Maxout(keras.layers.Layer):
    """Each unit is the largest of its pieces."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def call(self, x):
        pieces = ops.reshape(x, (-1, self.pieces, x.shape[-1] // self.pieces))
        return ops.take_along_axis(pieces, ops.argmax(pieces, axis=1, keepdims=True), axis=1)[:, 0]
''',
    "Highway": '''
class Highway(keras.layers.Layer):
    """A gate decides how much of the input is transformed and how much is carried on."""

    def __init__(self, candidate, gate):
        super().__init__()
        self.candidate, self.gate = candidate, gate

    def call(self, x):
        transform = ops.sigmoid(self.gate(x))
        return self.candidate(x) * transform + x * (1 - transform)
''',
    "Residual": '''
class Residual(keras.layers.Layer):
    """The input, or its projection, plus what a branch makes of it."""

    def __init__(self, branch, scale=1.0, skip=None, after=None):
        super().__init__()
        self.branch, self.scale = branch, scale
        self.skip, self.after = skip or keras.layers.Identity(), after or keras.layers.Identity()

    def call(self, x):
        return self.after(self.skip(x) + self.scale * self.branch(x))
''',
    "Circular": '''
class Circular(keras.layers.Layer):
    """An image that goes on at its other side."""

    def __init__(self, rows, columns):
        super().__init__()
        self.rows, self.columns = rows, columns

    def call(self, x):
        (top, bottom), (left, right) = self.rows, self.columns
        x = ops.concatenate([x[:, x.shape[1] - top :], x, x[:, :bottom]], axis=1)
        return ops.concatenate([x[:, :, x.shape[2] - left :], x, x[:, :, :right]], axis=2)
''',
    "LastSteps": '''
class LastSteps(keras.layers.Layer):
    """The last steps of a sequence, each of which is answered."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def call(self, x):
        return x[:, x.shape[1] - self.steps :]
''',
    "Cut": '''
class Cut(keras.layers.Layer):
    """A recurrent layer whose steps in cuts send no gradient to those before."""

    def __init__(self, cell, cuts, every=False):
        super().__init__()
        self.cell, self.cuts, self.every = cell, cuts, every

    def call(self, x):
        parts, states = [], None
        for start, stop in zip((0, *self.cuts), (*self.cuts, x.shape[1]), strict=True):
            part, *states = self.cell(x[:, start:stop], initial_state=states)
            states = [ops.stop_gradient(state) for state in states]
            parts.append(part)
        return ops.concatenate(parts, axis=1) if self.every else parts[-1][:, -1]
''',
}
"""Name → source; what stands in the code of a network is defined in its script."""
