"""The classroom. What a notebook imports is found here by its name, whichever room it is in:

from classroom import cockpit, figures, mnist, optimizers, surfaces, training, views
"""

from importlib import import_module

ROOM_OF = {
    "diagrams": "pictures",
    "figures": "pictures",
    "surfaces": "pictures",
    "views": "pictures",
    "mnist": "training",
    "installation": "editions",
}


def __getattr__(name):
    # Imported when it is asked for: the worker of the checks does without pictures.
    if name in ROOM_OF:
        return import_module(f"classroom.{ROOM_OF[name]}.{name}")
    raise AttributeError(f"module 'classroom' has no attribute {name!r}")
