"""Categories become the rates that other rows had; no row sees its own label."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tagline.transform.encode import Encoder, cross_fitted, fit

table = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "Ü"]), st.booleans(), st.integers(0, 5)),
    min_size=2,
    max_size=40,
)
settings = {"smoothing": 3.0, "folds": 3, "seed": 1}


def arrays(rows):
    texts, y, groups = zip(*rows, strict=True)
    return np.array(texts, dtype=np.dtypes.StringDType()), np.array(y, float), np.array(groups)


@given(table)
def test_a_category_is_its_rate_drawn_to_the_overall_rate(rows):
    texts, y, _ = arrays(rows)
    encoder = fit(texts, y, smoothing=3.0)
    for text, number in zip(texts, encoder.transform(texts), strict=True):
        own = [label for other, label in zip(texts, y, strict=True) if other == text]
        assert np.isclose(number, (sum(own) + 3 * y.mean()) / (len(own) + 3))


@given(table)
def test_without_smoothing_it_is_the_rate_itself(rows):
    texts, y, _ = arrays(rows)
    numbers = fit(texts, y, smoothing=0.0).transform(texts)
    for text in set(texts.tolist()):
        np.testing.assert_allclose(numbers[texts == text], y[texts == text].mean())


@given(table, st.data())
def test_no_row_sees_a_label_of_its_own_group(rows, data):
    texts, y, groups = arrays(rows)
    assume(len(set(groups.tolist())) > 1)
    before = cross_fitted(texts, y, groups, **settings)
    group = data.draw(st.sampled_from(groups.tolist()))
    changed = np.where(groups == group, 1 - y, y)
    after = cross_fitted(texts, changed, groups, **settings)
    np.testing.assert_array_equal(before[groups == group], after[groups == group])


@given(table)
def test_numbers_are_rates(rows):
    numbers = cross_fitted(*arrays(rows), **settings)
    assert ((numbers >= 0) & (numbers <= 1)).all()


@given(table)
def test_the_same_seed_deals_the_same_folds(rows):
    first, again = (cross_fitted(*arrays(rows), **settings) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@given(table)
def test_an_encoder_can_be_written_down_and_read_again(rows):
    texts, y, _ = arrays(rows)
    encoder = fit(texts, y, smoothing=3.0)
    assert Encoder.from_dict(encoder.to_dict()) == encoder
