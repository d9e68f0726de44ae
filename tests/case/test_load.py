"""A wrong config is one sentence that names the file and the key."""

import re

import pytest

from tagline.case.load import check_case, keys, parse_case
from tagline.case.renamed import RENAMED
from tagline.errors import TaglineError

GOOD = """
name = "small"
title = "Is it so?"
[table]
id = "id"
time = "at"
target = "y"
source = "rows.csv"
"""


def refusal(text):
    with pytest.raises(TaglineError) as caught:
        parse_case(text, file="config/small.toml")
    message = str(caught.value)
    assert message.startswith("config/small.toml: ")
    assert "\n" not in message
    return message


def test_what_is_left_out_has_a_default():
    case = parse_case(GOOD, file="config/small.toml")
    assert case.seed == 7
    assert case.search.trials > 0


def test_a_run_can_give_its_case_back_as_json():
    case = parse_case(GOOD, file="config/small.toml")
    again = parse_case(case.model_dump_json(), file="elsewhere")
    assert again == case


def test_plain_data_makes_the_same_case():
    case = parse_case(GOOD, file="config/small.toml")
    assert (
        check_case({k: v for k, v in case.to_dict().items() if k != "file"}, file=case.file) == case
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[serch]\ntrials = 3", "unknown key 'serch'"),
        ("[search]\ntrails = 3", "unknown key 'search.trails', did you mean 'search.trials'?"),
        ("[search]\ntrials = -1", "search.trials = -1"),
        ("[search]\ntrials = 'many'", "search.trials = 'many'"),
        ("[evaluation]\nprimary = 'roc_acu'", "evaluation.primary = 'roc_acu'"),
        ("[contract]\nfresh_within = 'soon'", "'soon' is not a length of time"),
        ("[split]\ntrain = [2013-01-01, 2013-02-01]", "all three, or none"),
        ("[serving]\nmost_rows = 3", "'serving.most_rows', which is called serving.max_rows now"),
    ],
)
def test_a_wrong_line_is_named(line, said):
    assert said in refusal(GOOD + line)


def test_a_missing_key_is_named():
    assert "key 'table.target' is missing" in refusal(GOOD.replace('target = "y"', ""))


def test_two_mistakes_are_told_at_once():
    message = refusal(GOOD + "[search]\ntrails = 1\n[split]\ntestshare = 0.1")
    assert "search.trails" in message
    assert "split.testshare" in message


def test_what_is_not_toml_is_told_with_its_line():
    assert re.search(r"not TOML: .*line 2", refusal("name = 'x'\nnot toml"))


def test_a_case_needs_rows_from_somewhere():
    assert "features (a module) or table.source" in refusal(GOOD.replace('source = "rows.csv"', ""))


def test_every_key_is_listed_once():
    listed = keys()
    assert {"name", "table.id", "search.trials", "split.train"} <= set(listed)
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("old", RENAMED)
def test_a_record_may_have_the_names_of_its_time(old):
    section, _, name = old.partition(".")
    new = f"{section}.{RENAMED[old]}"
    assert new in keys()
    assert old not in keys()
    values = parse_case(GOOD, file="config/small.toml").to_dict()
    given = values[section].pop(RENAMED[old])
    again = check_case(values | {section: {**values[section], name: given}})
    assert again.to_dict()[section][RENAMED[old]] == given
