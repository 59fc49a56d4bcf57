"""The Tensor: values are NumPy's, gradients are those of finite differences, graphs are freed."""

import copy
import operator
import pickle
import threading

import numpy as np
import pytest
from gradcheck import check_gradients

from mytorch_core import Tensor, no_grad

# ---------------------------------------------------------------- data and dtype


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (np.zeros(3), np.float64),
        (np.float64(1), np.float64),
        (np.zeros(3, ">f8"), np.float64),
        (np.zeros(3, np.float32), np.float32),
        (np.zeros(3, np.float16), np.float32),
        (np.arange(3), np.float32),
        (np.zeros(3, np.uint8), np.float32),
        (np.ones(3, bool), np.float32),
        (1.5, np.float32),
        ([1.0, 2.0], np.float32),
    ],
)
def test_float64_arrays_stay_and_everything_else_becomes_float32(data, dtype):
    assert Tensor(data).dtype == dtype


def test_a_dtype_can_be_asked_for():
    assert Tensor([1, 2], dtype=np.float64).dtype == np.float64
    assert Tensor(np.zeros(2), dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match=r"float32 or np\.float64, not <class 'int'>"):
        Tensor([1, 2], dtype=int)


@pytest.mark.parametrize("data", [None, "1", [1, None], 1j, np.array([object()])])
def test_what_is_no_real_number_is_refused(data):
    with pytest.raises(TypeError, match="real numbers"):
        Tensor(data)
    with pytest.raises(TypeError, match="real numbers"):
        Tensor([1.0, 2.0]) + data


def test_a_tensor_owns_its_data():
    array = np.zeros(3, np.float32)
    w = Tensor(array)
    array += 1
    assert w.data.tolist() == [0, 0, 0]


def test_the_basic_properties():
    x = Tensor(np.arange(6.0).reshape(2, 3))
    assert (x.shape, x.ndim, x.size, x.grad, x.requires_grad, x.is_leaf) == (
        (2, 3),
        2,
        6,
        None,
        False,
        True,
    )
    assert Tensor(2.5).item() == 2.5
    assert isinstance(Tensor(2.5).item(), float)
    assert repr(Tensor([1.0, 2.0], requires_grad=True)) == (
        "Tensor([1., 2.], dtype=float32, requires_grad=True)"
    )


def test_numpy_reads_a_tensor_only_where_no_gradient_is_lost():
    assert np.asarray(Tensor([1.0, 2.0])).tolist() == [1, 2]
    with pytest.raises(TypeError, match=r"take its \.data"):
        np.asarray(Tensor([1.0], requires_grad=True))
    with pytest.raises(TypeError):
        np.exp(Tensor([1.0]))


# ---------------------------------------------------------------- arithmetic

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


def test_len_float_and_bool_are_those_of_the_numbers():
    assert len(Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])) == 3
    assert float(Tensor([[2.5]], requires_grad=True)) == 2.5
    assert bool(Tensor(0.0)) is False
    assert bool(Tensor([0.1])) is True
    for call in (float, bool):
        with pytest.raises(ValueError, match="size 1"):
            call(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"len\(\)"):
        len(Tensor(1.0))


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (3, 4)), ((3, 4), (4,)), ((4,), (3, 4)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ())]
    + [((2, 1, 3), (4, 1)), ((1, 1), (2, 3)), ((0, 3), (1, 3))],
)
def test_arithmetic_broadcasts_in_both_operands(op, a, b, rng):
    check_gradients(op, rng.uniform(0.5, 2, a), rng.uniform(0.5, 2, b), rng=rng)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((5, 3, 4), (5, 4, 2))]
    + [((3, 4), (5, 4, 2)), ((5, 3, 4), (4, 2)), ((4,), (5, 4, 2)), ((5, 3, 4), (4,))]
    + [((2, 1, 3, 4), (5, 4, 2))],
)
def test_matmul_of_any_ranks(a, b, rng):
    x, y = rng.normal(size=a), rng.normal(size=b)
    assert np.array_equal((Tensor(x) @ Tensor(y)).data, x @ y)
    check_gradients(operator.matmul, x, y, rng=rng)


@pytest.mark.parametrize("op", [*BINARY, operator.matmul])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_and_numbers_on_either_side_take_the_tensors_dtype(op, dtype, rng):
    x = rng.uniform(0.5, 2, (3, 3)).astype(dtype)
    others = [rng.uniform(0.5, 2, (3, 3)), rng.integers(1, 4, (3, 3))]
    if op is not operator.matmul:
        others += [2, 2.5, np.float64(2.5), np.int64(2), [1.0, 2.0, 3.0], True]
    for other in others:
        for a, b in (
            (Tensor(x, requires_grad=True), other),
            (other, Tensor(x, requires_grad=True)),
        ):
            result = op(a, b)
            assert isinstance(result, Tensor)
            assert result.dtype == dtype
            raw = [np.asarray(getattr(side, "data", side)).astype(dtype) for side in (a, b)]
            assert np.allclose(result.data, op(*raw), rtol=1e-6)
            result.sum().backward()
            leaf = a if isinstance(a, Tensor) else b
            assert leaf.grad.dtype == dtype


def test_two_tensors_promote_and_gradients_return_in_their_own_dtype():
    a = Tensor(np.ones(3, np.float32), requires_grad=True)
    b = Tensor(np.ones(3, np.float64), requires_grad=True)
    product = a * b
    assert product.dtype == np.float64
    product.sum().backward()
    assert (a.grad.dtype, b.grad.dtype) == (np.float32, np.float64)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"\(3,\) \(4,\)"):
        Tensor(np.ones(3)) + np.ones(4)
    with pytest.raises(ValueError, match="size 5 is different from 3"):
        Tensor(np.ones((2, 3))) @ np.ones((5, 2))


def test_negation(rng):
    check_gradients(operator.neg, rng.normal(size=(2, 3)), rng=rng)


def test_powers_where_calculus_is_delicate():
    x = Tensor(np.array([0.0, -2.0, 3.0]), requires_grad=True)
    (x**2).sum().backward()
    assert x.grad.tolist() == [0, -4, 6]
    x.zero_grad()
    (x**0).sum().backward()  # constant, at 0 too
    assert x.grad.tolist() == [0, 0, 0]
    p = Tensor(np.array([2.0, 2.0]), requires_grad=True)
    (np.array([0.0, np.e]) ** p).sum().backward()
    assert np.allclose(p.grad, [0, np.e**2])


# ---------------------------------------------------------------- functions


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "relu"])
@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_functions_of_each_entry(name, shape, rng):
    x = rng.uniform(0.3, 2, shape)
    if name in ("tanh", "relu"):
        x = x * rng.choice([-1, 1], shape)
    check_gradients(lambda x: getattr(x, name)(), x, rng=rng)


def test_the_slope_of_relu_at_zero_is_zero():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    x.relu().sum().backward()
    assert x.grad.tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", ["sum", "mean", "max"])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (2, 0), (-1, 1), (0, 1, 2), ()])
def test_reductions_over_any_axes(name, axis, keepdims, rng):
    x = rng.permutation(np.arange(24.0)).reshape(2, 3, 4)
    result = getattr(Tensor(x), name)(axis=axis, keepdims=keepdims)
    assert np.allclose(result.data, getattr(x, name)(axis=axis, keepdims=keepdims))
    check_gradients(lambda x: getattr(x, name)(axis, keepdims), x, rng=rng)


@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_reductions_of_a_single_number(name, rng):
    check_gradients(lambda x: getattr(x, name)(), rng.normal(), rng=rng)


def test_an_axis_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        Tensor(np.ones((2, 2))).max(axis=2)


def test_the_max_over_nothing_per_row_is_an_empty_tensor():
    assert Tensor(np.ones((0, 3))).max(axis=1).shape == (0,)


def test_ties_of_max_go_to_the_first_in_row_major_order():
    x = Tensor(np.array([[1.0, 3.0, 3.0], [3.0, 0.0, 3.0]]), requires_grad=True)
    x.max().backward()
    assert x.grad.tolist() == [[0, 1, 0], [0, 0, 0]]
    x.zero_grad()
    x.max(axis=1).sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [1, 0, 0]]
    cube = Tensor(np.ones((2, 2, 2)), requires_grad=True)
    cube.max(axis=(2, 0)).sum().backward()
    assert cube.grad.tolist() == [[[1, 0], [1, 0]], [[0, 0], [0, 0]]]


@pytest.mark.parametrize("shape", [(6,), (3, -1), ((2, 3),), ((-1,),)])
def test_reshape(shape, rng):
    check_gradients(lambda x: x.reshape(*shape), rng.normal(size=(3, 2)), rng=rng)


@pytest.mark.parametrize("axes", [(), (None,), (2, 0, 1), ((1, 2, 0),), (-1, 0, 1), (0, 2, 1)])
def test_transpose(axes, rng):
    x = rng.normal(size=(2, 3, 4))
    assert np.array_equal(Tensor(x).transpose(*axes).data, x.transpose(*axes))
    check_gradients(lambda x: x.transpose(*axes), x, rng=rng)


def test_T_is_the_transpose(rng):
    check_gradients(lambda x: x.T, rng.normal(size=(2, 3)), rng=rng)


@pytest.mark.parametrize(
    "index",
    [0, -1, (1, 2), np.s_[1:], np.s_[:, ::-2], np.s_[..., 0], np.s_[None, 1], [0, 0, 2], [[0], [0]]]
    + [
        (np.array([0, 0, 1]), np.array([1, 1, 2])),
        np.array([True, False, True]),
        np.s_[[0, 0], 1:],
    ],
)
def test_indexing_accumulates_repeated_entries(index, rng):
    check_gradients(lambda x: x[index], rng.normal(size=(3, 4)), rng=rng)


def test_a_softmax_written_by_hand_is_differentiated(rng):
    def loss(x):
        e = (x - x.max(axis=1, keepdims=True)).exp()
        return -(e / e.sum(axis=1, keepdims=True))[np.arange(4), [0, 2, 2, 1]].log().mean()

    check_gradients(loss, rng.normal(size=(4, 3)), rng=rng)


# ---------------------------------------------------------------- the graph


def test_a_node_used_twice_gets_both_gradients(rng):
    def f(x):
        y = x * x
        z = y + x
        return z * y + z.exp() - y

    check_gradients(f, rng.normal(size=3), rng=rng)
    x = Tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert x.grad == 6


def test_every_path_is_added_before_a_node_passes_its_gradient_on():
    x = Tensor(1.0, requires_grad=True)
    y = x * 2
    z = y * 3
    (y + z + (y + z) * y).backward()  # y + 3y + (y + 3y) y, y = 2x: 8x + 16x^2
    assert x.grad == 8 + 32


@pytest.mark.parametrize("length", [20_000, 100_000])
def test_a_long_chain_needs_no_recursion(length):
    x = Tensor(np.zeros(1), requires_grad=True)
    y = x
    for _ in range(length):
        y = y + 1e-4
    y.sum().backward()
    assert x.grad == 1
    for _ in range(length):
        y = x * 1.0 if y.is_leaf else y * 1.0
    del y  # a graph that nobody differentiated is dropped without recursion, too


def test_zero_dimensional_tensors_stay_arrays(rng):
    w = Tensor(np.float32(2.0), requires_grad=True)
    loss = ((w * 3 - 1) ** 2).sum()
    assert isinstance(loss.data, np.ndarray)
    loss.backward()
    assert isinstance(w.grad, np.ndarray)
    assert (w.grad, w.grad.dtype, w.grad.shape) == (30, np.float32, ())


def test_no_gradient_is_computed_for_what_requires_none(monkeypatch):
    called = []
    x = Tensor(np.ones(2))
    w = Tensor(np.ones(2), requires_grad=True)
    y = Tensor._from(
        x.data * w.data,
        (x, lambda g: called.append("x")),
        (w, lambda g: called.append("w") or g),
    )
    y.sum().backward()
    assert called == ["w"]
    assert x.grad is None
    constant = x * 2 + 1
    assert not constant.requires_grad
    assert constant.is_leaf


def test_gradients_accumulate_until_zero_grad():
    w = Tensor(np.ones(2), requires_grad=True)
    (w * 2).sum().backward()
    (w * 3).sum().backward()
    assert w.grad.tolist() == [5, 5]
    w.zero_grad()
    assert w.grad is None


def test_a_gradient_once_handed_out_is_never_overwritten():
    w = Tensor(np.ones(2), requires_grad=True)
    (w * 2).sum().backward()
    kept = w.grad
    (w * 3).sum().backward()
    assert kept.tolist() == [2, 2]


@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a + b,
        lambda a, b: a - -b,
        lambda a, b: a.sum() + b.reshape(4).sum(),
        lambda a, b: a.T + b,
        lambda a, b: (a + 0) + (b + 0),
        lambda a, b: a.mean() * b.max(),
        lambda a, b: (a[0] + b[0]) * 2,
    ],
)
def test_a_leafs_gradient_is_writable_and_its_own(f):
    a, b = (Tensor(np.ones((2, 2)), requires_grad=True) for _ in range(2))
    middle = f(a, b)
    middle.retain_grad()
    middle.sum().backward()
    arrays = [a.grad, b.grad, middle.grad, a.data, b.data]
    for i, array in enumerate(arrays[:2]):
        assert array.flags.writeable
        for j, other in enumerate(arrays):
            assert i == j or not np.shares_memory(array, other)


def test_only_leaves_and_who_asks_keep_a_gradient():
    x = Tensor(np.ones(2), requires_grad=True)
    asked, silent = x * 2, x * 3
    asked.retain_grad()
    (asked * silent).sum().backward()
    assert asked.grad.tolist() == [3, 3]
    assert silent.grad is None


def test_backward_needs_a_single_number():
    w = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(ValueError, match=r"from shape \(2,\): call \.sum\(\) or \.mean\(\) first"):
        (w * 2).backward()
    (w[:1] * 2).backward()  # one entry is one number, whatever its shape
    assert w.grad.tolist() == [2, 0]


def test_backward_needs_something_to_differentiate():
    with pytest.raises(ValueError, match="requires_grad=True"):
        Tensor(1.0).backward()
    w = Tensor(1.0, requires_grad=True)
    w.backward()  # dw/dw
    assert w.grad == 1


def test_a_second_backward_says_that_the_graph_is_gone():
    w = Tensor(2.0, requires_grad=True)
    h = w * w
    loss = h * 3
    loss.backward()
    for again in (loss, h * 1):
        with pytest.raises(RuntimeError, match="compute it again"):
            again.backward()
    assert w.grad == 12  # the failed calls added nothing


def test_no_grad_records_nothing_and_ends_with_its_block():
    w = Tensor(1.0, requires_grad=True)
    with no_grad():
        with no_grad():
            pass
        assert not (w * 2).requires_grad
        with pytest.raises(ValueError, match="no_grad"):
            (w * 2).backward()
    assert (w * 2).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (w * 2).requires_grad


def test_no_grad_in_one_thread_leaves_the_others_alone():
    recorded = []
    w = Tensor(1.0, requires_grad=True)
    with no_grad():
        thread = threading.Thread(target=lambda: recorded.append((w * 2).requires_grad))
        thread.start()
        thread.join()
    assert recorded == [True]


def test_a_pullback_copes_with_another_memory_order(rng):
    for name in ("relu", "tanh", "exp"):

        def f(x, name=name):
            return getattr(x.T, name)().transpose(1, 0).reshape(2, 3, 1).transpose(2, 1, 0)

        check_gradients(f, rng.normal(size=(2, 3)), rng=rng)


def test_leaves_can_be_copied_and_pickled():
    w = Tensor(np.ones(2), requires_grad=True)
    (w * w).sum().backward()
    for twin in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert twin.requires_grad
        assert twin.grad.tolist() == [2, 2]
        twin.data += 1
        (twin * 3).sum().backward()
    assert w.data.tolist() == [1, 1]
    assert w.grad.tolist() == [2, 2]


def test_a_copied_result_leaves_its_graph_behind():
    w = Tensor(np.ones(2), requires_grad=True)
    y = w
    for _ in range(3000):
        y = y * 1.0
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert twin.data.tolist() == [1, 1]
        with pytest.raises(RuntimeError, match="the graph is freed"):
            twin.sum().backward()
    y.sum().backward()
    assert w.grad.tolist() == [1, 1]


def test_overflow_and_nan_pass_through_as_in_numpy():
    with np.errstate(all="ignore"):
        x = Tensor(np.array([1e3, -np.inf, np.nan]), requires_grad=True)
        y = x.exp()
        y.sum().backward()
    assert np.isinf(y.data[0])
    assert y.data[1] == 0
    assert np.isnan(y.data[2])
    assert np.isinf(x.grad[0])


@pytest.mark.parametrize("axis", [10**30, -(10**30), (0, 10**30), 2])
def test_an_axis_that_is_not_there(axis):
    x = Tensor(np.ones((2, 3)))
    for reduce in (x.sum, x.mean, x.max):
        with pytest.raises(ValueError, match="out of bounds"):
            reduce(axis=axis)


def test_a_product_with_a_number_says_what_to_write():
    x = Tensor(np.ones((2, 3)))
    for product in (lambda: x @ 3, lambda: 3 @ x):
        with pytest.raises(ValueError, match=r"@ between shapes .*: a number takes \*"):
            product()


def test_no_grad_ends_even_if_two_blocks_overlap():
    def evaluation():
        with no_grad():
            yield

    w = Tensor([1.0], requires_grad=True)
    one, other = evaluation(), evaluation()
    next(one)
    next(other)
    next(one, None)
    assert not (w * 2).requires_grad  # the other one's block is still open
    next(other, None)
    assert (w * 2).requires_grad
