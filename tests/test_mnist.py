"""The digits: the real ones, in the promised form, and clear words for every kind of damage."""

import gzip
import shutil
import tracemalloc

import numpy as np
import pytest

from classroom import mnist


@pytest.fixture
def folder(tmp_path):
    """A copy of the data that a test may damage."""
    return shutil.copytree(mnist.data_folder(), tmp_path / "mnist")


def test_the_digits_have_the_promised_form():
    digits = mnist.load(n_train=500, n_test=300)
    assert [array.shape for array in digits] == [(500, 784), (500,), (300, 784), (300,)]
    assert digits.x_train.dtype == digits.x_test.dtype == np.float32
    assert (digits.x_train.min(), digits.x_train.max()) == (0, 1)
    assert digits.y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert digits.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.issubdtype(digits.y_train.dtype, np.integer)


def test_by_default_ten_thousand_of_each():
    x_train, y_train, x_test, y_test = mnist.load()
    assert len(x_train) == len(y_train) == len(x_test) == len(y_test) == 10_000
    assert sorted(set(y_train)) == list(range(10))
    assert (x_train.max(axis=0) == 0).sum() >= 60  # pixels that are never lit


@pytest.mark.parametrize("n", [0, -1, 60_001, 2.5, "all"])
def test_a_number_of_digits_that_is_not_there(n):
    with pytest.raises(ValueError, match=f"n_train must be .* 60,000, not {n!r}"):
        mnist.load(n_train=n)


def rewrite(path, change):
    raw = bytearray(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(bytes(change(raw)), compresslevel=1))


def cut_file(path):
    path.write_bytes(path.read_bytes()[:-1000])


def cut_contents(path):
    rewrite(path, lambda raw: raw[:-10])


def cut_to_the_header(path):
    rewrite(path, lambda raw: raw[:6])


def edit_one_byte(path):
    def change(raw):
        raw[-1] ^= 1
        return raw

    rewrite(path, change)


def add_a_byte(path):
    rewrite(path, lambda raw: raw + b"\0")


def empty(path):
    path.write_bytes(b"")


def empty_contents(path):
    rewrite(path, lambda raw: b"")


def replace_by_a_folder(path):
    path.unlink()
    path.mkdir()


def fill_with_text(path):
    path.write_text("<html>404 not found</html>")


def flip_a_compressed_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize("name", mnist.FILES)
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_file, "truncated or damaged"),
        (cut_contents, "bytes unpacked, expected .* truncated"),
        (cut_to_the_header, "by its header, expected"),
        (edit_one_byte, "was changed: the sha256"),
        (fill_with_text, "cannot be unpacked"),
        (add_a_byte, "is too long or damaged"),
        (empty, "is empty"),
        (empty_contents, "is empty"),
        (replace_by_a_folder, "is a folder in"),
        (flip_a_compressed_byte, "cannot be unpacked|was changed|too long or damaged"),
    ],
)
def test_a_damaged_file_is_named_with_the_remedy(name, damage, message, folder):
    damage(folder / name)
    with pytest.raises(ValueError, match=message) as error:
        mnist.load(folder=folder)
    assert name in str(error.value)
    assert f"git checkout -- data/mnist/{name}" in str(error.value)


def test_a_file_that_unpacks_to_a_gigabyte_takes_no_memory(folder):
    name = "train-labels-idx1-ubyte.gz"
    with gzip.open(folder / name, "rb") as file:
        right = file.read()
    with gzip.open(folder / name, "wb", compresslevel=1) as file:
        file.write(right)
        for _ in range(1024):
            file.write(bytes(2**20))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=f"{name} is too long or damaged"):
            mnist._read(folder / name)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


def test_a_file_that_may_not_be_read_says_so(folder, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mnist.gzip, "open", refuse)
    with pytest.raises(PermissionError, match="this user has no permission"):
        mnist.load(folder=folder)


@pytest.mark.parametrize("name", mnist.FILES)
def test_a_missing_file_is_named_with_the_remedy(name, folder):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing .*git checkout"):
        mnist.load(folder=folder)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("train-images", "train-labels", "magic number 2049, images have 2051: swapped"),
        ("train-images", "t10k-images", "train and test swapped"),
        ("train-labels", "t10k-labels", "train and test swapped"),
    ],
)
def test_swapped_files_are_noticed(a, b, message, folder):
    files = {path.name.split("-idx")[0]: path for path in folder.glob("*.gz")}
    contents = files[a].read_bytes()
    files[a].write_bytes(files[b].read_bytes())
    files[b].write_bytes(contents)
    with pytest.raises(ValueError, match=message):
        mnist.load(folder=folder)


def test_the_files_are_compressed_reproducibly():
    for path in mnist.data_folder().glob("*.gz"):
        header = path.read_bytes()[:10]
        assert header[3] == 0, "gzip -n: no file name"
        assert header[4:8] == bytes(4), "gzip -n: no time"


# ---------------------------------------------------------------- minibatches


@pytest.mark.parametrize(("n", "size"), [(10, 3), (10, 5), (10, 1), (10, 10), (10, 99), (1, 1)])
def test_minibatches_cover_each_sample_once(n, size, rng):
    x = np.arange(n) * 10
    batches = list(mnist.minibatches(x, np.arange(n), size, rng))
    assert len(batches) == -(-n // size)
    assert all(len(a) == size for a, _ in batches[:-1])
    assert sorted(label for _, y in batches for label in y) == list(range(n))
    assert all((a == 10 * b).all() for a, b in batches)  # x and y stay together


def test_minibatches_come_in_a_new_order_each_epoch():
    x = np.arange(100)
    rng = np.random.default_rng(0)
    first, second = (next(mnist.minibatches(x, x, 100, rng))[0].tolist() for _ in range(2))
    assert first != second
    again = next(mnist.minibatches(x, x, 100, np.random.default_rng(0)))[0].tolist()
    assert again == first


@pytest.mark.parametrize(
    ("x", "y", "size", "seed", "error", "message"),
    [
        (np.ones(3), np.ones(4), 1, True, ValueError, "same length, not 3 and 4"),
        (np.ones(3), np.ones(3), 0, True, ValueError, "at least 1, not 0"),
        (np.ones(3), np.ones(3), 1.5, True, ValueError, r"at least 1, not 1\.5"),
        (np.ones(3), np.ones(3), 1, False, TypeError, "rng must be a numpy Generator, not 0"),
    ],
)
def test_minibatches_name_what_does_not_fit(x, y, size, seed, error, message):
    with pytest.raises(error, match=message):
        mnist.minibatches(x, y, size, np.random.default_rng(0) if seed else 0)
