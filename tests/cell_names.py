"""Which names a cell of a notebook gives to the others, and which it takes from them."""


def defines(table):
    """The names that a cell gives to the others."""
    symbols = table.get_symbols()
    return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}


def needs(table):
    """The names that a cell takes from others, in its functions, too."""
    symbols = table.get_symbols()
    top = table.get_type() == "module"
    found = {s.get_name() for s in symbols if s.is_referenced() and (top or s.is_global())}
    for child in table.get_children():
        found |= needs(child)
    return found - (defines(table) if top else set())
