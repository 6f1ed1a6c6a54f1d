"""Whatever stands in a text, it is read, or refused with a place."""

import random
import re
import warnings

import pytest

from windu.config import from_yaml, to_yaml
from windu.exceptions import ConfigError

pytestmark = pytest.mark.slow

BASE = """estimator:
  task: binary
  transformer:
    ColumnTransformer:
      transformers:
        a: {transformer: {Pipeline: {steps: {s: StandardScaler}}}, columns: [x, y]}
        b: {transformer: drop, columns: {set: [0, 2]}}
      remainder: {FunctionTransformer: {func: {use: 'numpy:log1p'}, kw_args: {a: 1}}}
  model:
    StackingClassifier:
      estimators: {r: {random_forest: {class_weight: {0: 1, 1: 2.5}}}, l: SVC}
      final_estimator: {RFE: {estimator: {LogisticRegression: {C: 1e-05}}}}
  threshold:
    scoring: f1
    cost_matrix: [[0, 1], [5, 0]]
    pos_label: {tuple: [1, 2]}
    cv: {StratifiedKFold: {n_splits: 3}}
  schema: {pandera: {format: 1, columns: [{name: a, dtype: float64}]}}
  random_state: 0
"""
WORD_LIST = """
null true [] {} 0 -1 1e5 .nan .inf '' x drop SVC Pipeline svm log1p use tuple set slice
dict numpy dtype frame columns steps {SVC:} [[]] {?:1} : - , | > & * ! % @ " ' # é [1,2]
99999999999999999999999 {use:1} {tuple:[1]} {numpy:[[1],[2]]} {set:[[1]]} {numpy:1}
{frame:{}} {dict:{SVC:1}} {ThresholdSelector:} {pandera:1}
"""
WORDS = [word.replace(":", ": ") for word in WORD_LIST.split()]


def changed(rng):
    """Return the text with one to three words replaced, put in, or cut out."""
    text = BASE
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        spans = [m.span() for m in re.finditer(r"[\w'.:-]+|\[[^][]*\]", text)]
        start, stop = rng.choice(spans)
        if rng.random() < 0.2:
            start = stop = rng.randrange(len(text))
        word = "" if rng.random() < 0.1 else rng.choice([*WORDS, "\t", "\n", "\u2028"])
        text = text[:start] + word + text[stop:]
    return text


@pytest.mark.parametrize("seed", range(2))
def test_changed_texts(seed):
    """A change gives a `ConfigError` with a place, or an estimator that is written."""
    rng = random.Random(seed)
    n_read, unplaced = 0, []
    for _ in range(250):
        text = changed(rng)
        try:
            # Values that are no use may make numpy and pandas warn.
            with warnings.catch_warnings(action="ignore"):
                est = from_yaml(text)
        except ConfigError as error:
            unplaced += [] if error.line else [text]
            continue
        n_read += 1
        written = to_yaml(est)
        assert to_yaml(from_yaml(written)) == written
    assert unplaced == []
    assert n_read > 2


def test_unchanged():
    """The text that is changed is right."""
    written = to_yaml(from_yaml(BASE))
    assert to_yaml(from_yaml(written)) == written
