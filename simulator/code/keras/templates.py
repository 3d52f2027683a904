"""The parts of a script that are alike for every network in this library; «words» are filled in."""

from __future__ import annotations

SCHEDULE = '''
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """The rate at each step, on from where the bench was."""

    def __call__(self, step):
        return learning_rate(«offset» + int(step))
'''
OPTIMIZER = '''
class «name»(keras.optimizers.«base»):
    """The optimiser with the bench's penalties and clipping, in its order; a check sees the gradients."""
«given»
    def apply(self, grads, trainable_variables=None):
«follow»        super().apply(grads, trainable_variables)
'''
STEP = """
    def update_step(self, gradient, variable, learning_rate):
        # «reason»
«step»
"""
LOAD = '''
def load(loss=loss):
    """The network with the bench's weights, its optimiser as the bench left it."""
    kept = load_file(HERE / "weights.safetensors")
    names = sorted(name for name in kept if name[0].isdigit())
    model = build()
    for name, variable in zip(names, model.weights, strict=True):
        variable.assign(kept[name])
«frozen»    optimizer = «optimizer»
«state»    model.compile(optimizer, loss)
    return names, model
'''
FROZEN = """        variable.trainable = variable.trainable and name not in FROZEN
"""
STATE = """    optimizer.build(model.trainable_variables)
    optimizer.iterations.assign(«updates»)
    trained = [name for name, variable in zip(names, model.weights, strict=True) if variable.trainable]
    for place, name in enumerate(trained):
«assigned»
"""
TRAIN = '''
def train(rows, targets, steps, batch=«batch»):
    """The network trained on, with rows and «targets»."""
    _, model = load()
    inputs, targets = scaled(rows), «encoded»
    random = np.random.default_rng()
    epochs = [random.permutation(len(inputs)) for _ in range(steps * batch // len(inputs) + 1)]
    for chosen in np.concatenate(epochs)[: steps * batch].reshape(steps, batch):
        model.train_on_batch(inputs[chosen], targets[chosen])
    return model


def predict(rows, model=None):
    """Answers to rows«units»."""
    model = model or load()[1]
«answers»
'''
CHECK = '''
def check(exact):
    """The largest |a - b| / max(1, max|b|) of any array, b the bench's, and the array's name."""
    keras.config.set_floatx("float64" if exact else "float32")
    # Keras multiplies matrices of float64 in float32 unless its own table says otherwise.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    bench, seen = dict(np.load(HERE / "check.npz")), []

    def seen_loss(targets, outputs):
        seen.append(outputs)
        return loss(targets, outputs)

    names, model = load(seen_loss)
    trained = [name for name, variable in zip(names, model.weights, strict=True) if variable.trainable]
    pairs = [("evaluated", answer(model(bench["inputs"][0], training=False)), bench["evaluated"])]
    for step in range(len(bench["inputs"]) if exact else 1):
«masks»        gradients = [bench[f"gradient.{name}"][step] for name in trained]
«given»        model.train_on_batch(bench["inputs"][step], bench["targets"][step])
        pairs.append(("outputs", answer(seen[-1]), bench["outputs"][step]))
        pairs += zip([f"gradient.{name}" for name in trained], model.optimizer.gradients, gradients, strict=True)
    if exact:
        pairs += [(f"after.{n}", v, bench[f"after.{n}"]) for n, v in zip(names, model.weights, strict=True)]
«gaps»
'''
MASKS = """        masks = sorted(name for name in bench if name.startswith("mask."))
        for layer, name in zip(DROPOUTS[-len(masks) :], masks, strict=True):
            layer.mask = bench[name][step]
"""
GIVEN = """        model.optimizer.given = [ops.convert_to_tensor(g) for g in gradients]
"""
SOME = """\
        # Of a gradient that is 0 but for rounding an update makes up to the whole rate: checks give the bench's.
        pairs = zip(grads, self.given or grads, strict=True)
        grads = [ops.where(ops.abs(given) < «size», given, g) for g, given in pairs]
"""
EVERY = """\
        # Roundings grow so much here that parameters part after an update: checks give the bench's gradients.
        grads = self.given or grads
"""
