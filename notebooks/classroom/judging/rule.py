"""An exercise that asks for a rule: a subclass of `optim.Optimizer`.

An answer goes one way: it is watched, judged, explained, told.
"""

import functools
import inspect
from dataclasses import dataclass, field

from classroom.judging.comparing import expected, same
from classroom.judging.diagnosis import explained
from classroom.judging.exercise import Exercise
from classroom.judging.mended import is_named, mended
from classroom.judging.probes import NUMBER, accepts, complete, names, usual, watch_rule
from classroom.judging.shipped import is_shipped, shipped
from classroom.judging.stubs import is_stub, nothing
from classroom.judging.telling import told
from classroom.judging.trials import task_of_rule
from classroom.judging.verdict import Verdict, not_yet, shown, unfit
from classroom.judging.worker import in_worker, tampered
from classroom.judging.written import Text
from mytorch_core.optim import Optimizer


@dataclass(frozen=True, eq=False)
class Rule(Exercise):
    """One rule as an exercise.

    settings   hyperparameters of the experiments: others than every default, so that a number in
               the place of a name shows
    text       the rule as lines
    look       the chapter's equations, by the name they are about; "w" is the step
    mistakes   what readers get wrong, the likelier first: the first that fits is named
    others     more of them, which no chapter counts: other rules, and what is rare
    spellings  for slips of the pen, in place of `text`: ways to write the whole rule, each as
               {name: [its lines in one way, its lines in another]}, "w" being the step
    further    experiments beyond the usual ones
    still      hyperparameters that no experiment moves
    taking     {hyperparameter: the rule to check instead, if an answer takes it}
    """

    settings: dict
    text: Text
    look: dict
    mistakes: tuple
    others: tuple = ()
    spellings: tuple = ()
    further: tuple = ()
    still: tuple = ()
    taking: dict = field(default_factory=dict)

    @functools.cached_property
    def probes(self):
        """The experiments that decide."""
        return [*usual(self.settings, self.still), *self.further]

    @property
    def known(self):
        """Everything that has a name."""
        return (*self.mistakes, *self.others)

    @property
    def experiments(self):
        """All experiments: one is only for a note."""
        return [*self.probes, NUMBER]

    def verdict_on(self, answer):
        """The verdict on a reader's answer."""
        if nothing(answer):
            return not_yet()
        if not inspect.isclass(answer) or not issubclass(answer, Optimizer):
            return unfit(
                f"{self.name!r} asks for a subclass of optim.Optimizer, not {shown(answer)}."
            )
        if is_stub(answer):
            return not_yet()
        for name in self.settings:
            if not accepts(answer, name):
                text = f"{answer.__name__}(parameters, ...) has to take {name}: "
                return unfit(text + "name it in __init__.")
        rule = next((r for name, r in self.taking.items() if names(answer, name)), self)
        seen = in_worker(watch_rule, rule.experiments, answer, rule.settings)
        if isinstance(seen, Verdict):
            return seen
        seen, printed = seen
        if not complete(seen, [probe.name for probe in rule.experiments]):
            return tampered()
        verdict = rule.verdict(seen, answer)
        if verdict.passed and rule.other_default(answer):
            return Verdict(False, "default-changed", rule.other_default(answer))
        if verdict.passed and is_shipped(answer, self.right):
            return shipped(self.name)
        return verdict.with_prints(printed)

    def other_default(self, answer):
        """What is to be said of a default that is not the exercise's, which trains otherwise."""
        mine, ours = (inspect.signature(rule).parameters for rule in (answer, self.right))
        for name in [n for n in self.settings if n[:4] in ("beta", "eps")]:
            given, right = (p[name].default if name in p else None for p in (mine, ours))
            own = f"{name} is {shown(given)} unless somebody says otherwise"
            if given not in (right, None, inspect.Parameter.empty):
                return f"Not yet: the lines are right, but {own}. Asked for is {name}={right:g}."
        return ""

    def verdict(self, seen, answer=None):
        """The verdict on what was seen of an answer, {experiment's name: Seen}.

        Where no mistake that is known explains it, the answer itself is mended, if it is given.
        """
        wrong = [p for p in self.probes if not same(seen[p.name], expected(self, (), p.name))]
        found = explained(self, seen) if wrong else []
        mend = None
        if wrong and answer and not is_named(found):
            mend = mended(answer, task_of_rule(self, seen, wrong))
        return told(self, seen, wrong, found, mend)
