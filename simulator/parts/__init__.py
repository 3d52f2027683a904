"""What a layer or an experiment is put together from: activations, initialisers, losses, optimisers, schedules."""
