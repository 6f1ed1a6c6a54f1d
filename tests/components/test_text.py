"""TextEncoder: similar texts are near, others are not."""

import numpy as np
import pandas as pd

from windu import TextEncoder

TEXTS = ["oil on canvas", "oil on wood", "ink on paper", "pencil on paper"] * 5


def test_same_words_are_near():
    """The distance of texts follows their words."""
    encoded = TextEncoder(n_components=4, random_state=0).fit_transform(
        np.array(TEXTS, dtype=object).reshape(-1, 1)
    )
    oil, wood, ink, _ = encoded[:4]
    assert np.linalg.norm(oil - wood) < np.linalg.norm(oil - ink)


def test_missing_and_unknown_texts_are_zeros():
    """No text and no word of training are the same: nothing is known."""
    frame = pd.DataFrame({"note": TEXTS})
    encoder = TextEncoder(n_components=3, random_state=0).fit(frame)
    new = pd.DataFrame({"note": [None, "", "zebra"]})
    np.testing.assert_allclose(encoder.transform(new), 0, atol=1e-12)


def test_names_and_fewer_components_than_asked():
    """A tiny table gives fewer numbers, and their names follow the columns."""
    frame = pd.DataFrame({"a": TEXTS[:4], "b": TEXTS[4:8]})
    encoder = TextEncoder(n_components=30, random_state=0).fit(frame)
    names = encoder.get_feature_names_out()
    assert encoder.transform(frame).shape == (4, len(names))
    assert names[0] == "a_0"


def test_a_column_is_encoded_by_itself():
    """The order of columns makes no difference."""
    frame = pd.DataFrame({"a": TEXTS, "b": TEXTS[::-1]})
    one = TextEncoder(3, random_state=0).fit_transform(frame)
    other = TextEncoder(3, random_state=0).fit_transform(frame[["b", "a"]])
    np.testing.assert_allclose(one[:, :3], other[:, 3:])
