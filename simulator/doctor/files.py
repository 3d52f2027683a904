"""Findings as a file: ``findings.json``, a list with the most pressing first, empty for a healthy run."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from simulator.doctor.base import Finding, Remedy

BEGAN = ("layer", "quantity", "direction", "step")


def json_number(value: float) -> float | str:
    """JSON knows no NaN and no Inf: they are written as the words ``nan``, ``inf``, ``-inf``."""
    return float(value) if math.isfinite(value) else repr(float(value))


def builtins_of(finding: Finding) -> dict[str, Any]:
    """A finding as dictionaries, lists and numbers; settings are what ``--set`` takes."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "layers": list(finding.layers),
        "since": finding.since,
        "step": finding.step,
        "sentence": finding.sentence,
        "factor": finding.factor,
        "numbers": {name: json_number(value) for name, value in finding.numbers.items()},
        "cause": None if finding.cause is None else {"path": finding.cause.path, "value": finding.cause.value},
        "began": None if finding.began is None else {name: getattr(finding.began, name) for name in BEGAN},
        "mends": [_remedy(remedy) for remedy in finding.remedies],
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "title": remedy.title,
        "settings": [{"path": path, "value": value} for path, value in remedy.settings],
        "applied": remedy.application,
    }
    if remedy.tried is not None:
        plain["tried"] = {
            "steps": remedy.tried.steps,
            "loss_before": json_number(remedy.tried.loss_before),
            "loss_after": json_number(remedy.tried.loss_after),
            "gone": remedy.tried.gone,
        }
    return plain


def to_json(findings: Sequence[Finding]) -> bytes:
    """The content of ``findings.json``."""
    plain = [builtins_of(finding) for finding in findings]
    return (json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
