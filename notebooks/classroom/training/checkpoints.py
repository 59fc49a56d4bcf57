"""A run on disk: the states of a model and its optimizer, to continue from."""

import numpy as np


def save_checkpoint(path, model, optimizer):
    """Write the states of both to one .npz file, from which `load_checkpoint` continues."""
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    np.savez(path, **{f"{k}/{name}": v for k, state in states.items() for name, v in state.items()})


def load_checkpoint(path, model, optimizer):
    """Continue where `save_checkpoint` wrote: the next steps are those of the run that was saved.

    Raises ValueError, and changes neither of them, if the file is of another model or optimizer.
    """
    before = model.state_dict()
    with np.load(path) as file:
        states = {"model": {}, "optimizer": {}}
        for key in file:
            part, name = key.split("/", 1)
            states[part][name] = file[key]
    model.load_state_dict(states["model"])
    try:
        optimizer.load_state_dict(states["optimizer"])
    except (TypeError, ValueError):
        model.load_state_dict(before)
        raise
