"""The self-check of chapter 00 sees what is amiss, and says what to do."""

from classroom import checks, installation, mnist
from classroom.judging import rule
from classroom.judging.verdict import Verdict
from mytorch_core import optim


def test_here_everything_is_in_order():
    report = installation.report()
    assert report.in_order
    lines = repr(report).splitlines()
    assert lines[0].split() == ["Python", "in", "order"]
    assert {"numpy", "ipywidgets", "matplotlib"} <= {line.split()[0] for line in lines}
    assert lines[-1] == "Everything is in order."
    assert "<td>numpy</td><td>in order</td>" in report._repr_html_()


def test_an_old_python_is_named():
    what, amiss, remedy = installation._python((3, 8))
    assert (what, amiss) == ("Python", "this is 3.8")
    assert "install 3.10 or newer" in remedy


def test_a_package_that_is_missing_or_old_is_named():
    assert installation._package("nothing-of-that-name>=1")[1] == "it is missing"
    assert "is older than 999.1" in installation._package("numpy>=999.1")[1]
    assert installation._package("numpy>=1")[1] == ""
    assert installation._package('pytest>=8; extra == "test"') is None


def test_a_course_that_was_not_installed_is_named(monkeypatch):
    def nowhere(name):
        raise installation.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(installation.metadata, "requires", nowhere)
    assert ("mytorch", "it is not installed", installation.SET_UP) in installation.report().rows


def test_digits_that_are_missing_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(mnist, "data_folder", lambda: tmp_path)
    report = installation.report()
    assert not report.in_order
    line = next(line for line in repr(report).splitlines() if line.startswith("the digits"))
    assert "train-images-idx3-ubyte.gz" in line
    assert "restore data/mnist" in line
    assert repr(report).endswith("Something is amiss: see above.")


def test_a_worker_that_does_not_answer_is_named(monkeypatch):
    stopped = Verdict(False, None, "Stopped after 8 seconds.")
    monkeypatch.setattr(rule, "in_worker", lambda *_: stopped)
    assert installation._worker()[1] == "Stopped after 8 seconds."


def test_the_report_leaves_the_results_of_the_reader_alone():
    verdict = checks.check("sgd", optim.Adam)
    installation.report()
    assert checks.results["sgd"] is verdict
