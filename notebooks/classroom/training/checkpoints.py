"""A run on disk, whole or not at all: model, optimizer, generator of the shuffling, history."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np


def save_checkpoint(path, model, optimizer, rng=None, history=None, **notes):
    """Write a run to one file, from which `load_checkpoint` goes on; `.npz` is added to the name.

    rng is the numpy Generator that shuffles, history a `History`, notes are numbers, texts, lists
    and dictionaries to find again. The new file takes the place of an old one only when it is
    complete and on disk: at every moment one of the two can be read. Raises OSError where that is
    not possible, and leaves the old one.
    """
    path = _with_suffix(path)
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    arrays = {
        f"{k}/{name}": np.asarray(v) for k, state in states.items() for name, v in state.items()
    }
    texts = {"notes": notes}
    if rng is not None:
        texts["rng"] = rng.bit_generator.state
    if history is not None:
        texts["history"] = vars(history)
    arrays |= {name: np.asarray(json.dumps(value, default=_plain)) for name, value in texts.items()}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays, sha256=np.asarray(_seal(arrays)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer, rng=None, history=None, **expected):
    """Go on where `save_checkpoint` wrote: the next steps are those of the run that was saved.

    Changes model, optimizer, rng and history, and returns the notes; expected are notes that have
    to be as they were. Raises FileNotFoundError if there is no such file; ValueError, which names
    it, and changes nothing, if the file is damaged, was edited, is no checkpoint, or is of another
    model, optimizer, generator or run.
    """
    path = _with_suffix(path)
    arrays = _read(path)
    texts = {name: json.loads(arrays.pop(name).item()) for name in list(arrays) if "/" not in name}
    states = {"model": {}, "optimizer": {}}
    for key, value in arrays.items():
        part, name = key.split("/", 1)
        states[part][name] = value
    wanted = {"rng": rng, "history": history}
    for name, thing in wanted.items():
        if thing is not None and name not in texts:
            raise ValueError(f"{path} was saved without its {name}: save_checkpoint(..., {name}=)")
    for name, value in expected.items():
        if texts["notes"].get(name) != value:
            was = texts["notes"].get(name)
            raise ValueError(f"{path} is of another run: {name} was {was!r}, is {value!r}")
    before = model.state_dict(), optimizer.state_dict()
    try:
        model.load_state_dict(states["model"])
        optimizer.load_state_dict(states["optimizer"])
        if rng is not None:
            rng.bit_generator.state = texts["rng"]
    except (TypeError, ValueError) as error:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        raise ValueError(f"{path} does not fit, nothing was changed: {error}") from error
    if history is not None:
        vars(history).update(texts["history"])
    return texts["notes"]


def _plain(value):
    """Arrays and NumPy's numbers, which some generators have in their state, as JSON has them."""
    return value.tolist()


def _with_suffix(path):
    """The path as NumPy would name the file: "run" is "run.npz"."""
    path = Path(path)
    return path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")


def _seal(arrays):
    """A sum over everything that is in the file."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(repr((name, str(array.dtype), arrays[name].shape)).encode())
        total.update(array.tobytes())
    return total.hexdigest()


def _read(path):
    """What is in the file, its sum checked."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        seal = arrays.pop("sha256", None)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no checkpoint {path}") from None
    except Exception as error:  # zip, zlib, NumPy and the file system each have their own
        reason = f"it cannot be read ({type(error).__name__}: {error})"
    else:
        if seal is not None and str(seal) == _seal(arrays):
            return arrays
        known = any(name.startswith(("model/", "optimizer/")) for name in arrays)
        reason = "its contents were changed" if known else "it is no checkpoint of this course"
    raise ValueError(f"{path} is of no use: {reason}. Delete it, or take an older copy.") from None
