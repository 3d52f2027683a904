"""How often the doctor is right: ``uv run benchmarks/doctor.py`` prints it and writes it into the benchmark's report.

Sick nets are healthy ones with a single setting made bad. Right is a first finding that names this setting; cured is a
net that, trained anew with the first mend of that finding, no longer has it and ends at half of the untreated loss or
less.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

from benchmarks.diagnosis import Diagnosis, FalseAlarm, diagnose, false_alarms  # noqa: E402
from benchmarks.healthy_nets import HEALTHY, named  # noqa: E402
from benchmarks.report import Options, Section, Table, machine, written  # noqa: E402
from benchmarks.sick_nets import PLANTED, Planted  # noqa: E402
from simulator.doctor.base import Finding  # noqa: E402

TIMES = (0, 2, 5, 10, 25, 50, 100, 200, 300, 400)
"""Steps at which a healthy net is looked at."""
LEAST = {"named": 0.95, "offered": 0.8, "cured": 0.9}
MOST = {"contradictory": 0.0, "untried": 0.0, "ill said": 0.0, "severe": 0.0, "warned": 0.02}
"""The shares that are aimed at."""


def shares(diagnoses: Sequence[Diagnosis]) -> dict[str, float]:
    """Of the sick nets, and of those of them that a setting can mend or that are offered a mend; none of none."""
    mendable = [each for each in diagnoses if each.planted.mendable]
    offered = [each for each in diagnoses if each.offered]
    held = {
        "named": [each.named for each in diagnoses],
        "offered": [each.offered for each in mendable],
        "cured": [each.cured for each in offered],
        "all cure": [each.cured and not each.failing for each in offered],
        "harmed": [each.harmed for each in offered],
        "contradictory": [bool(each.contradictory) for each in diagnoses],
        "ill said": [bool(each.ill_said) for each in diagnoses],
        "untried": [bool(each.untried) for each in diagnoses],
    }
    return {name: sum(found) / len(found) for name, found in held.items() if found}


def alarm_shares(alarms: Sequence[FalseAlarm], looks: int) -> dict[str, float]:
    """Of all looks at healthy nets: those with a severe finding, and those with a warning."""
    return {
        "severe": len({(each.net, each.step) for each in alarms if each.finding.severity == "severe"}) / looks,
        "warned": len({(each.net, each.step) for each in alarms if each.finding.severity == "warning"}) / looks,
    }


WORDS = {
    "named": ("the first finding names the true cause", "sick nets"),
    "offered": ("a mend is offered", "sick nets that a setting can mend"),
    "cured": ("the first mend cures", "sick nets with a mend"),
    "all cure": ("each of its mends cures", "sick nets with a mend"),
    "harmed": ("the first mend makes it worse, or not finite", "sick nets with a mend"),
    "contradictory": ("two mends contradict each other", "sick nets"),
    "untried": ("a mend is offered untried", "sick nets"),
    "ill said": ("a sentence has a blemish", "sick nets"),
    "severe": ("a severe finding", "looks at healthy nets"),
    "warned": ("a warning", "looks at healthy nets"),
}


def _target(name: str) -> str:
    if name in LEAST:
        return f"≥ {LEAST[name]:.0%}"
    return f"≤ {MOST[name]:.0%}" if name in MOST else ""


def _overview(found: Mapping[str, float], counts: Mapping[str, int]) -> Table:
    sick, healthy = (f"{counts['sick']} sick nets of {counts['kinds']} kinds", f"{counts['healthy']} healthy ones")
    table = Table(f"{sick}, {healthy} at {counts['times']} times", ["what", "share of", "found", "target"])
    table.rows += [(*WORDS[name], f"{value:.1%}", _target(name)) for name, value in found.items()]
    return table


def _count(diagnoses: Sequence[Diagnosis], holds: Callable[[Diagnosis], bool]) -> str:
    return str(sum(map(holds, diagnoses)))


def _by_kind(diagnoses: Sequence[Diagnosis]) -> Table:
    table = Table("By kind of cause", ["planted", "nets", "named", "mend offered", "cured", "made worse"])
    for kind in dict.fromkeys(each.planted.kind for each in diagnoses):
        of_kind = [each for each in diagnoses if each.planted.kind == kind]
        table.rows.append(
            [
                kind,
                str(len(of_kind)),
                _count(of_kind, lambda each: each.named),
                _count(of_kind, lambda each: each.offered),
                _count(of_kind, lambda each: each.cured),
                _count(of_kind, lambda each: each.harmed),
            ]
        )
    return table


def faults(diagnosis: Diagnosis) -> list[str]:
    """In words: what the doctor got wrong about a sick net."""
    found = [] if diagnosis.named else ["not named"]
    if diagnosis.planted.mendable and not diagnosis.offered:
        found.append("no mend")
    if diagnosis.offered and not diagnosis.cured:
        cure = diagnosis.cures[0]
        kept = "" if cure.gone else ", the finding stays"
        worse = "made worse" if diagnosis.harmed else "not cured"
        found.append(f"{worse}: loss {diagnosis.level.loss:.3g} → {cure.level.loss:.3g}{kept}")
    found += [f"“{remedy.title}” does not cure" for remedy in diagnosis.failing]
    found += [f"contradictory mends of {path}" for path in diagnosis.contradictory]
    found += [f"ill said: “{sentence}”" for sentence in diagnosis.ill_said]
    return found + ["mends untried"] * bool(diagnosis.untried)


def miss(diagnosis: Diagnosis) -> str:
    """All about one net that the doctor got wrong, as an entry of a list."""
    first = diagnosis.first
    return (
        f"- {diagnosis.planted.kind}: `{diagnosis.planted.name}`, loss {diagnosis.level.loss:.3g}: "
        f"{', '.join(faults(diagnosis))}. Planted: {' or '.join(diagnosis.planted.paths)}. "
        f"{'Nothing was found.' if first is None else _heard(first)}"
    )


def _heard(finding: Finding) -> str:
    """A finding's cause, sentence and mends."""
    cause = "the stack" if finding.cause is None else finding.cause.path
    factor = f", {finding.factor}" if finding.factor else ""
    remedies = "; ".join(f"{remedy.title} {json.dumps(dict(remedy.settings))}" for remedy in finding.remedies)
    told = f"{finding.rule} ({finding.severity}): {finding.sentence}"
    return f"Named: {cause}{factor}. Told: {told} Mends: {remedies or 'none'}."


def _alarm(alarm: FalseAlarm) -> str:
    found = alarm.finding
    return f"- healthy, {alarm.net}, step {alarm.step}: {found.rule} ({found.severity}): {found.sentence}"


def measured(planted: Iterable[Planted], healthy: Iterable[str], times: Sequence[int]) -> Section:
    """Ask the doctor about all of them."""
    diagnoses = [diagnose(each) for each in planted]
    names = list(healthy)
    alarms = [alarm for name in names for alarm in false_alarms(name, named(name), times)]
    return told(diagnoses, alarms, len(names), len(times))


def told(diagnoses: Sequence[Diagnosis], alarms: Sequence[FalseAlarm], healthy: int, times: int) -> Section:
    """The tables, and every miss."""
    found = shares(diagnoses) | alarm_shares(alarms, healthy * times)
    kinds = len({each.planted.kind for each in diagnoses})
    counts = {"sick": len(diagnoses), "kinds": kinds, "healthy": healthy, "times": times}
    misses = [miss(each) for each in diagnoses if faults(each)] + [_alarm(alarm) for alarm in alarms]
    notes = ["Misses:", "\n".join(misses)] if misses else ["No misses."]
    return Section([_overview(found, counts), _by_kind(diagnoses)], {**counts, **found}, notes)


def run(options: Options) -> Section:
    if options.quick:
        return measured(PLANTED[:2], HEALTHY[:1], TIMES[:2])
    return measured(PLANTED, HEALTHY, TIMES)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", default=ROOT / "docs" / "BENCHMARK.md",
                        help="the report whose section is replaced")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="only see that everything runs; the numbers mean nothing")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    given = _parser().parse_args(arguments)
    section = run(Options(quick=given.quick))
    print(section.text())
    written(given.markdown, "doctor", section.text())
    if given.json is not None:
        result = {"machine": machine(), "quick": given.quick, "sections": {"doctor": section.data}}
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
