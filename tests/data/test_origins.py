"""A table is the same wherever it comes from: one file, many, S3, a function of one's own."""

import sys
from decimal import Decimal

import pandas as pd
import pytest

from tagline.case.load import check_case, parse_case
from tagline.data.modules import load_features
from tagline.data.origins import Origin
from tagline.data.sources import put_sources, with_sources
from tagline.data.store import get_table
from tagline.errors import TaglineError
from tagline.storage.s3 import Bucket
from tagline.workflows.new_case import NewCase, begin
from tests.pipeline import prepared, rows

MODULE = """
import pandas as pd

def load():
    return pd.read_csv(__file__.replace("own_rows.py", "whole.csv"), parse_dates=["at"])

def broken():
    raise ValueError("the database sleeps")

def nothing():
    return 7
"""


@pytest.fixture
def folder(tmp_path):
    """Give a folder with the same table in every form that lies on a disk."""
    whole = rows(600)
    whole.to_csv(tmp_path / "whole.csv", index=False)
    whole.to_csv(tmp_path / "whole.csv.gz", index=False)
    for name, ending in (("parts", "csv"), ("parquets", "parquet")):
        (tmp_path / name).mkdir()
        for number in range(3):
            part = whole.iloc[200 * number : 200 * (number + 1)]
            path = tmp_path / name / f"2024-0{number}.{ending}"
            part.to_csv(path, index=False) if ending == "csv" else part.to_parquet(path)
    (tmp_path / "parts" / "_unfinished.csv").write_text("nonsense")
    (tmp_path / "own_rows.py").write_text(MODULE)
    return tmp_path


def config(source, **more):
    said = "".join(f"{key} = {value!r}\n" for key, value in more.items())
    table = f'source = "{source}"\nid = "id"\ntime = "at"\ntarget = "y"\n{said}'
    return f'name = "small"\ntitle = "?"\n[table]\n{table}[search]\nfolds = 1\n'


FORMS = [
    "whole.csv",
    "whole.csv.gz",
    "parts",
    "parts/",
    "parts/2024-*.csv",
    "parquets",
    "own_rows:load",
]


@pytest.mark.parametrize("source", FORMS)
def test_the_rows_and_the_model_s_inputs_are_the_same(folder, source):
    expected, _ = prepared(parse_case(config("whole.csv"), file=str(folder / "c.toml")))
    found, _ = prepared(parse_case(config(source), file=str(folder / "c.toml")))
    assert found.matrix == expected.matrix
    assert found.accounting == expected.accounting


@pytest.mark.parametrize("source", FORMS[1:])
def test_what_is_gone_is_read_from_the_store_as_it_was(folder, source, tmp_path_factory):
    case = parse_case(config(source), file=str(folder / "c.toml"))
    before, _ = prepared(case)
    kept = put_sources(case)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    moved = parse_case(config(source), file=str(elsewhere / "c.toml"))
    if "load" in source:
        return  # a function is asked anew: nobody knows what it reads
    again, _ = prepared(with_sources(moved, kept))
    assert again.matrix == before.matrix


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere/", "There is no"),
        ("empty", "There is no CSV or Parquet file"),
        ("parts/*.xlsx", "There is no CSV or Parquet file"),
        ("no_such:load", "No module named 'no_such'"),
        ("own_rows:loads", "has no attribute 'loads'"),
        ("own_rows:broken", "It fails: ValueError: the database sleeps"),
        ("own_rows:nothing", "gives int, and no pandas frame"),
    ],
)
def test_what_can_not_be_read_is_a_sentence(folder, source, said):
    (folder / "empty").mkdir()
    with pytest.raises(TaglineError, match=said):
        Origin(source, folder).read()


def test_what_of_a_folder_is_no_table_is_counted(folder):
    assert any(
        "1 other file of parts is not read" in n for n in Origin("parts", folder).read().notes
    )
    assert len(Origin("parquets", folder).read().notes) == 1


def test_files_of_other_columns_are_named(folder):
    pd.DataFrame({"id": ["x"], "att": ["2025-01-01"]}).to_csv(folder / "parts" / "z.csv")
    with pytest.raises(TaglineError, match=r"z.csv has a column 'att'.*unlike 2024-00.csv"):
        Origin("parts", folder).read()


def test_new_takes_a_folder_and_a_pattern(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "elsewhere").mkdir()
    for named in ("parts", "parts/2024-*.csv"):
        found = begin(NewCase("own", named, target="y"), file=folder / "elsewhere" / "own.toml")
        own = parse_case(found.config, file=str(folder / "elsewhere" / "own.toml"))
        assert own.table.source == f"../{named}"
        assert prepared(own)[0].accounting["rows_in"] == 600


@pytest.mark.slow
def test_a_prefix_of_s3_is_a_folder(folder, s3):
    bucket = Bucket.named(f"{s3}/orders")
    for path in sorted((folder / "parts").glob("2024*.csv")):
        bucket.write(path.name, path.read_bytes())
    expected, _ = prepared(parse_case(config("whole.csv"), file=str(folder / "c.toml")))
    found, _ = prepared(parse_case(config(f"{s3}/orders"), file=str(folder / "c.toml")))
    assert found.matrix == expected.matrix
    one = Origin(f"{s3}/orders/2024-01.csv", folder).read().frame
    assert len(one) == 200
    some = Origin(f"{s3}/orders/2024-0[01].csv", folder).read().frame
    assert len(some) == 400
    with pytest.raises(TaglineError, match="only the last part"):
        Origin(f"{s3}/ord*/2024-01.csv", folder).read()


def test_what_nobody_wanted_is_not_kept_and_what_is_kept_is_what_was_trained(folder):
    (folder / "growing.py").write_text(
        "import pandas as pd\ncalls = []\n\ndef load():\n    calls.append(1)\n"
        f"    frame = pd.read_csv({str(folder / 'whole.csv')!r}, parse_dates=['at'])\n"
        "    return frame.head(590 + len(calls)).assign(mail='a@b.org')\n"
    )
    case = parse_case(config("growing:load", exclude=["mail"]), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    (kept,) = put_sources(case).values()
    table = get_table({"sha256": kept, "rows": 0})
    assert "mail" not in table
    assert len(table) == found.accounting["rows_in"]
    (folder / "growing.py").unlink()
    del sys.modules["growing"]
    again, _ = prepared(
        with_sources(
            case.model_copy(update={"file": str(folder / "x" / "c.toml")}), {"source": kept}
        )
    )
    assert again.matrix == found.matrix


LISTED = {"many": lambda own: [[n] for n in range(len(own))], "raw": lambda own: [b"x"] * len(own)}


def test_columns_of_lists_and_bytes_are_left_out_and_told(folder):
    rows(600).assign(**LISTED).to_parquet(folder / "lists.parquet")
    case = parse_case(config("lists.parquet"), file=str(folder / "c.toml"))
    found, lines = prepared(case)
    expected, _ = prepared(parse_case(config("whole.csv"), file=str(folder / "c.toml")))
    assert found.matrix == expected.matrix
    assert "raw holds binary, which is neither number, text, time nor flag: left out" in lines
    begun = begin(NewCase("own", folder / "lists.parquet", target="y"), file=folder / "o.toml")
    assert any(line.startswith("many holds list") for line in begun.told)


@pytest.mark.parametrize("named", [{"known": ["many"]}, {"kinds": {"raw": "string"}}])
def test_columns_of_lists_that_the_config_names_are_refused(folder, named):
    rows(600).assign(**LISTED).to_parquet(folder / "lists.parquet")
    said = check_case(
        {**parse_case(config("lists.parquet"), file=str(folder / "c.toml")).to_dict()}
    ).to_dict()
    case = check_case(said | {"table": said["table"] | named}, file=str(folder / "c.toml"))
    with pytest.raises(TaglineError, match="which is neither number, text, time nor flag"):
        prepared(case)


def test_endings_may_be_great_letters(folder):
    whole = pd.read_csv(folder / "whole.csv", dtype=str)
    (folder / "great").mkdir()
    for number, name in enumerate(("A.CSV", "b.csv", "C.Parquet")):
        part = whole.iloc[200 * number : 200 * (number + 1)]
        path = folder / "great" / name
        part.to_parquet(path) if name == "C.Parquet" else part.to_csv(path, index=False)
    assert len(Origin("great", folder).read().frame) == len(whole)
    assert len(Origin("great/A.CSV", folder).read().frame) == 200


def test_files_that_hold_a_column_as_text_and_as_numbers_are_one_table(folder):
    own = rows(600).assign(id=range(600))
    (folder / "mixed").mkdir()
    own.head(300).to_csv(folder / "mixed" / "a.csv", index=False)
    own.tail(300).to_parquet(folder / "mixed" / "b.parquet", index=False)
    case = parse_case(config("mixed"), file=str(folder / "c.toml"))
    found, _ = prepared(case)
    own.to_csv(folder / "own.csv", index=False)
    whole = parse_case(config("own.csv"), file=str(folder / "c.toml"))
    expected, _ = prepared(whole)
    assert found.matrix == expected.matrix
    assert put_sources(case)


def test_decimals_of_many_digits_are_read_as_what_they_are(folder):
    great = [Decimal(10) ** 37 + n for n in range(600)]
    rows(600).assign(great=great).to_parquet(folder / "great.parquet", index=False)
    begun = begin(NewCase("great", folder / "great.parquet", target="y"), file=folder / "g.toml")
    assert "great" in begun.survey.frame


def test_a_feature_module_lies_beside_its_config(folder, monkeypatch):
    monkeypatch.setattr("sys.path", list(sys.path))
    (folder / "beside_it.py").write_text("FIELDS = ()\n")
    case = parse_case(
        'name = "own"\ntitle = "?"\nfeatures = "beside_it"\n[table]\n'
        'id = "id"\ntime = "at"\ntarget = "y"\n',
        file=str(folder / "c.toml"),
    )
    with pytest.raises(TaglineError, match="'beside_it' lacks HISTORY"):
        load_features(case)
