"""scikit-learn's own tests of its estimators, with ours in their place: all that is about what both have passes.

The files are those of the installed package. Each test that fails stands below with its reason, and no other.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

SHRINKAGE = "asks for shrinkage, a regularised covariance, or an estimator of it: ours are of maximum likelihood"
LATER = "wants fit to refuse rows that more rows may still complete: predict says what is missing"
POSITIVE = "asks for positive coefficients"
WIDE = "has more than the 64 features that a regression takes"

LEFT: Final[dict[str, dict[str, str]]] = {
    "sklearn.linear_model.tests.test_base": {
        "test_linear_regression": "one row for two coefficients: theirs are of least norm, ours NaN, with a warning",
        "test_linear_regression_sparse": WIDE,
        "test_linear_regression_multiple_outcome": WIDE,
        "test_linear_regression_sample_weight_consistency": WIDE,
        "test_raises_value_error_if_positive_and_sparse": POSITIVE,
        "test_linear_regression_positive": POSITIVE,
        "test_linear_regression_positive_multiple_outcome": POSITIVE,
        "test_linear_regression_positive_vs_nonpositive": POSITIVE,
        "test_linear_regression_positive_vs_nonpositive_when_positive": POSITIVE,
        "test_inplace_data_preprocessing": "wants the rows of the caller overwritten: ours never are",
    },
    "sklearn.tests.test_discriminant_analysis": {
        "test_lda_predict": SHRINKAGE,
        "test_lda_shrinkage": SHRINKAGE,
        "test_lda_ledoitwolf": SHRINKAGE,
        "test_lda_dtype_match": f"wants parameters of 32 bits, and {SHRINKAGE}",
        "test_qda": LATER,
        "test_qda_covariance_estimator": SHRINKAGE,
        "test_qda_ledoitwolf": SHRINKAGE,
        "test_qda_coefs": "looks at rotations_, a step of their solver",
        "test_qda_prior_copy": "changes a parameter in place: ours are looked at when they are used",
        "test_qda_regularization": f"{LATER}; and {SHRINKAGE}",
        "test_raises_value_error_on_same_number_of_classes_and_samples": LATER,
        "test_raises_value_error_on_one_sample_per_class": LATER,
        "test_qda_shrinkage_performance": SHRINKAGE,
    },
    "sklearn.tests.test_naive_bayes": {
        "test_gnb_check_update_with_no_data": "calls a private method of theirs",
        "test_NB_partial_fit_no_first_classes": "wants classes named beforehand, which ours need not be",
    },
}


@pytest.mark.parametrize("module", LEFT)
def test_theirs_pass_with_ours_in_place(module: str, tmp_path: Path) -> None:
    """Each test passes, or stands above; what stands above does fail, so that no reason outlives its cause."""
    report = tmp_path / "report.xml"
    # Their tests are not ours: not our settings of pytest, of which the strictest makes an error of each warning.
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(settings),
        "--rootdir",
        str(tmp_path),
    ]
    command += ["-p", "no:cacheprovider", "-p", "tests.estimators.sklearn_places"]
    command += [f"--junit-xml={report}", "--pyargs", module]
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stdout[-3000:] + ran.stderr[-3000:]
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    failed: dict[str, str] = {}
    for case in cases:
        assert case.find("error") is None, case.attrib
        found = case.find("failure")
        if found is not None:
            failed.setdefault(case.attrib["name"].partition("[")[0], found.attrib["message"][:200])
    unexpected = {name: message for name, message in failed.items() if name not in LEFT[module]}
    assert not unexpected
    assert set(LEFT[module]) == set(failed)
    passed = [
        case for case in cases if case.find("failure") is None and case.find("skipped") is None
    ]
    assert len(passed) > 20
