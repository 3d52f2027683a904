"""Words that people use for one thing: whoever types one of them finds the others too."""

from __future__ import annotations

import functools

_ALIKE = (
    "dead dying die dies died death revive",
    "vanish vanishing vanishes fade fades fading shrink underflow tiny",
    "explode exploding explodes overflow blow diverge diverging nan inf infinite ∞",
    "nan inf infinite finite",
    "saturate saturated saturation saturates squash",
    "overfit overfitting fitting validation generalise generalize generalisation generalization regularisation "
    "regularization penalty dropout decay l2",
    "slow slowly speed fast stalled plateau",
    "slow stuck stalled learn rate",
    "csv tsv excel xlsx spreadsheet table",
    "picture image photo",
    "print export save picture pdf",
    "dark light colour colours color theme",
    "initialise initialize initialisation initialization init glorot xavier he weights",
    "normalise normalize normalisation normalization norm batchnorm layernorm",
    "optimiser optimizer sgd adam momentum",
    "layer layers depth deep",
    "skip residual resnet shortcut highway",
    "lstm gru rnn recurrent sequence sequences gate gates",
    "cnn conv convolution convolutional kernel kernels filter filters image",
    "hessian curvature sharpness flat",
    "help manual tour keys shortcuts",
    "stop pause until halt",
    "seed random",
    "memory ram budget",
    "class classes classification boundary",
)  # fmt: skip


@functools.cache
def related_to(word: str) -> frozenset[str]:
    """Other words for what ``word`` means, in small letters; none where it is not known."""
    groups = (group.split() for group in _ALIKE)
    return frozenset(each for group in groups if word in group for each in group if each != word)
