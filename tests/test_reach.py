"""Every module is run by a command, a README or a notebook, or says here who will run it."""

import pytest

from tests.reach import (
    mentioned,
    missing,
    modules,
    reached,
    resolve,
    unmentioned_members,
    unreached_modules,
    unreached_names,
)

MOST_WAITING = 10
MOST_UNRUN = 74
"""Public functions, classes and members that only tests use when this was last counted: it only falls."""

CALLED_BY_NUMBA = "models.compiled."
"""The locators of machine code: numba calls them by the names it gives them."""

WAITING = {
    "engine.risk.decisions": "DECISIONS.md: regret, maximin and satisficing share of plans by futures",
    "engine.risk.reverse": "DECISIONS.md and MONTECARLO.md: nearest breach in normal space",
    "models.congestion": "part 8 (NETWORK.md): regime switch of a port, normal or congested, as a shock",
}
"""Modules that nothing runs yet: the part or design page that will wire each."""


def test_every_module_is_run_or_waits_for_a_named_part():
    assert set(unreached_modules()) - set(WAITING) == set()


def test_no_module_waits_that_is_run_or_gone():
    assert set(WAITING) - set(unreached_modules()) == set()


def test_few_modules_wait():
    assert len(WAITING) <= MOST_WAITING
    assert all(reason.strip() for reason in WAITING.values())


def test_no_more_names_are_used_by_tests_only():
    """A function that only tests call is a defect: reference cases call what runs."""
    every = [*unreached_names(), *unmentioned_members()]
    found = [name for name in every if not name.startswith(CALLED_BY_NUMBA)]
    assert len(found) <= MOST_UNRUN, "\n".join(found)


def test_readmes_and_notebooks_import_nothing_that_is_not_there():
    assert missing() == []


@pytest.mark.parametrize(
    "node",
    [
        ("engine.cli.commands", "main"),
        ("engine.plan.load", "load_plan"),  # named by the README, handed on by engine/__init__
        ("engine.report.plots", "waterfall"),  # named by the README only
        ("engine.demo.write", "write_demo"),  # imported within a command
        ("models.network.kernel", "advance"),  # two packages and a re-export below a command
    ],
)
def test_names_are_followed_to_the_file_that_defines_them(node):
    assert node in reached()


def test_an_import_alone_runs_nothing():
    package = modules()["models.ltv"]
    assert "ParetoNBD" in package.imports
    assert ("models.ltv.pareto", "ParetoNBD") in set(resolve("models.ltv.ParetoNBD"))
    assert list(mentioned(package.loose, package)) == []
