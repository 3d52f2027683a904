"""How a kernel of few outputs meets many inputs.

BLAS lays out a large matrix anew before it multiplies it, which takes longer than multiplying it by ten columns; what
is small it multiplies as it lies.
"""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Product

PIECE = 5 * 10**5
"""Multiply-adds of one piece: BLAS takes twice as many without laying them out."""
FEWEST_ROWS, FEWEST_PIECES = 64, 8
"""Pieces of fewer inputs, and fewer of them, bring less than they may cost."""


class NarrowProduct(Product):
    """``count`` pieces of ``rows`` inputs each; what is left, and the biases' row of ones, is a product of its own.

    Without pieces it is one product as any.
    """

    def allocate(self, context: BuildContext, inputs: int, outputs: int) -> None:
        super().allocate(context, inputs, outputs)
        rows = PIECE // (outputs * context.batch)
        enough = rows >= FEWEST_ROWS and inputs >= FEWEST_PIECES * rows
        self.count, self.rows = inputs // rows if enough else 0, rows
        self.whole = self.count * rows
        if self.count:
            self.sums = context.scratch.array(self.count, outputs, context.batch)
            self.errors = context.scratch.array(context.batch, outputs)

    def _cut(self, array: Array) -> Array:
        """The first rows of a matrix as (pieces, rows, columns)."""
        return array[: self.whole].reshape(self.count, self.rows, array.shape[1])

    def forward(self, kernel: Array, x: Array, out: Array) -> None:
        if not self.count:
            super().forward(kernel, x, out)
            return
        np.matmul(kernel[self.whole :].T, x[self.whole :], out=out)
        np.matmul(self._cut(kernel).swapaxes(1, 2), self._cut(x), out=self.sums)
        np.add(out, self.sums.sum(axis=0), out=out)

    def kernel_gradient(self, x: Array, gradient: Array, out: Array) -> None:
        if not self.count:
            super().kernel_gradient(x, gradient, out)
            return
        np.copyto(self.errors, gradient.T)
        np.matmul(self._cut(x), self.errors, out=self._cut(out))
        np.matmul(x[self.whole :], self.errors, out=out[self.whole :])

    def backward(self, kernel: Array, gradient: Array) -> Array | None:
        if not self.count or self.input_gradient is None:
            return super().backward(kernel, gradient)
        np.matmul(self._cut(kernel), gradient, out=self._cut(self.input_gradient))
        np.matmul(kernel[self.whole : -1], gradient, out=self.input_gradient[self.whole :])
        return self.input_gradient
