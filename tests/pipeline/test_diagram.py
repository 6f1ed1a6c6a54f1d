"""A pipeline in a notebook."""

from windu import TrainingPipeline, WinduEstimator
from windu.datasets import load_penguins

HOSTILE = "<script>alert(1)</script>"


def test_before_and_after_a_run():
    """All steps with their state; what names say is escaped."""
    table = load_penguins().frame.rename(columns={"species": HOSTILE})
    pipe = TrainingPipeline(WinduEstimator("linear"), data=table, target=HOSTILE)
    before = pipe._repr_html_()
    assert before.count("not run yet") == len(pipe.steps)
    assert HOSTILE not in before
    assert "&lt;script&gt;" in before
    pipe.transform()
    part = pipe._repr_html_()
    assert part.count("not run yet") == 4
    assert "344 x 7" in part
    result = pipe.run()
    after = pipe._repr_html_()
    assert "not run yet" not in after
    assert after.count("kept") > 5
    assert "kept" in result._repr_html_()
    assert HOSTILE not in after + result._repr_html_()
    assert "Settings have changed" not in after
    assert "Settings have changed" in pipe.set(model="random_forest")._repr_html_()
