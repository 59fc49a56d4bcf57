"""The digits: MNIST from the files in data/mnist, checked byte by byte; and minibatches of it."""

import functools
import gzip
import hashlib
import struct
import zlib
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np

# What the course was written with: number of items, bytes of each, sha256 of the raw contents.
FILES = {
    "train-images-idx3-ubyte.gz": (
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte.gz": (
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte.gz": (
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


class Digits(NamedTuple):
    """Images as float32 rows of 784 pixels in [0, 1], labels as integers 0..9."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class Loaded(Digits):
    """Digits as `load` returned them. To another process its arguments travel, not 62 MB."""

    arguments = None  # those of `load`; None for what `_replace` made

    def __reduce__(self):
        return (_once, self.arguments) if self.arguments else (Digits, tuple(self))


def data_folder():
    """The folder of the four files: inside an installed package, or in the project."""
    installed = Path(str(files("classroom"))) / "data" / "mnist"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "data" / "mnist"


def load(n_train=10_000, n_test=10_000, folder=None):
    """The first n_train training and n_test test digits, as `Digits`.

    Raises ValueError for a number that is not available, FileNotFoundError for a file that is
    missing, PermissionError for one that may not be read, and ValueError for one that is not the
    original: each says what to do.

    The arrays are read-only. Pickled, the digits are a note to load them, once in each process;
    what `_replace` returns travels in full.
    """
    for name, n, available in (("n_train", n_train, 60_000), ("n_test", n_test, 10_000)):
        if not isinstance(n, (int, np.integer)) or not 1 <= n <= available:
            raise ValueError(f"{name} must be a whole number from 1 to {available:,}, not {n!r}")
    elsewhere = folder is not None
    folder = Path(folder) if elsewhere else data_folder()
    images, labels, test_images, test_labels = (_read(folder / name) for name in FILES)
    digits = Loaded(
        _pixels(images[:n_train]),
        labels[:n_train].astype(np.int64),
        _pixels(test_images[:n_test]),
        test_labels[:n_test].astype(np.int64),
    )
    for array in digits:
        array.setflags(write=False)
    digits.arguments = n_train, n_test, str(folder.resolve()) if elsewhere else None
    return digits


@functools.lru_cache(maxsize=4)
def _once(*arguments):
    return load(*arguments)


def _pixels(images):
    return images.reshape(len(images), 784).astype(np.float32) / 255


def _read(path):
    """The array in one IDX file, after its magic number, its size and its checksum were checked."""
    shape, sha256 = FILES[path.name]

    def fail(problem):
        return ValueError(f"{path.name} {problem}. {_how_to_restore(path)}")

    header = struct.pack(f">{1 + len(shape)}I", 0x0800 + len(shape), *shape)
    expected = len(header) + int(np.prod(shape))
    try:
        with gzip.open(path) as file:
            raw = file.read(expected + 1)  # a file may claim to hold more than the memory does
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path.name} is missing from {path.parent}. {_how_to_restore(path)}"
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        if path.is_dir():  # which Windows calls a missing permission
            raise fail(f"is a folder in {path.parent}, not a file") from error
        raise PermissionError(
            f"{path} cannot be read, this user has no permission. Allow it: chmod a+r {path}"
        ) from error
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise fail(f"cannot be unpacked, it is truncated or damaged ({error})") from error
    if not raw:
        raise fail("is empty")
    found = struct.unpack_from(f">{1 + len(shape)}I", raw.ljust(len(header), b"\0"))
    if found[0] != 0x0800 + len(shape):
        kind = "images" if len(shape) == 3 else "labels"
        raise fail(f"has the magic number {found[0]}, {kind} have {0x0800 + len(shape)}: swapped?")
    if found[1:] != shape:
        raise fail(f"holds {found[1:]} by its header, expected {shape}: train and test swapped?")
    if len(raw) > expected:
        raise fail(f"is too long or damaged, it has more than {expected:,} bytes unpacked")
    if len(raw) < expected:
        raise fail(f"has {len(raw):,} bytes unpacked, expected {expected:,}: truncated?")
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise fail(f"was changed: the sha256 of its contents is not {sha256}")
    return np.frombuffer(raw, np.uint8, offset=len(header)).reshape(shape)


def _how_to_restore(path):
    return (
        f"To restore it: `git checkout -- data/mnist/{path.name}` in the project, or install the "
        "package again"
    )


def minibatches(x, y, size, rng):
    """Batches (x, y) of `size` samples in random order, each sample once; the last may be smaller.

    x: (N, ...), y: (N,), rng: a numpy Generator. Raises ValueError if the lengths differ or the
    size is no whole number of at least 1, TypeError if rng is no Generator.
    """
    if len(x) != len(y):
        raise ValueError(f"x and y must have the same length, not {len(x)} and {len(y)}")
    if not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"the batch size must be a whole number of at least 1, not {size!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy Generator, not {rng!r}: np.random.default_rng(0)")
    order = rng.permutation(len(x))
    batches = (order[start : start + size] for start in range(0, len(x), size))
    return ((x[batch], y[batch]) for batch in batches)
