"""Live figures by subject. A function draws what stays and returns a `View`, which `live` shows.

`views.NAME_view` finds every function of that name in the files beside this one: a new figure is a
new file, and nothing else to register.
"""

import importlib
import pkgutil

__all__ = []
for _file in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_file.name}")
    _found = {name: thing for name, thing in vars(_module).items() if name.endswith("_view")}
    globals().update(_found)
    __all__ += _found
