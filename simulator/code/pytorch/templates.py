"""The parts of a script that are alike for every network in this library; «words» are filled in."""

from __future__ import annotations

TRAINER = '''
class Trainer:
    """The network and its optimiser as the bench left them."""

    def __init__(self):
        kept = load_file(HERE / "weights.safetensors")
        self.model = build()
        self.model.load_state_dict({name: kept[name] for name in self.model.state_dict()})
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
«optimiser»

    def gradients(self, inputs, targets):
        """The outputs; the gradient of the loss is left in the parameters."""
        self.model.train().zero_grad()
        outputs = self.model(inputs)
        loss = «loss»
        loss.backward()
        return outputs

    def update(self):
«update»

    def train(self, rows, targets, steps, batch=«batch»):
        """Train on, with rows and «targets»."""
        inputs = torch.tensor(scaled(rows)).to(self.parameters[0])
«encoded»
        epochs = [torch.randperm(len(inputs)) for _ in range(steps * batch // len(inputs) + 1)]
        for chosen in torch.cat(epochs)[: steps * batch].split(batch):
            self.gradients(inputs[chosen], targets[chosen])
            self.update()

    def predict(self, rows):
        """Answers to rows«units»."""
        with torch.no_grad():
«answers»
'''
CHECK = '''
def check(exact):
    """The largest |a - b| / max(1, max|b|) of any array, b the bench's, and the array's name."""
    trainer, dtype = Trainer(), torch.get_default_dtype()
    bench = {name: torch.tensor(b * 1.0).to(dtype) for name, b in np.load(HERE / "check.npz").items()}
    pairs = [("evaluated", answer(trainer.model.eval()(bench["inputs"][0])), bench["evaluated"])]
    for step in range(len(bench["inputs"]) if exact else 1):
«masks»        outputs = trainer.gradients(bench["inputs"][step], bench["targets"][step])
        pairs.append(("outputs", answer(outputs), bench["outputs"][step]))
        for name, p in ((name, p) for name, p in trainer.model.named_parameters() if p.requires_grad):
            pairs.append((f"gradient.{name}", p.grad.clone(), bench[f"gradient.{name}"][step]))
«followed»        trainer.update()
    if exact:
        pairs += [(f"after.{name}", a, bench[f"after.{name}"]) for name, a in trainer.model.state_dict().items()]
«gaps»
'''
MASKS = """        for name in (name for name in bench if name.startswith("mask.")):
            trainer.model.get_submodule(name.removeprefix("mask.")).mask = bench[name][step]
"""
SOME = """\
            # Of a gradient that is 0 but for rounding an update makes up to the whole rate: take the bench's.
            p.grad = torch.where(pairs[-1][2].abs() < «size», pairs[-1][2], p.grad)
"""
EVERY = """\
            # Roundings grow so much here that parameters part after an update: make the bench's of its gradients.
            p.grad = pairs[-1][2].clone()
"""
