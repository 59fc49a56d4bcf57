"""Layers and losses: gradients, shapes, starting values, saved states and clear errors."""

import copy
import pickle

import numpy as np
import pytest
from gradcheck import check_gradients

from mytorch_core import Tensor, nn, no_grad, optim

LAYERS = {
    "Linear": lambda rng, dtype=np.float32: nn.Linear(6, 4, rng=rng, dtype=dtype),
    "Conv2d": lambda rng, dtype=np.float32: nn.Conv2d(2, 3, 3, 2, 1, rng=rng, dtype=dtype),
}
INPUTS = {"Linear": (5, 6), "Conv2d": (4, 2, 7, 6)}


def small_cnn(rng, dtype=np.float32):
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(27, 4, rng=rng, dtype=dtype),
    )


def check_layer(layer, x, rng):
    """Gradients with respect to the input and to every parameter."""
    parameters = layer.parameters()

    def f(x, *arrays):
        for parameter, value in zip(parameters, arrays, strict=True):
            parameter.data, parameter._edges = value.data, ((value, lambda g: g),)
            parameter.requires_grad = value.requires_grad
        return layer(x)

    check_gradients(f, x, *(p.data for p in parameters), rng=rng)


# ---------------------------------------------------------------- gradients


@pytest.mark.parametrize("shape", [(5, 6), (6,), (2, 3, 6), (0, 6), (1, 6)])
def test_linear(shape, rng):
    layer = nn.Linear(6, 4, rng=rng, dtype=np.float64)
    x = rng.normal(size=shape)
    assert np.allclose(layer(x).data, x @ layer.weight.data + layer.bias.data)
    check_layer(layer, x, rng)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_conv2d(k, stride, padding, rng):
    layer = nn.Conv2d(2, 3, k, stride, padding, rng=rng, dtype=np.float64)
    x = rng.normal(size=(4, 2, 5, 6))
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(2, 3))
    expected = np.einsum(
        "ncijuv,ocuv->noij", windows[:, :, ::stride, ::stride], layer.weight.data
    ) + layer.bias.data.reshape(-1, 1, 1)
    assert np.allclose(layer(x).data, expected)
    check_layer(layer, x, rng)


@pytest.mark.parametrize(("k", "size"), [(1, (3, 3)), (2, (4, 6)), (2, (5, 7)), (3, (8, 7))])
def test_max_pooling_drops_an_odd_last_row_or_column(k, size, rng):
    x = rng.permutation(np.arange(2 * 3 * size[0] * size[1])).reshape(2, 3, *size)
    h, w = size[0] // k, size[1] // k
    expected = x[:, :, : h * k, : w * k].reshape(2, 3, h, k, w, k).max(axis=(3, 5))
    assert np.array_equal(nn.MaxPool2d(k)(x).data, expected)
    check_gradients(nn.MaxPool2d(k), x, rng=rng)


def test_ties_of_pooling_go_to_the_first_in_row_major_order():
    x = Tensor(np.array([[[[1.0, 2.0], [2.0, 2.0]]], np.ones((1, 2, 2))]), requires_grad=True)
    nn.MaxPool2d(2)(x).sum().backward()
    assert x.grad[:, 0].tolist() == [[[0, 1], [0, 0]], [[1, 0], [0, 0]]]


def test_a_whole_network(rng):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, rng=rng, dtype=np.float64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 2, padding=1, rng=rng, dtype=np.float64),
        nn.Flatten(),
        nn.Linear(27, 4, rng=rng, dtype=np.float64),
    )
    check_layer(model, rng.normal(size=(3, 1, 5, 5)), rng)


def test_layers_cope_with_any_memory_order(rng):
    for name, layer in LAYERS.items():
        layer = layer(rng, np.float64)
        x = rng.normal(size=INPUTS[name])
        assert np.allclose(layer(np.asfortranarray(x)).data, layer(x).data)
        check_gradients(lambda x, layer=layer: layer(x).transpose(), x.copy("F"), rng=rng)


@pytest.mark.parametrize("scale", [1, 1e4])
def test_cross_entropy(scale, rng):
    logits, labels = scale * rng.normal(size=(5, 3)), np.array([0, 2, 2, 1, 0])
    z = logits - logits.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = nn.cross_entropy(Tensor(logits), labels)
    assert loss.item() == pytest.approx(-log_p[np.arange(5), labels].mean())
    check_gradients(lambda x: 3 * nn.cross_entropy(x, labels), logits, rng=rng, tolerance=1e-5)


def test_the_gradient_of_cross_entropy_is_p_minus_y(rng):
    logits = Tensor(rng.normal(size=(4, 3)), requires_grad=True)
    labels = np.array([2, 0, 1, 1], np.uint8)
    nn.cross_entropy(logits, labels).backward()
    p = np.exp(logits.data) / np.exp(logits.data).sum(axis=1, keepdims=True)
    assert np.allclose(logits.grad, (p - np.eye(3)[labels]) / 4)


def test_mse_loss(rng):
    check_gradients(nn.mse_loss, rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng=rng)
    assert nn.mse_loss(np.ones(3), np.zeros(3)).item() == 1
    target = Tensor(np.ones(3, np.float32), requires_grad=True)
    assert nn.mse_loss(np.ones(3), target).dtype == np.float32


# ---------------------------------------------------------------- starting values and dtypes


def test_parameters_start_uniformly_within_one_over_sqrt_n_in(rng):
    for layer, n_in in (
        (nn.Linear(100, 400, rng=rng), 100),
        (nn.Conv2d(4, 40, 5, rng=rng), 100),
    ):
        for parameter in (layer.weight, layer.bias):
            bound = 1 / np.sqrt(n_in)
            assert abs(parameter.data).max() <= bound
            assert abs(parameter.data).max() > 0.9 * bound
        assert np.isclose(layer.weight.data.std(), bound / np.sqrt(3), rtol=0.05)


def test_an_untrained_networks_loss_is_ln_10(rng):
    model = nn.Sequential(nn.Linear(784, 256, rng=rng), nn.ReLU(), nn.Linear(256, 10, rng=rng))
    x, y = rng.random((500, 784)), rng.integers(0, 10, 500)
    assert nn.cross_entropy(model(x), y).item() == pytest.approx(np.log(10), abs=0.05)


def test_the_same_generator_gives_the_same_network():
    a, b = (small_cnn(np.random.default_rng(5)) for _ in range(2))
    assert all(
        np.array_equal(p.data, q.data) for p, q in zip(a.parameters(), b.parameters(), strict=True)
    )


@pytest.mark.parametrize("rule", [optim.SGD, optim.AdaGrad, optim.Adam])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_keeps_its_dtype_through_every_layer_and_optimizer(rule, dtype, rng):
    model = small_cnn(rng, dtype)
    optimizer = rule(model, lr=np.float64(0.01))
    x = Tensor(rng.normal(size=(8, 1, 6, 7)), dtype=dtype)
    for _ in range(3):
        hidden = x
        for layer in model.layers:
            hidden = layer(hidden)
            assert hidden.dtype == dtype
        loss = nn.cross_entropy(hidden, rng.integers(0, 4, 8)) + np.float64(0)
        assert loss.dtype == dtype
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for i, p in enumerate(optimizer.parameters):
            assert p.data.dtype == p.grad.dtype == dtype
            assert all(getattr(optimizer, name)[i].dtype == dtype for name in rule.state)


def test_a_module_casts_arrays_to_the_dtype_of_its_parameters(rng):
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, rng=rng))
    for x in (np.ones((3, 2, 2)), np.ones((3, 2, 2), np.uint8)):
        assert model(x).dtype == np.float32
    wide = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, rng=rng, dtype=np.float64))
    assert wide(np.ones((3, 2, 2), np.float32)).dtype == np.float64
    assert nn.ReLU()(np.ones(3)).dtype == np.float64  # nothing to cast to


# ---------------------------------------------------------------- modules


def test_parameters_are_named_in_attribute_order_each_once(rng):
    class Net(nn.Module):
        def __init__(self):
            self.scale = Tensor(1.0, requires_grad=True)
            self.blocks = [nn.Linear(2, 2, rng=rng), {"deep": (nn.Linear(2, 1, rng=rng),)}]
            self.tied = self.blocks[0]
            self.alias = self.scale
            self.name = "net"

        def forward(self, x):
            self.hidden = self.blocks[0](x) * self.scale
            return self.hidden

    net = Net()
    net.itself = net
    names = ["scale", "blocks.0.weight", "blocks.0.bias"]
    names += ["blocks.1.deep.0.weight", "blocks.1.deep.0.bias"]
    net(np.ones((1, 2)))  # an intermediate result kept as an attribute is no parameter
    assert [name for name, _ in net.named_parameters()] == names
    assert net.parameters() == [p for _, p in net.named_parameters()]
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.ReLU(), nn.Linear(3, 1, rng=rng))
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_what_a_module_remembers_is_no_parameter(rng):
    class Net(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2, rng=rng)
            self.frozen = Tensor(1.0)
            self.scaled = Tensor(np.ones(2)) * 0.1
            self.scaled.requires_grad = True

        def forward(self, x):
            self.x, self.h = x, self.layer(x)
            return self.h

    net = Net()
    names = ["layer.weight", "layer.bias", "frozen", "scaled"]
    for _ in range(2):
        assert list(net.state_dict()) == names
        with no_grad():
            net(np.ones((5, 2)))
    net(np.ones((5, 2)))
    assert list(net.state_dict()) == names
    twin = copy.deepcopy(net)
    assert np.array_equal(twin.h.data, net.h.data)
    with pytest.raises(RuntimeError, match="the graph is freed"):
        twin.h.sum().backward()
    net.h.sum().backward()


def test_a_sequential_may_have_parameters_of_its_own(rng):
    class Scaled(nn.Sequential):
        def __init__(self):
            super().__init__(nn.Linear(2, 2, rng=rng))
            self.scale = Tensor(1.0, requires_grad=True)

    assert list(Scaled().state_dict()) == ["0.weight", "0.bias", "scale"]


def test_what_is_no_array_reaches_forward_as_it_is():
    class Power(nn.Module):
        def forward(self, x, n, negative):
            return -(x**n) if negative else x**n

    x = np.array([2.0, 3.0])
    assert Power()(x, 2, False).data.tolist() == [4, 9]
    assert Power()(x, 2, True).data.tolist() == [-4, -9]


def test_sequential_is_a_list_of_layers(rng):
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.ReLU(), lambda x: x * 2)
    assert (len(model.layers), repr(model[0])) == (3, "Linear(n_in=2, n_out=3)")
    assert [type(layer).__name__ for layer in model] == ["Linear", "ReLU", "function"]
    x = np.array([[1.0, -1.0]], np.float32)
    assert np.allclose(model(x).data, 2 * np.maximum(model[0](x).data, 0))


def test_modules_say_what_they_are(rng):
    conv, *others = small_cnn(rng).layers
    assert repr(conv) == "Conv2d(c_in=1, c_out=3, kernel_size=3, stride=1, padding=1)"
    assert repr(nn.Sequential(*others)) == (
        "Sequential(layers=(ReLU(), MaxPool2d(kernel_size=2), Flatten(), Linear(n_in=27, n_out=4)))"
    )


def test_zero_grad_reaches_every_parameter(rng):
    model = small_cnn(rng)
    nn.cross_entropy(model(np.ones((2, 1, 6, 6))), [0, 1]).backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_models_can_be_copied_and_pickled(rng):
    model = small_cnn(rng)
    x = rng.normal(size=(2, 1, 6, 6))
    nn.cross_entropy(model(x), [0, 1]).backward()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(twin(x).data, model(x).data)
        twin[0].weight.data += 1
        assert not np.array_equal(twin(x).data, model(x).data)


def test_training_goes_on_the_same_in_a_thread_that_evaluates(rng):
    model = small_cnn(rng)
    with no_grad():
        assert not model(np.ones((2, 1, 6, 6))).requires_grad


# ---------------------------------------------------------------- saved states


def test_a_state_dict_holds_copies_and_restores_the_model(rng):
    model = small_cnn(rng)
    x = np.ones((2, 1, 6, 6))
    before, saved = model(x).data, model.state_dict()
    for p in model.parameters():
        p.data += 1
    model.load_state_dict(saved)
    assert np.array_equal(model(x).data, before)
    model[0].weight.data += 1
    assert not np.array_equal(saved["0.weight"], model[0].weight.data)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("4.bias"), ValueError, r"misses \['4\.bias'\]"),
        (lambda s: s.update(extra=1), ValueError, r"has unknown \['extra'\]"),
        (
            lambda s: s.update({"4.bias": np.ones(5)}),
            ValueError,
            r"'4\.bias' has shape \(5,\), the model's is \(4,\)",
        ),
        (lambda s: s.update({"4.bias": "zeros"}), TypeError, "real numbers"),
    ],
)
def test_a_state_dict_that_does_not_fit_changes_nothing(change, error, message, rng):
    model = small_cnn(rng)
    before = model.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    assert all(np.array_equal(before[name], p.data) for name, p in model.named_parameters())


def test_a_state_must_be_a_dictionary(rng):
    with pytest.raises(TypeError, match="a dictionary, not list"):
        small_cnn(rng).load_state_dict([])


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r: nn.Linear(4, 2, rng=0), TypeError, r"rng must be a numpy Generator, not 0"),
        (lambda r: nn.Linear(0, 2, rng=r), ValueError, "n_in=0 must be an integer of at least 1"),
        (lambda r: nn.Linear(4, 2.0, rng=r), TypeError, "n_out=2.0 must be an integer"),
        (lambda r: nn.Linear(4, 2, rng=r, dtype=int), ValueError, "float32"),
        (lambda r: nn.Linear(4, 2, rng=r)(np.ones((3, 5))), ValueError, r"n_in=4.*\(3, 5\)"),
        (lambda r: nn.Linear(4, 2, rng=r)(np.ones((3, 2, 2))), ValueError, "flatten first"),
        (lambda r: nn.Linear(4, 2, rng=r)(np.array(1.0)), ValueError, r"shape \(\)"),
        (lambda r: nn.Conv2d(1, 2, 3, rng=r)(np.ones((3, 784))), ValueError, r"\(N, c_in, H, W\)"),
        (lambda r: nn.Conv2d(1, 2, 3, rng=r)(np.ones((2, 3, 8, 8))), ValueError, "c_in=1"),
        (lambda r: nn.Conv2d(1, 2, 5, rng=r)(np.ones((2, 1, 4, 8))), ValueError, "at least k x k"),
        (lambda r: nn.Conv2d(1, 2, 3, 0, rng=r), ValueError, "stride=0 .* at least 1"),
        (lambda r: nn.Conv2d(1, 2, 3, (2, 2), rng=r), TypeError, r"stride=\(2, 2\) must be an int"),
        (lambda r: nn.Conv2d(1, 2, 3, padding=-1, rng=r), ValueError, "padding=-1 .* at least 0"),
        (lambda r: nn.Conv2d(1, 2, 3, padding=0.5, rng=r), TypeError, "padding=0.5"),
        (lambda r: nn.Conv2d(1, 2, 0, rng=r), ValueError, "kernel_size=0"),
        (lambda r: nn.Conv2d(0, 2, 3, rng=r), ValueError, "c_in=0"),
        (lambda r: nn.MaxPool2d(0), ValueError, "kernel_size=0"),
        (lambda r: nn.MaxPool2d("2"), TypeError, "kernel_size='2'"),
        (lambda r: nn.MaxPool2d(2)(np.ones((3, 4))), ValueError, r"\(N, C, H, W\)"),
        (lambda r: nn.MaxPool2d(3)(np.ones((1, 1, 2, 5))), ValueError, "at least one block"),
        (lambda r: nn.mse_loss(np.ones((3, 1)), np.ones(3)), ValueError, r"\(3, 1\) and \(3,\)"),
    ],
)
def test_layers_name_what_does_not_fit(call, error, message, rng):
    with pytest.raises(error, match=message):
        call(rng)


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        ((3, 4), [0, 1, 4], ValueError, r"label 4 at position 2 is not in 0\.\.3"),
        ((3, 4), [0, -1, 3], ValueError, "label -1 at position 1"),
        ((3, 4), [0.0, 1.0, 2.0], TypeError, r"integers, not float64: astype\(int\)\?"),
        ((3, 4), [True, False, True], TypeError, "integers, not bool"),
        ((3, 4), [0, 1], ValueError, r"\(3, 4\) and \(2,\)"),
        ((3, 4), np.eye(4, dtype=int)[:3], ValueError, r"argmax\(axis=1\)"),
        ((4,), 1, ValueError, r"logits \(N, classes\)"),
        ((0, 4), np.zeros(0, int), ValueError, r"\(0, 4\)"),
    ],
)
def test_cross_entropy_names_what_does_not_fit(logits, labels, error, message):
    with pytest.raises(error, match=message):
        nn.cross_entropy(np.zeros(logits), labels)


def test_a_list_is_no_array(rng):
    for layer in (nn.Linear(2, 3, rng=rng), nn.Conv2d(1, 1, 1, rng=rng), nn.ReLU(), nn.Flatten()):
        with pytest.raises(TypeError, match=r"takes a Tensor or an array: np.array\(the list\)"):
            nn.Sequential(layer)([[1.0, 2.0]])

    class Joined(nn.Module):
        def forward(self, parts):
            return parts[0] + parts[1]

    assert Joined()([Tensor([1.0]), Tensor([2.0])]).item() == 3  # its own business


def test_a_model_that_contains_itself_can_be_shown():
    model = nn.Sequential(nn.ReLU())
    model.layers = (*model.layers, model)
    assert repr(model) == "Sequential(layers=(ReLU(), ...))"
    assert model.parameters() == []


def test_the_mean_of_no_errors_is_refused():
    with pytest.raises(ValueError, match=r"\(0,\) and \(0,\) differ, or are empty"):
        nn.mse_loss(np.zeros(0), np.zeros(0))
