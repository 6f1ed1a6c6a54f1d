"""The model card says what the run holds, and builds nothing of it."""

import pytest

import windu
from tests.conftest import make_ugly
from tests.persistence.test_runs import add_ratio
from windu import WinduEstimator, load, model_card, save

X, Y = make_ugly()


def test_what_a_card_says(tmp_path):
    """Columns, metrics, threshold, versions, how to load; and what users add."""
    est = WinduEstimator("linear", threshold=0.4).fit(X, Y)
    card = model_card(save(est, tmp_path / "est.windu", metrics={"f1": 0.875}))
    page = card.render()
    for said in (
        *("0.875", "Bern, Oslo, Rome", "0 to 8", "scikit-learn", "binary"),
        *("of good", "0.4", "LogisticRegression", "windu.load("),
    ):
        assert said in page
    card.add(**{"Intended use": "Tests."})
    card.save(tmp_path / "README.md")
    assert "Intended use" in (tmp_path / "README.md").read_text()


@pytest.mark.slow
def test_the_code_of_a_card_runs(tmp_path):
    """Also for a run that needs trust."""
    est = WinduEstimator("linear", featurizer=add_ratio).fit(X, Y)
    page = model_card(save(est, tmp_path / "a run.windu")).render()
    code = page.partition("```python\n")[2].partition("```")[0]
    names = {"X": X}
    exec(code, names)
    assert names["est"].predict(X).tolist() == est.predict(X).tolist()


def test_parts_and_what_is_not_fitted(tmp_path):
    """A card of what there is."""
    assert (
        "LabelEncoder"
        not in model_card(
            save(WinduEstimator("linear"), tmp_path / "new.windu")
        ).render()
    )
    encoder = WinduEstimator("linear").fit(X, Y).label_encoder_
    page = model_card(save(encoder, tmp_path / "part.windu")).render()
    assert "How to load" in page
    assert load(tmp_path / "part.windu").classes_.tolist() == ["bad", "good"]


def test_names_of_a_table_are_no_markup(tmp_path):
    """Columns and levels of a stranger's table stay texts."""
    table = X.rename(columns={"city": "<script>a|b</script>\n# Title"})
    est = WinduEstimator("linear").fit(table, Y)
    page = model_card(save(est, tmp_path / "est.windu")).render()
    assert "<script>" not in page
    assert "\n# Title" not in page
    assert windu.inspect(tmp_path / "est.windu").columns["column"][0].startswith("<")
