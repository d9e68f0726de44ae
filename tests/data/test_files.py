"""Files are read as they are: types kept, nothing guessed, every fault one sentence."""

from datetime import date, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from tagline.data.files import read_file
from tagline.errors import TaglineError


def written(folder, content):
    file = folder / "rows.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def parquet(folder, **columns):
    file = folder / "rows.parquet"
    pa.parquet.write_table(pa.table(columns), file)
    return file


def refusal(file, **wishes):
    with pytest.raises(TaglineError) as caught:
        read_file(file, **wishes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_text_of_a_csv_is_kept_as_it_is_written(tmp_path):
    file = written(tmp_path, 'a,b\n007,"x, y"\n,NA\n1.50,"two\nlines"\n')
    frame = read_file(file).frame
    assert frame["a"].tolist()[::2] == ["007", "1.50"]
    assert frame["a"].isna().tolist() == [False, True, False]
    assert frame["b"].tolist() == ["x, y", "NA", "two\nlines"]


@pytest.mark.parametrize(
    ("values", "dtype", "first"),
    [
        (pa.array([2**63 - 1, None]), "Int64", 2**63 - 1),
        (pa.array([2**64 - 1, None], pa.uint64()), "UInt64", 2**64 - 1),
        (pa.array([Decimal(123456789012345678), None]), "Int64", 123456789012345678),
        (pa.array([Decimal("0.1"), None]), "float64", 0.1),
        (pa.array([Decimal(10**30), None]), "object", Decimal(10**30)),
        (pa.array([True, None]), "boolean", True),
        (pa.array([date(2024, 2, 29), None]), "datetime64[s]", pd.Timestamp("2024-02-29")),
        (pa.array([time(1, 2), None]), "str", "01:02:00"),
        (pa.array([timedelta(hours=1), None]), "float64", 3600.0),
        (pa.array(["a", None]).dictionary_encode(), "str", "a"),
        (pa.array(["a", None], pa.string_view()), "str", "a"),
    ],
)
def test_a_typed_column_keeps_its_type_and_all_its_bits(tmp_path, values, dtype, first):
    column = read_file(parquet(tmp_path, x=values)).frame["x"]
    assert (str(column.dtype), column[0]) == (dtype, first)
    assert column.isna().tolist() == [False, True]


@pytest.mark.parametrize("values", [[b"x"], [[1]], [{"a": 1}]])
def test_bytes_lists_and_records_are_refused_unless_nobody_wants_them(tmp_path, values):
    file = parquet(tmp_path, x=values, y=[1])
    assert "'x'" in refusal(file)
    assert "table.exclude" in refusal(file)
    assert list(read_file(file, exclude=["x"]).frame) == ["y"]


def test_a_column_to_leave_out_must_be_there(tmp_path):
    file = written(tmp_path, "size,b\n1,2\n")
    assert "'sise' (is it 'size'?)" in refusal(file, exclude=["sise"])


def test_two_columns_of_one_name_are_refused(tmp_path):
    said = refusal(written(tmp_path, "a,b,a\n1,2,3\n"))
    assert "'a' (columns 1 and 3)" in said


@pytest.mark.parametrize("content", ["a,b\n1,é\n", "é,b\n1,2\n"])
def test_another_encoding_is_told_and_can_be_named(tmp_path, content):
    file = written(tmp_path, content.encode("latin-1"))
    assert "not written in utf-8" in refusal(file)
    assert "table.encoding" in refusal(file)
    frame = read_file(file, encoding="latin-1").frame
    assert "é" in [*frame.columns, *frame.iloc[0]]
    again = written(tmp_path, content.encode("utf-16"))
    pd.testing.assert_frame_equal(read_file(again, encoding="utf-16").frame, frame)


def test_the_index_that_pandas_writes_is_left_out_and_told(tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3]}, index=[0, 2, 5])
    frame.to_csv(tmp_path / "rows.csv")
    found = read_file(tmp_path / "rows.csv")
    assert list(found.frame) == ["a"]
    assert "column 1 has no name and numbers the rows" in found.notes[0]


def test_an_index_with_a_name_is_a_column(tmp_path):
    for index in (pd.Index([5, 6], name="id"), pd.Index(["x", "y"], name="id")):
        pd.DataFrame({"a": [1, 2]}, index=index).to_parquet(tmp_path / "rows.parquet")
        frame = read_file(tmp_path / "rows.parquet").frame
        assert frame["id"].tolist() == index.tolist()


@pytest.mark.parametrize("content", ["a,\n1,x\n", ",b\nx,1\nx,2\n"])
def test_any_other_column_without_a_name_is_refused(tmp_path, content):
    assert "has no name" in refusal(written(tmp_path, content))


@pytest.mark.parametrize(
    ("name", "said"),
    [("rows.xlsx", "Neither CSV nor Parquet"), ("none.csv", "no such file")],
)
def test_what_is_no_table_is_told(tmp_path, name, said):
    if name == "rows.xlsx":
        (tmp_path / name).write_bytes(b"")
    assert said in refusal(tmp_path / name)


def test_decimals_are_the_nearest_doubles(tmp_path):
    texts = [f"{n / 7:.15f}" for n in range(1, 500)]
    values = pa.array([Decimal(text) for text in texts])
    found = read_file(parquet(tmp_path, x=values)).frame["x"]
    assert found.tolist() == [float(text) for text in texts]
    assert np.isfinite(found).all()
