"""scikit-learn's own tests of `GridSearchCV`, run with windu's search in its place."""

import ast
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.model_selection.tests import test_search as installed

from windu import OptunaSearchCV

if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9):
    pytest.skip("the tests differ before scikit-learn 1.9", allow_module_level=True)


class GridOfTrials(OptunaSearchCV):
    """`OptunaSearchCV` under the signature of `GridSearchCV`."""

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        error_score=np.nan,
        return_train_score=False,
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.pre_dispatch = pre_dispatch
        self.error_score = error_score
        self.return_train_score = return_train_score


FIXED = {
    "sampler": "grid",
    "pruner": None,
    "space": property(lambda search: search.param_grid),
}
for name, parameter in signature(OptunaSearchCV).parameters.items():
    # What `GridSearchCV` has no name for stays as it is.
    if name not in signature(GridOfTrials).parameters:
        setattr(GridOfTrials, name, FIXED.get(name, parameter.default))


def load_tests():
    """Return the module of scikit-learn with `GridSearchCV` swapped."""
    path = Path(installed.__file__)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    last_import = max(
        position
        for position, node in enumerate(tree.body)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    )
    swap = ast.parse("GridSearchCV = GridOfTrials").body
    tree.body[last_import + 1 : last_import + 1] = swap
    return compile(ast.fix_missing_locations(tree), path, "exec")


NON_FINITE = "test_searchcv_raise_warning_with_non_finite_score"
#: Why a test fails, by its name and parameters.
FAILURE = "failed fits are counted, and the first reason is told, in words of windu"
SCORE = "a score that is not a number is a failure of the trial, with its reason"
NOTHING = "where all trials fail, the first error itself is raised"
VERBOSE = "one line a trial, not one a fold"
DIFFERENCES = {
    "test_grid_search_bad_param_grid": "a bad range is a SearchError with its forms",
    "test_grid_search_cv_results": "cv_results_ has 'trial', 'state' and 'error'",
    "test_custom_run_search": "cv_results_ has 'trial', 'state' and 'error'",
    "test_unsupported_sample_weight_scorer": NOTHING,
    "test_search_cv_results_none_param": SCORE,
    "test_grid_search_failing_classifier": FAILURE,
    "test_grid_search_classifier_all_fits_fail": NOTHING,
    "test_callable_multimetric_clf_all_fits_fail": NOTHING,
    f"{NON_FINITE}[GridOfTrials-specialized_params0-False]": SCORE,
    f"{NON_FINITE}[GridOfTrials-specialized_params0-True]": SCORE,
    "test_search_cv_verbose_3[True]": VERBOSE,
    "test_search_cv_verbose_3[False]": VERBOSE,
}

exec(load_tests())

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _difference(request):
    """Expect a difference on purpose to stay one."""
    if request.node.name == "test_search_with_2d_array":
        pytest.skip("it takes seconds, and is about RandomizedSearchCV")
    if reason := DIFFERENCES.get(request.node.name):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
