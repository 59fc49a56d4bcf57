"""Has the reader begun?"""

import dis
import inspect

from mytorch_core.optim import Optimizer

EMPTY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "POP_TOP", "CACHE"}
WORK = ("update", "step")  # the methods of a rule that do something


def nothing(answer):
    """Whether no answer was given."""
    return answer is None or answer is ...


def is_stub(answer):
    """Whether there is nothing but a docstring and `...` where the reader's code belongs."""
    if inspect.isclass(answer):
        own = [vars(answer)[name] for name in WORK if name in vars(answer)]
        inherited = any(
            name in vars(base)
            for base in answer.__mro__[1:-1]
            if base is not Optimizer
            for name in WORK
        )
        return all(is_stub(function) for function in own) and bool(own or not inherited)
    code = getattr(answer, "__code__", None)
    if code is None:
        return False
    return all(
        i.opname in EMPTY and (not i.opname.endswith("CONST") or i.argval in (None, ...))
        for i in dis.get_instructions(code)
    )
