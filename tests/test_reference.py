"""The one-page reference: it fits on one page, and says what the code does."""

import ast
import inspect
import os
import re
from pathlib import Path

import chromium
import pytest
from nbconvert.filters import markdown2html

from classroom import optimizers
from mytorch_core import optim

TEXT = (Path(__file__).parents[1] / "notebooks" / "reference.md").read_text(encoding="utf-8")
RULES = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam", "AdamW")
STYLE = """
    body { font: 10.5px/1.35 "DejaVu Sans", sans-serif }
    table { border-collapse: collapse }
    td, th { border: 1px solid #999; padding: 3px 4px; vertical-align: top; text-align: left }
    code { font: 9px "DejaVu Sans Mono", monospace }
"""
SIDES = ("top", "bottom", "left", "right")


def rows():
    """{rule: the cells of its row, by the names of the columns}."""
    table = [
        [part.strip() for part in line.strip("|").split("|")]
        for line in TEXT.splitlines()
        if line.startswith("|")
    ]
    names, _, *body = table
    found = [dict(zip(names, row, strict=True)) for row in body]
    return {row["rule"].strip("*"): row for row in found}


def arguments(call):
    """The keywords of a call, written as text."""
    node = ast.parse(call, mode="eval").body
    return {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}


def rule_of(name):
    return getattr(optim, name, None) or getattr(optimizers, name)


def test_the_rules_are_those_of_the_course():
    assert tuple(rows()) == RULES


@pytest.mark.parametrize("name", RULES)
def test_the_defaults_are_those_of_the_code(name):
    said = arguments(f"f({rows()[name]['defaults here'].strip('`')})")
    parameters = inspect.signature(rule_of(name)).parameters
    assert said == {key: p.default for key, p in parameters.items() if key != "parameters"}


@pytest.mark.parametrize("name", RULES)
def test_the_state_is_that_of_the_code(name):
    assert tuple(re.findall("`(.)`", rows()[name]["state"])) == rule_of(name).state


def test_it_prints_on_one_page(tmp_path):
    if chromium.executable() is None:
        message = f"no Chromium here; to get one: {chromium.INSTALL}"
        if os.environ.get("REQUIRE_CHROMIUM"):
            pytest.fail(message)
        pytest.skip(message)
    head = f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
    file = tmp_path / "reference.pdf"
    with chromium.browser() as browser:
        page = browser.new_page()
        pages = []
        for text in (TEXT, TEXT + TEXT):
            page.set_content(head + markdown2html(text))
            page.pdf(path=file, format="A4", margin=dict.fromkeys(SIDES, "12mm"))
            pages.append(len(re.findall(rb"/Type /Page\b", file.read_bytes())))
    assert pages == [1, 2]
