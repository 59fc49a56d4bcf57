"""The three rules: their equations, their properties, and what the base class promises."""

import copy
import pickle

import numpy as np
import pytest

from classroom.optimizers import Momentum
from mytorch_core import Tensor, nn, optim

RULES = [optim.SGD, optim.AdaGrad, optim.Adam]


def parameter(data):
    return Tensor(np.array(data, np.float64), requires_grad=True)


def run(rule, gradients, w=0.0, on_step=lambda t, optimizer: None, **hyperparameters):
    """The weights before each step and after the last, for a given sequence of gradients."""
    w = parameter(np.broadcast_to(w, np.shape(gradients[0])))
    optimizer = rule([w], **hyperparameters)
    path = [w.data.copy()]
    for t, g in enumerate(gradients, start=1):
        on_step(t, optimizer)
        w.grad = np.array(g, np.float64)
        optimizer.step()
        path.append(w.data.copy())
    return np.array(path)


# ---------------------------------------------------------------- the equations, in plain numbers


def test_sgd_by_its_equation(rng):
    g = rng.normal(size=(450, 3))
    path = run(optim.SGD, g, lr=0.1, lr_decay=0.25)
    w = np.zeros(3)
    for t in range(1, 451):
        w = w - 0.1 * (1 - 0.25) ** ((t - 1) // 100) * g[t - 1]
        assert np.allclose(path[t], w, rtol=1e-13)


def test_adagrad_by_its_equation(rng):
    g = rng.normal(size=(50, 3))
    path = run(optim.AdaGrad, g, lr=0.1, eps=1e-3)
    w = np.zeros(3)
    for t in range(1, 51):
        w = w - 0.1 * g[t - 1] / (np.sqrt((g[:t] ** 2).sum(axis=0)) + 1e-3)
        assert np.allclose(path[t], w, rtol=1e-13)


def test_adam_by_its_algorithm(rng):
    g = rng.normal(size=(50, 3))
    path = run(optim.Adam, g, lr=0.1, beta1=0.8, beta2=0.95, eps=1e-3)
    w, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for t in range(1, 51):
        m = 0.8 * m + (1 - 0.8) * g[t - 1]
        v = 0.95 * v + (1 - 0.95) * g[t - 1] ** 2
        w = w - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
        assert np.allclose(path[t], w, rtol=1e-12)


def test_the_defaults_are_the_courses():
    w = parameter([0.0])
    sgd, adagrad, adam = (rule([w]) for rule in RULES)
    assert (sgd.lr, sgd.lr_decay) == (1e-3, 0)
    assert (adagrad.lr, adagrad.eps) == (1e-2, 1e-8)
    assert (adam.lr, adam.beta1, adam.beta2, adam.eps) == (1e-2, 0.9, 0.99, 1e-8)


# ---------------------------------------------------------------- properties


def test_the_first_step_of_adam_and_adagrad_is_lr_times_the_sign(rng):
    g = rng.normal(size=5) * 10.0 ** np.arange(-3, 2)
    for rule in (optim.Adam, optim.AdaGrad):
        assert np.allclose(run(rule, [g], lr=0.1)[1], -0.1 * np.sign(g), rtol=1e-4)


def test_adagrad_steps_lr_over_sqrt_n_under_a_constant_gradient():
    steps = -np.diff(run(optim.AdaGrad, [3.0] * 100, lr=0.1))
    assert np.allclose(steps, 0.1 / np.sqrt(np.arange(1, 101)))


def test_adam_steps_lr_under_a_constant_gradient():
    assert np.allclose(np.diff(run(optim.Adam, [-3.0] * 100, lr=0.1)), 0.1)


def test_sgd_is_linear_in_lr(rng):
    g = rng.normal(size=(10, 3))
    assert np.allclose(run(optim.SGD, g, lr=0.3), 3 * run(optim.SGD, g, lr=0.1))


@pytest.mark.parametrize("rule", [optim.AdaGrad, optim.Adam])
def test_multiplying_a_coordinates_gradients_changes_no_step(rule, rng):
    g = rng.normal(size=(30, 3))
    assert np.allclose(run(rule, g * [1, 100, 0.01], eps=0), run(rule, g, eps=0), rtol=1e-10)


@pytest.mark.parametrize("beta", ["beta1", "beta2"])
def test_a_beta_moved_in_mid_run_leaves_a_constant_gradients_adam_step_at_lr(beta):
    def move(t, optimizer):
        if t in (20, 60):
            setattr(optimizer, beta, 0.999 if t == 20 else 0.5)

    assert np.allclose(np.diff(run(optim.Adam, [2.0] * 90, lr=0.1, on_step=move)), -0.1)


def test_a_drop_uses_the_lr_decay_of_its_moment_and_none_is_taken_back():
    def move(t, optimizer):
        optimizer.lr_decay = 0.5 if t <= 150 else (0.2 if t <= 250 else 0)

    steps = -np.diff(run(optim.SGD, [1.0] * 350, lr=1.0, on_step=move))
    assert np.allclose(steps, [1] * 100 + [0.5] * 100 + [0.5 * 0.8] * 150)


def test_the_first_drop_comes_at_step_101():
    steps = -np.diff(run(optim.SGD, [1.0] * 102, lr=1.0, lr_decay=0.1))
    assert np.allclose(steps[:100], 1)
    assert np.allclose(steps[100:], 0.9)


def test_lr_t_is_the_rate_of_the_last_step():
    w = parameter([0.0])
    sgd = optim.SGD([w], lr=1.0, lr_decay=0.5)
    for _ in range(301):
        before = w.data.copy()
        w.grad = np.ones(1)
        sgd.step()
        assert np.isclose(before - w.data, sgd.lr_t)
    assert (sgd.t, sgd.lr_t) == (301, 0.125)


@pytest.mark.parametrize("rule", RULES)
def test_t_counts_steps_not_layers(rule):
    model = [parameter(np.zeros(2)) for _ in range(5)]
    optimizer = rule(model)
    seen, before_step = [], optimizer.before_step
    optimizer.before_step = lambda: seen.append(optimizer.t) or before_step()
    for _ in range(3):
        for p in model:
            p.grad = np.ones(2)
        optimizer.step()
    assert optimizer.t == 3
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("rule", [*RULES, Momentum])
def test_state_belongs_to_one_parameter(rule, rng):
    gradients = rng.normal(size=(6, 2, 3))
    together = [parameter(np.ones(3)) for _ in range(2)]
    optimizer = rule(together)
    for g in gradients:
        together[0].grad, together[1].grad = g
        optimizer.step()
    for i in range(2):
        assert np.array_equal(together[i].data, run(rule, gradients[:, i], w=1.0)[-1])


@pytest.mark.parametrize("rule", RULES)
def test_step_never_writes_to_a_gradient(rule, rng):
    w = parameter(rng.normal(size=(200, 200)))
    optimizer = rule([w])
    g = rng.normal(size=w.shape)
    g.flags.writeable = False
    for _ in range(2):
        w.grad = g
        optimizer.step()
        assert w.grad is g


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (40_000,), (3, 40_000)])
def test_blocks_change_nothing(rule, shape, rng):
    gradients = rng.normal(size=(3, *shape))
    whole = run(rule, [g.reshape(-1)[:, None] for g in gradients])  # a column at a time
    small = [run(rule, [g.reshape(-1)[i : i + 7] for g in gradients]) for i in range(0, 21, 7)]
    in_blocks = run(rule, list(gradients))
    assert np.array_equal(in_blocks.reshape(4, -1), whole.reshape(4, -1))
    assert np.array_equal(
        in_blocks.reshape(4, -1)[:, :21], np.concatenate(small, axis=1)[:, : in_blocks[0].size]
    )


@pytest.mark.parametrize("orders", ["CF", "FC", "FF"])
def test_weights_in_any_memory_order(orders, rng):
    gradients = rng.normal(size=(2, 300, 200))
    w = parameter(np.zeros((300, 200), order=orders[0]))
    optimizer = optim.Adam([w])
    w.data = np.zeros((300, 200), order=orders[1])
    for g in gradients:
        w.grad = np.asfortranarray(g)
        optimizer.step()
    assert np.array_equal(w.data, run(optim.Adam, gradients)[-1])


# ---------------------------------------------------------------- what the base class promises


def test_a_gradient_of_another_shape_is_an_error_for_large_weights_too():
    for shape in ((20, 10), (200, 100)):
        w = parameter(np.zeros(shape))
        w.grad = np.ones(shape[::-1])
        first = parameter([1.0])
        first.grad = np.ones(1)
        sgd = optim.SGD([first, w])
        with pytest.raises(ValueError, match=r"a gradient of shape .* for Tensor"):
            sgd.step()
        assert (first.data, sgd.t) == ([1.0], 0)  # nothing has moved


def test_a_gradient_that_would_broadcast_is_refused():
    w = parameter(np.zeros((2, 3)))
    w.grad = np.ones(3)
    with pytest.raises(ValueError, match=r"a gradient of shape \(3,\) for Tensor"):
        optim.Adam([w]).step()


def test_a_first_gradient_that_comes_late_has_the_count_of_all():
    early, late = parameter([0.0]), parameter([0.0])
    adam = optim.Adam([early, late], lr=1.0)
    for step in range(1, 6):
        early.grad, late.grad = np.ones(1), np.ones(1) if step == 5 else None
        adam.step()
    assert late.data[0] == pytest.approx(-0.54, abs=0.005)


def test_a_readers_own_rule_is_a_few_lines(rng):
    g = rng.normal(size=(20, 3))
    m, w = np.zeros(3), np.zeros(3)
    for row in g:
        m = 0.9 * m + 0.1 * row
        w = w - 0.1 * m
    assert np.allclose(run(Momentum, g)[-1], w)


@pytest.mark.parametrize("rule", RULES)
def test_a_model_or_its_parameters(rule, rng):
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.Linear(3, 1, rng=rng))
    for parameters in (model, model.parameters(), iter(model.parameters())):
        optimizer = rule(parameters)
        assert optimizer.parameters == model.parameters()
        nn.mse_loss(model(np.ones((2, 2))), np.zeros((2, 1))).backward()
        optimizer.zero_grad()
        assert all(p.grad is None for p in model.parameters())


def test_a_parameter_without_a_gradient_is_skipped():
    a, b = parameter([1.0]), parameter([1.0])
    adam = optim.Adam([a, b])
    b.grad = np.ones(1)
    adam.step()
    assert a.data == 1
    assert adam.m[0] == 0
    assert b.data != 1


def test_a_step_without_any_gradient_says_what_to_call():
    w = parameter([1.0])
    sgd = optim.SGD([w])
    with pytest.raises(ValueError, match=r"call loss\.backward\(\) before step\(\)"):
        sgd.step()
    assert sgd.t == 0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("data", [2.0, [2.0]])
def test_data_may_be_replaced_between_steps(rule, data):
    w = parameter(data)
    optimizer = rule([w], lr=0.1)
    w.data = w.data - 1.0  # a 0-d array becomes a scalar here
    w.grad = np.full(np.shape(data), 3.0)
    optimizer.step()
    assert np.isclose(w.data, 1 - (0.3 if rule is optim.SGD else 0.1))


@pytest.mark.parametrize("rule", RULES)
def test_hyperparameters_become_python_floats(rule):
    optimizer = rule([parameter([0.0])], lr=np.float64(0.1))
    optimizer.lr = np.float32(0.5)
    for name in optimizer.hyperparameters:
        assert type(getattr(optimizer, name)) is float


BAD = [
    ("lr", -0.1, ValueError, r"lr must lie in \[0, inf\), not -0\.1"),
    ("lr", float("nan"), ValueError, "lr must lie in .* not nan"),
    ("lr", float("inf"), ValueError, "lr must lie in .* not inf"),
    ("lr", 10**400, ValueError, "lr must lie in .* not 1000"),
    ("lr", "fast", TypeError, "lr must be a number, not 'fast'"),
    ("lr", None, TypeError, "lr must be a number, not None"),
    ("lr", Tensor(1.0), TypeError, "lr must be a number"),
    ("lr", True, TypeError, "lr must be a number, not True"),
    ("lr", np.complex64(1), TypeError, "lr must be a number"),
    ("eps", -1e-8, ValueError, "eps must lie in"),
    ("eps", float("inf"), ValueError, "eps must lie in"),
    ("beta1", 1, ValueError, r"beta1 must lie in \[0, 1\), not 1"),
    ("beta2", 1.5, ValueError, r"beta2 must lie in \[0, 1\), not 1\.5"),
    ("beta1", -0.1, ValueError, "beta1 must lie in"),
    ("lr_decay", 1.0, ValueError, r"lr_decay must lie in \[0, 1\)"),
    ("lr_decay", -0.1, ValueError, "lr_decay must lie in"),
    ("beta", 1.0, ValueError, r"beta must lie in \[0, 1\)"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD)
def test_hyperparameters_are_checked_at_construction_and_whenever_set(name, value, error, message):
    rules = [rule for rule in (*RULES, Momentum) if hasattr(rule([parameter([0.0])]), name)]
    assert rules
    for rule in rules:
        with pytest.raises(error, match=message):
            rule([parameter([0.0])], **{name: value})
        optimizer = rule([parameter([0.0])])
        before = getattr(optimizer, name)
        with pytest.raises(error, match=message):
            setattr(optimizer, name, value)
        assert getattr(optimizer, name) == before


def test_a_rule_says_which_hyperparameters_lie_below_one():
    class Rule(optim.Optimizer):
        below_one = ("share",)

        def __init__(self, parameters, share=0.5, beta3=2.0):
            super().__init__(parameters, share=share, beta3=beta3)

    rule = Rule([parameter([0.0])])
    assert rule.beta3 == 2.0
    with pytest.raises(ValueError, match=r"share must lie in \[0, 1\), not 1"):
        rule.share = 1


def test_a_string_of_digits_is_no_number():
    with pytest.raises(TypeError, match=r"lr must be a number, not '0\.1'"):
        optim.SGD([parameter([0.0])], lr="0.1")


def used_up():
    generator = (p for p in [parameter([0.0])])
    list(generator)
    return generator


TWICE = parameter([0.0])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ([], ValueError, "none of 0 parameters can learn: give them requires_grad=True"),
        (used_up(), ValueError, "a generator is empty after one use"),
        (nn.Sequential(nn.ReLU()), ValueError, "0 parameters"),
        ([TWICE, parameter([1.0]), TWICE], ValueError, "parameter 2 stands earlier"),
        (TWICE, TypeError, r"a list of Tensors, not Tensor\("),
        (np.zeros(3), TypeError, "parameter 0 must be a Tensor"),
        ([np.zeros(3)], TypeError, "parameter 0 must be a Tensor"),
        ([{"params": [TWICE]}], TypeError, "parameter 0 must be a Tensor"),
        (3, TypeError, "a Module or a list of Tensors, not 3"),
        ([TWICE * 2], TypeError, "parameter 0 must be a Tensor that no operation computed"),
        ([Tensor([0.0])], ValueError, "none of 1 parameters can learn"),
    ],
)
def test_parameters_that_cannot_be_optimized(parameters, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(parameters)


# ---------------------------------------------------------------- saved states


@pytest.mark.parametrize("rule", [*RULES, Momentum])
def test_a_run_continues_exactly_from_a_saved_state(rule, rng):
    gradients = rng.normal(size=(230, 2, 3))
    settings = {"lr_decay": 0.3} if rule is optim.SGD else {}

    def advance(model, optimizer, gradients):
        for g in gradients:
            model[0].grad, model[1].grad = g
            optimizer.step()

    model = [parameter(np.zeros(3)), parameter(np.ones(3))]
    optimizer = rule(model, lr=0.05, **settings)
    advance(model, optimizer, gradients[:130])
    state = pickle.loads(pickle.dumps(optimizer.state_dict()))
    twin_model = [parameter(p.data) for p in model]
    twin = rule(twin_model)
    twin.load_state_dict(state)
    assert twin.t == 130
    assert type(twin.t) is int
    copied_model, copied = copy.deepcopy((model, optimizer))
    for m, o in ((model, optimizer), (twin_model, twin), (copied_model, copied)):
        advance(m, o, gradients[130:])
    for m in (twin_model, copied_model):
        assert all(np.array_equal(p.data, q.data) for p, q in zip(m, model, strict=True))


def test_a_state_dict_is_plain_and_holds_copies():
    w = parameter([1.0, 2.0])
    adam = optim.Adam([w])
    w.grad = np.ones(2)
    adam.step()
    state = adam.state_dict()
    assert list(state) == ["t", "lr", "beta1", "beta2", "eps", "beta1_t", "beta2_t", "m.0", "v.0"]
    state["m.0"] += 1
    assert np.allclose(adam.m[0], 0.1)
    loaded = adam.state_dict() | {"m.0": np.full(2, 7.0)}
    adam.load_state_dict(loaded)
    loaded["m.0"] += 1
    assert adam.m[0].tolist() == [7, 7]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("v.1"), r"misses \['v\.1'\]"),
        (lambda s: s.update(momentum=1), r"unknown \['momentum'\]"),
        (
            lambda s: s.update({"v.1": np.ones(2)}),
            r"'v\.1' has shape \(2,\), the model's is \(3,\)",
        ),
        (lambda s: s.update(beta2=1.5), "beta2 must lie in"),
        (lambda s: s.update(lr=float("nan")), "lr must lie in"),
        (lambda s: s.update(t=0.5), r"t counts steps: .* not 0\.5"),
        (lambda s: s.update(t=-1), r"not -1"),
        (lambda s: s.update(beta1_t=float("nan")), r"beta1_t must lie in \[0, inf\), not nan"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    optimizer = optim.Adam([parameter(np.zeros(2)), parameter(np.zeros(3))])
    before = optimizer.state_dict()
    state = {name: value + 0.5 for name, value in before.items() if "beta" not in name}
    state |= {"t": 4, "beta1": 0.5, "beta2": 0.5, "beta1_t": 0.5, "beta2_t": 0.5}
    change(state)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)
