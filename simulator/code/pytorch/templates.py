"""The parts of a script that are alike for every network; «words» are filled in."""

from __future__ import annotations

HEAD = '''
"""«title», after «steps» in Nablascope: check it, train it on and ask it in PyTorch.

python model.py --check [--float32]    compares with what the bench computed, in check.npz
python model.py --predict ROWS.csv     answers the rows of a file, as they are measured
"""
'''
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
    gaps = []
    for name, a, b in ((name, a.detach().numpy(), b.numpy()) for name, a, b in pairs):
        other = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        gap = np.nan_to_num(np.abs(a[other] - b[other]), nan=np.inf).max(initial=0)
        gaps.append((gap / np.abs(b[np.isfinite(b)]).max(initial=1), name))
    return max(gaps)
'''
MASKS = """        for name, module in trainer.model.named_modules():
            if f"mask.{name}" in bench:
                module.mask = bench[f"mask.{name}"][step]
"""
SOME = """\
            # Of a gradient that is 0 by algebra an update makes up to the whole rate by rounding: take the bench's.
            p.grad = torch.where(pairs[-1][2].abs() < 1e-12, pairs[-1][2], p.grad)
"""
EVERY = """\
            # Roundings grow so much here that parameters part after an update: make the bench's of its gradients.
            p.grad = pairs[-1][2].clone()
"""
MAIN = """
if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        exact = "--float32" not in sys.argv
        torch.set_default_dtype(torch.float64 if exact else torch.float32)
        (gap, name), most = check(exact), «most»
        print(f"largest |a - b| / max(1, max|b|): {gap:.2g} ({name}), at most {most:g}")
«condition»        sys.exit(not gap <= most)
    if sys.argv[1:2] == ["--predict"]:
«predicted»
    else:
        print(__doc__)
"""
