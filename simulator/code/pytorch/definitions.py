"""What an exported script defines besides the network: modules that PyTorch has not, and how weights are drawn."""

from __future__ import annotations

from collections.abc import Mapping

DEFINITIONS: Mapping[str, str] = {
    "drawn": '''
def drawn(layer, weight, bias=nn.init.zeros_):
    """Draw the first weights of a layer."""
    weight(layer.weight.detach())
    bias(layer.bias.detach())
    return layer
''',
    "drawn in pieces": '''
def drawn(layer, weight, bias=nn.init.zeros_, pieces=1):
    """Draw the first weights of a layer, each of its pieces by itself."""
    for draw, parameter in ((weight, layer.weight), (bias, layer.bias)):
        for piece in () if parameter is None else parameter.detach().chunk(pieces):
            draw(piece)
    return layer
''',
    "recurrent": '''
def recurrent(cell, weight, state, bias=nn.init.zeros_, forget=0.0, negated=False):
    """Draw the first weights of a recurrent cell, gate by gate."""
    second = slice(cell.hidden_size, 2 * cell.hidden_size)
    for draw, each in ((weight, cell.weight_ih_l0), (state, cell.weight_hh_l0), (bias, cell.bias_ih_l0)):
        for gate in each.detach().split(cell.hidden_size):
            draw(gate)
        each.detach()[second] *= -1 if negated else 1  # a GRU's update gate is 1 - the bench's transform gate
    cell.bias_ih_l0.detach()[second] += forget
    nn.init.zeros_(cell.bias_hh_l0).requires_grad_(False)  # a second one's gradient would move their sum twice as fast
    return cell
''',
    "identity_": '''
def identity_(weight, gain=1.0):
    """Let each unit pass one input on; a convolution, from the middle of its window."""
    middle = tuple((size - 1) // 2 for size in weight.shape[2:])
    nn.init.zeros_(weight)
    for unit in range(min(weight.shape[:2])):
        weight[(unit, unit, *middle)] = gain
''',
    "direction_": '''
def direction_(bias, gain=1.0):
    """Draw a vector of length gain."""
    nn.init.normal_(bias).mul_(gain / bias.norm())
''',
    "Erf": '''
class Erf(nn.Module):
    """The error function."""

    def forward(self, x):
        return torch.erf(x)
''',
    "Dropout": '''
class Dropout(nn.Dropout):
    """Switch entries off while training: by a mask where one is given, else at random."""

    mask = None

    def forward(self, x):
        if self.mask is None or not self.training:
            return super().forward(x)
        return x * (self.mask / (1 - self.p))
''',
    "Dropout unscaled": '''
class Dropout(nn.Module):
    """Switch entries off while training: by a mask where one is given, else at random."""

    def __init__(self, rate, scaled=True):
        super().__init__()
        self.keep, self.scaled, self.mask = 1 - rate, scaled, None

    def forward(self, x):
        if not self.training:
            return x if self.scaled else x * self.keep
        mask = (torch.rand_like(x) < self.keep).to(x) if self.mask is None else self.mask
        return x * (mask / self.keep if self.scaled else mask)
''',
    "Maxout": '''
class Maxout(nn.Unflatten):
    """Each unit is the largest of its pieces."""

    def forward(self, x):
        return super().forward(x).max(dim=1).values
''',
    "Highway": '''
class Highway(nn.ModuleDict):
    """A gate decides how much of the input is transformed and how much is carried on."""

    def forward(self, x):
        transform = torch.sigmoid(self["gate"](x))
        return self["candidate"](x) * transform + x * (1 - transform)
''',
    "Residual": '''
class Residual(nn.ModuleDict):
    """The input plus what a branch makes of it."""

    def forward(self, x):
        return x + self["branch"](x)
''',
    "Residual with parts": '''
class Residual(nn.ModuleDict):
    """The input, or its projection, plus what a branch makes of it."""

    def forward(self, x):
        total = (self["skip"](x) if "skip" in self else x) + self["branch"](x)
        return self["after"](total) if "after" in self else total
''',
    "Residual with scale": '''
class Residual(nn.ModuleDict):
    """The input, or its projection, plus what a branch makes of it."""

    def __init__(self, parts, scale=1.0):
        super().__init__(parts)
        self.scale = scale

    def forward(self, x):
        total = (self["skip"](x) if "skip" in self else x) + self.scale * self["branch"](x)
        return self["after"](total) if "after" in self else total
''',
    "ChannelNorm": '''
class ChannelNorm(nn.LayerNorm):
    """Layer norm of each pixel over its channels."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
''',
    "SequenceNorm": '''
class SequenceNorm(nn.BatchNorm1d):
    """Batch norm of each feature of (samples, steps, features)."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2)).transpose(1, 2)
''',
    "LastSteps": '''
class LastSteps(nn.Module):
    """The last steps of a sequence, each of which is answered."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        return x[:, -self.steps :]
''',
    "Recurrent": '''
class Recurrent(nn.RNN):
    """A plain recurrent layer with another nonlinearity."""

    def __init__(self, features, units, activation):
        super().__init__(features, units, batch_first=True)
        self.activation = activation

    def forward(self, x, state=None):
        state = x.new_zeros(len(x), self.hidden_size) if state is None else state[0]
        states = []
        for z in nn.functional.linear(x, self.weight_ih_l0, self.bias_ih_l0).unbind(1):
            state = self.activation(z + state @ self.weight_hh_l0.T)
            states.append(state)
        return torch.stack(states, 1), state[None]
''',
    "States": '''
class States(nn.Module):
    """The last state of a recurrent cell, or every one."""

    def __init__(self, cell, every=False):
        super().__init__()
        self.cell, self.every = cell, every

    def forward(self, x):
        states, _ = self.cell(x)
        return states if self.every else states[:, -1]
''',
    "States with cuts": '''
class States(nn.Module):
    """The last state of a recurrent cell, or every one; the steps in cuts send no gradient to those before."""

    def __init__(self, cell, every=False, cuts=()):
        super().__init__()
        self.cell, self.every, self.cuts = cell, every, cuts

    def forward(self, x):
        states, carried = [], None
        for part in x.tensor_split(self.cuts, dim=1):
            some, carried = self.cell(part, carried)
            states.append(some)
            carried = tuple(each.detach() for each in carried) if isinstance(carried, tuple) else carried.detach()
        return torch.cat(states, 1) if self.every else states[-1][:, -1]
''',
}
"""Name → source; what stands in the code of a network is defined in its script."""
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "drawn": {r"pieces=|bias=False": "drawn in pieces"},
    "Dropout": {r"scaled=False": "Dropout unscaled"},
    "Residual": {r"\bscale=": "Residual with scale", r'"skip":|"after":': "Residual with parts"},
    "States": {r"cuts=": "States with cuts"},
}
"""Name → what must stand in the code for another source to be needed, the first that does, and its name."""
