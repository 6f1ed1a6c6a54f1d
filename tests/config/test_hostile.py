"""Names that must never be imported, counted from outside."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CODE = """
import json, sys
from windu.config import from_yaml
from windu.exceptions import ConfigError

# What a reader uses itself is there before the count starts: the lists of classes, and
# what shows an estimator in a message.
for harmless in json.loads(sys.argv[1]):
    repr(from_yaml(harmless))
cases = json.load(sys.stdin)
events, seen = [], set(sys.modules)
watched = ("import", "exec", "compile", "open", "os.", "subprocess.", "socket.")

def hook(name, args):
    if name.startswith(watched):
        events.append([name, repr(args)[:200]])

sys.addaudithook(hook)
passed = []
for text in cases:
    try:
        from_yaml(text)
    except ConfigError:
        continue
    passed.append(text)
told = {"passed": passed, "events": list(events), "new": sorted({*sys.modules} - seen)}
# The hook sees what an allowed name does.
from_yaml("estimator: {featurizer: {use: 'zipapp:get_interpreter'}}", allow=["zipapp"])
told["canary"] = any(n == "exec" and "zipapp.py" in a for n, a in events)
print(json.dumps(told))
"""

HARMLESS = [
    "estimator: {model: svm, transformer: StandardScaler, threshold: f1}",
    "estimator: {model: {SVC: {}}, transformer: {Pipeline: {steps: {a: PCA}}}}",
    "estimator: {schema: {extra: warn}, featurizer: {use: 'numpy:log1p'}}",
]

TARGETS = [
    "os:system", "posix:system", "subprocess:run", "subprocess:Popen", "builtins:eval",
    "builtins:exec", "builtins:open", "builtins:__import__", "builtins:compile",
    "builtins:getattr", "importlib:import_module", "runpy:run_path", "pickle:loads",
    "shutil:rmtree", "antigravity:fly", "this:s", "webbrowser:open", "code:interact",
    "timeit:timeit", "pdb:run", "numpy:load", "numpy:fromfile", "numpy:memmap",
    "numpy:genfromtxt", "numpy.ctypeslib:load_library", "numpy:frompyfunc",
    "numpy:vectorize", "numpy:apply_along_axis", "numpy.f2py:compile",
    "numpy.distutils:exec_command", "numpy.testing:rundocs", "pandas:read_pickle",
    "pandas:eval", "pandas:read_csv", "pandas.io.common:os", "scipy.io:loadmat",
    "joblib:load", "skops.io:load", "sklearn.datasets._base:os",
    "sklearn.datasets:fetch_openml", "sklearn.utils:Bunch", "sklearn:os",
    "sklearn.utils._testing:assert_run_python_script_without_output",
    "sklearn.externals._packaging:version", "sklearn.metrics:make_scorer",
    "sklearn.metrics:os", "sklearn.feature_selection:os", "builtins:type",
    "windu:load", "windu.persistence:load", "windu.config.references:sys",
    "windu.config:from_yaml", "windu.estimator.estimator:WinduEstimator",
    "tests.config.features:add_ratios", "__main__:cases", "sys:exit", "os.path:join",
    "ctypes:CDLL", "socket:socket", "http.server:test", "idlelib.idle:x",
    "lib2to3.main:main", "turtle:done", "tkinter:Tk", "test.support:x", "os:_exit",
]  # fmt: skip
MANGLED = [
    "os", "os:", ":system", "os:system:x", "os:path.join", "os.path:join.__globals__",
    "sklearn.svm:SVC.fit", "sklearn.datasets._base.os:system", " os:system",
    "os:system ", "os :system", "os: system", "os\n:system", "os:system\n", "../os:x",
    "/etc/passwd:x", "os.:system", ".os:system", "os..path:join", "os:__class__",
    "numpy:__builtins__", "numpy:log1p.__call__", "numpy.:log1p", "numpy:log1p()",
    "builtins:int.__subclasses__", "\uff4fs:system", "os\uff1asystem",
    "numpy:l\u043eg1p", "1os:x", "os:1x",
    "os-x:y", "*:*", "numpy:*", "os;sys:x", "import os:system", "%6fs:system",
]  # fmt: skip
NAMES = [
    "os.system", "os:system", "eval", "exec", "open", "SVC.__init__", "sklearn.svm.SVC",
    "sklearn.svm:SVC", "svm.SVC", "_SVC", "BaseEstimator", "BaseSVC", "Bunch", "Memory",
    "sc", "SVC ", "svc", "sklearn", "os", "Popen", "WinduEstimator", "__import__",
    "TransformerMixin", "ForestClassifier", "Kernel", "BaseCrossValidator", "Path",
    "XGBModel", "LGBMModel", "CatBoost", "Pool", "lightgbm", "Booster", "fetch_openml",
]  # fmt: skip
PLACES = [
    "estimator: {{featurizer: {0}}}",
    "estimator: {{transformer: {{Pipeline: {{steps: {{a: {0}}}}}}}}}",
    "estimator: {{model: {{BaggingClassifier: {{estimator: {0}}}}}}}",
    "estimator: {{transformer: {{FunctionTransformer: {{func: {0}}}}}}}",
    "estimator: {{threshold: {{scoring: {0}}}}}",
    "estimator: {{schema: {0}}}",
]
PATHS = [
    "estimator: {memory: /tmp/x}",
    "estimator: {transformer: {Pipeline: {memory: /tmp/x, steps: {a: PCA}}}}",
    "estimator: {transformer: {Pipeline: {memory: {Memory: {}}, steps: {a: PCA}}}}",
    "estimator: {transformer: {CountVectorizer: {input: filename}}}",
    "estimator: {transformer: {CountVectorizer: {input: file}}}",
    "estimator: {transformer: {TfidfVectorizer: {input: filename}}}",
    "estimator: {transformer: {FeatureAgglomeration: {memory: ./x}}}",
    "estimator: {transformer: {FeatureUnion: {transformer_list: {a: {Pipeline: "
    "{memory: x, steps: {a: PCA}}}}}}}",
]


def hostile():
    """Return configurations, each of which must be refused."""
    modules = [m.name for m in pkgutil.iter_modules() if m.name.isidentifier()]
    targets = TARGETS + MANGLED + [f"{name}:main" for name in modules]
    uses = [json.dumps({"use": target}) for target in targets]
    cases = [place.format(use) for use in uses[:100] for place in PLACES]
    cases += [PLACES[0].format(use) for use in uses[100:]]
    for name in NAMES:
        given = json.dumps({name: {}})
        cases += [PLACES[i].format(given) for i in (0, 1, 2)]
        cases.append(f"estimator: {{model: {json.dumps(name)}}}")
    return cases + PATHS, len(targets) + len(NAMES) + len(PATHS)


@pytest.mark.slow
def test_nothing_is_imported():
    """No hostile name is accepted, imported, opened or executed."""
    cases, n_targets = hostile()
    assert n_targets >= 300
    # Registered boosters are no hostile names; their names alone import nothing. An
    # estimator of windu may stand in another.
    inner = (
        'estimator: {model: {BaggingClassifier: {estimator: {"WinduEstimator": {}}}}}'
    )
    harmless = {'estimator: {model: "lightgbm"}', inner}
    cases = [case for case in cases if case not in harmless]
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(HARMLESS)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"passed": [], "events": [], "new": [], "canary": True}
