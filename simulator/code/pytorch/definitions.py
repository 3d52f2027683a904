"""What an exported script defines besides the network: modules that PyTorch has not, and how weights are drawn."""

from __future__ import annotations

from collections.abc import Mapping

DEFINITIONS: Mapping[str, str] = {
    "drawn": '''
def drawn(layer, *draws):
    """Draw the first weights of a layer, and its biases, which are 0 if nothing draws them."""
    for draw, parameter in zip((*draws, nn.init.zeros_), layer.parameters(), strict=False):
        draw(parameter.detach())
    return layer
''',
    "drawn in pieces": '''
def drawn(layer, *draws, pieces=1):
    """Draw the first weights of a layer, and its biases, each piece of them by itself; 0 where nothing draws them."""
    for draw, parameter in zip((*draws, *[nn.init.zeros_] * 2), layer.parameters(), strict=False):
        for piece in parameter.detach().chunk(pieces):
            draw(piece)
    return layer
''',
    "recurrent": '''
def recurrent(cell, *draws, forget=0.0, sign=1):
    """Draw the first weights of a recurrent cell, gate by gate: from input, from state, biases."""
    drawn(cell, *draws, pieces=len(cell.bias_hh_l0) // cell.hidden_size)
    second = slice(cell.hidden_size, 2 * cell.hidden_size)
    for each in list(cell.parameters())[:3]:
        each.detach()[second] *= sign  # a GRU's update gate is 1 - the bench's transform gate
    cell.bias_ih_l0.detach()[second] += forget
    cell.bias_hh_l0.requires_grad_(False)  # a second one's gradient would move their sum twice as fast
    return cell
''',
    "one_bias": '''
def one_bias(cell):
    """A recurrent cell whose second vector of biases stays 0."""
    cell.bias_hh_l0.requires_grad_(False)  # its gradient would move their sum twice as fast
    return cell
''',
    "identity_": '''
def identity_(weight, gain=1.0):
    """Let each unit pass one input on; a convolution, from the middle of its window."""
    middle = tuple((size - 1) // 2 for size in weight.shape[2:])
    nn.init.zeros_(weight)[(..., *middle)].fill_diagonal_(gain)
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
    "ClassicDropout": '''
class ClassicDropout(nn.Dropout):
    """Switch entries off while training, and scale all down afterwards."""

    mask = None

    def forward(self, x):
        mask = torch.rand_like(x) >= self.p if self.mask is None else self.mask
        return x * (mask if self.training else 1 - self.p)
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
        states = [x.new_zeros(1, len(x), self.hidden_size) if state is None else state]
        for z in nn.functional.linear(x, self.weight_ih_l0, self.bias_ih_l0).unbind(1):
            states.append(self.activation(z + states[-1] @ self.weight_hh_l0.T))
        return torch.cat(states[1:]).transpose(0, 1), states[-1]
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
    "drawn": {r"pieces=|recurrent\(": "drawn in pieces"},
    "Residual": {r"\bscale=": "Residual with scale", r'"skip":|"after":': "Residual with parts"},
    "States": {r"cuts=": "States with cuts"},
}
"""Name → what must stand in the code for another source to be needed, the first that does, and its name."""
