"""Every kind of local file, and what is said when one is not there or malformed.

pytest tests/data/test_files.py
"""

import gzip
import json
import shlex
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from hydra.core.override_parser.overrides_parser import OverridesParser

from slm_lora.config.sections.data import DataConfig
from slm_lora.config.suggest import is_taken
from slm_lora.data.files import read_files
from slm_lora.data.load import load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import write_jsonl

ROWS = [{"text": "good, «fine»\nfilm", "label": "1"}, {"text": 'a "bad" one', "label": "0"}]


def columns(pattern: object, **config: Any) -> list[dict]:
    source = read_files(str(pattern), "data.train", DataConfig(**config))
    return [record.columns for record in source.records]


def write_csv(file: Path) -> Path:
    file.write_text('text,label\n"good, «fine»\nfilm",1\n"a ""bad"" one",0\n', encoding="utf-8")
    return file


def write_arrow_file(file: Path, rows: list[dict]) -> Path:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(file), "wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)
    return file


def write_arrow_stream(file: Path, rows: list[dict]) -> Path:
    table = pa.Table.from_pylist(rows)
    with pa.OSFile(str(file), "wb") as stream, pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return file


def test_every_kind_of_file_gives_the_same_records(tmp_path: Path) -> None:
    jsonl = write_jsonl(tmp_path / "a.jsonl", ROWS)
    (tmp_path / "b.json").write_text(json.dumps(ROWS, indent=2), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "c.parquet")
    files = [
        jsonl,
        tmp_path / "b.json",
        tmp_path / "c.parquet",
        write_arrow_file(tmp_path / "d.arrow", ROWS),
        write_arrow_stream(tmp_path / "e.arrow", ROWS),
        write_csv(tmp_path / "f.csv"),
    ]
    for text in (jsonl, tmp_path / "b.json", tmp_path / "f.csv"):
        packed = text.with_name(text.name + ".gz")
        packed.write_bytes(gzip.compress(text.read_bytes()))
        files.append(packed)
    for file in files:
        assert columns(file) == ROWS, file.name


def test_txt_gives_a_row_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one\r\n\r\nthree\u2028still three\n".encode())
    assert [c["text"] for c in columns(tmp_path / "a.txt")] == ["one", "", "three\u2028still three"]


def test_tsv_without_a_header_is_text_and_label_and_knows_no_quotes(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text('he said "no\t0\n"never\t1\n', encoding="utf-8")
    assert columns(file) == [
        {"text": 'he said "no', "label": "0"},
        {"text": '"never', "label": "1"},
    ]


def test_tsv_with_a_header_takes_its_names(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("sentence\tlabel\nfine\t1\n", encoding="utf-8")
    assert columns(file) == [{"sentence": "fine", "label": "1"}]


def test_a_glob_reads_all_files_in_order_and_reports_each(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "b.jsonl", [{"text": "second"}])
    write_jsonl(tmp_path / "a.jsonl", [{"text": "first"}])
    source = read_files(f"{tmp_path}/*.jsonl", "data.train", DataConfig())
    assert [record.columns["text"] for record in source.records] == ["first", "second"]
    assert [Path(entry["file"]).name for entry in source.report] == ["a.jsonl", "b.jsonl"]
    assert source.report[0]["rows"] == 1
    # printf '{"text": "first"}\n' | sha256sum
    assert (
        source.report[0]["sha256"]
        == "22dc86dc039c8555f68a6c0ff2dd07cf739a7128c7640ebe0a001f85c4fec5a1"
    )


def test_ids_are_stem_and_line_or_path_where_stems_repeat(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        write_jsonl(tmp_path / folder / "rows.jsonl", [{"text": folder}])
    only = read_files(f"{tmp_path}/x/rows.jsonl", "data.train", DataConfig())
    assert only.records[0].id == "rows:1"
    both = read_files(f"{tmp_path}/*/rows.jsonl", "data.train", DataConfig())
    assert len({record.id for record in both.records}) == 2


def test_class_names_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})
    Dataset.from_dict({"text": ["x"], "label": [1]}, features).to_parquet(tmp_path / "a.parquet")
    source = read_files(str(tmp_path / "a.parquet"), "data.train", DataConfig())
    assert source.class_names == {"label": ["bad", "good"]}


def test_files_that_number_their_classes_differently_give_names(tmp_path: Path) -> None:
    for name, names in (("a", ["bad", "good"]), ("b", ["good", "bad"])):
        features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
        texts = [f"{name} x", f"{name} y"]
        rows = Dataset.from_dict({"text": texts, "label": [0, 1]}, features=features)
        rows.to_parquet(tmp_path / f"{name}.parquet")
    source = read_files(str(tmp_path / "*.parquet"), "data.train", DataConfig())
    assert [r.columns["label"] for r in source.records] == ["bad", "good", "good", "bad"]
    assert not source.class_names
    train = {"train": str(tmp_path / "a.parquet"), "validation_fraction": 0.0}
    loaded = load_rows(DataConfig(**train, test=str(tmp_path / "b.parquet")))
    assert [row["label"] for row in loaded.test] == ["good", "bad"]
    for values in (["0", "1", ""], [0.0, 1.0, None], ["bad", "Good", None]):
        rows = [{"text": f"c {n}", "label": value} for n, value in enumerate(values)]
        test = str(write_jsonl(tmp_path / "c.jsonl", rows))
        loaded = load_rows(DataConfig(**train, test=test))
        assert [row["label"] for row in loaded.test] == ["bad", "good"]
    test = str(write_jsonl(tmp_path / "c.jsonl", [{"text": "c", "label": "fine"}]))
    loaded = load_rows(DataConfig(**train, test=test, labels={"0": "poor", "1": "fine"}))
    assert loaded.report["labels"]["train"] == {"poor": 1, "fine": 1}


def test_a_table_may_have_types_that_datasets_does_not_know(tmp_path: Path) -> None:
    kind = pa.map_(pa.string(), pa.string())
    table = pa.table({"text": ["x"], "more": pa.array([[("a", "b")]], kind)})
    pq.write_table(table, tmp_path / "a.parquet")
    assert columns(tmp_path / "a.parquet")[0]["text"] == "x"


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbftext,label\nfine,1\n")
    assert columns(tmp_path / "a.csv") == [{"text": "fine", "label": "1"}]


def test_a_wrong_byte_names_file_line_and_key_and_the_key_mends_it(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("text,label\nfine,1\ncafé,0\n".encode("latin-1"))
    with pytest.raises(UserError) as error:
        columns(file)
    assert error.value.message == f"{file}:3: byte 0xe9 is not utf-8"
    assert "data.encoding=cp1252" in error.value.hint
    assert columns(file, encoding="latin-1")[1]["text"] == "café"


GERMAN = "text;label\r\nIch mag «es», sehr;1\r\nNein;0\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_unicode_is_recognised_with_a_mark_and_without(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(GERMAN.encode(encoding))
    expected = [{"text": "Ich mag «es», sehr", "label": "1"}, {"text": "Nein", "label": "0"}]
    assert columns(tmp_path / "a.csv") == expected


def test_utf_16_of_chinese_without_a_mark(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes("text\tlabel\n很好看的电影:我喜欢\t好\n".encode("utf-16-le"))
    assert columns(tmp_path / "a.tsv") == [{"text": "很好看的电影:我喜欢", "label": "好"}]


def test_an_encoding_against_the_mark_is_answered_with_the_marks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GERMAN.encode("utf-16"))
    with pytest.raises(UserError) as error:
        columns(tmp_path / "a.csv", encoding="latin-1")
    assert error.value.hint == "type data.encoding=utf-16"
    assert columns(tmp_path / "a.csv", encoding="utf-16")[1] == {"text": "Nein", "label": "0"}


def test_the_hint_is_another_encoding_than_the_one_that_failed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\ncafé,1\n".encode())
    with pytest.raises(UserError) as error:
        columns(tmp_path / "a.csv", encoding="ascii")
    assert error.value.hint.startswith("type data.encoding=utf-8 ")


JSON_LAYOUTS: dict[str, str] = {
    "list in an object, on lines": json.dumps({"version": "1", "data": ROWS}, indent=1),
    "list in an object, on one line": json.dumps({"data": ROWS, "total": 2}),
    "objects over lines": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "columns": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}),
    "columns of pandas": json.dumps(
        {name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ROWS[0]}
    ),
    "rows by name": json.dumps({"first": ROWS[0], "second": ROWS[1]}),
}


@pytest.mark.parametrize("layout", JSON_LAYOUTS)
def test_json_is_read_as_it_is_laid_out(tmp_path: Path, layout: str) -> None:
    (tmp_path / "a.json").write_text(JSON_LAYOUTS[layout], encoding="utf-8")
    assert columns(tmp_path / "a.json") == ROWS


def test_objects_over_lines_are_known_by_the_line_that_they_begin_in(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{\n "text": "a"\n}\n\n{\n "text": "b"\n}\n')
    records = read_files(str(tmp_path / "a.json"), "data.train", DataConfig()).records
    assert [record.origin for record in records] == [f"{tmp_path}/a.json:{n}" for n in (1, 5)]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "a"}]},
        {"instruction": "a", "output": "b", "tools": [{"name": "x"}]},
        {"question": "a", "answer": "b", "contexts": [{"title": "c", "text": "d"}]},
    ],
)
def test_an_only_object_that_is_a_row_stays_one(tmp_path: Path, row: dict[str, Any]) -> None:
    assert columns(write_jsonl(tmp_path / "a.jsonl", [row])) == [row]


TABLES: dict[str, tuple[str, dict[str, Any], list[tuple[str, str]]]] = {
    "semicolon.csv": ("text;label\na, b;1\nc;0\n", {}, [("a, b", "1"), ("c", "0")]),
    "tab.csv": ('text\tlabel\n"a\n""b"";"\t1\n', {}, [('a\n"b";', "1")]),
    "quoted.tsv": (
        'text\tlabel\r\n"a ""b"",\tc"\t1\r\n"d\ne"\t0\r\n',
        {},
        [('a "b",\tc', "1"), ("d\ne", "0")],
    ),
    "quotations.tsv": (
        'text\tlabel\n"Fine, really."\t1\n"So" so\t0\n',
        {},
        [('"Fine, really."', "1"), ('"So" so', "0")],
    ),
    "all_quoted.tsv": ('"text"\t"label"\n"a"\t"1"\n"b"\t"0"\n', {}, [("a", "1"), ("b", "0")]),
    "quoted_late.tsv": (
        "text\tlabel\n" + "a\t1\n" * 300 + '"a ""b"""\t0\n',
        {},
        [("a", "1")] * 300 + [('a "b"', "0")],
    ),
    "quotation_over_rows.tsv": (
        'text\tlabel\n"I love it.\t1\nso do I\t0\nIt is great."\t0\n',
        {},
        [('"I love it.', "1"), ("so do I", "0"), ('It is great."', "0")],
    ),
    "put_together.csv": ("text,label\na,1\ntext,label\nb,0\n", {}, [("a", "1"), ("b", "0")]),
    "pipe.csv": ("text|label\na;b,c|1\n", {}, [("a;b,c", "1")]),
    "comma.tsv": ("text,label\na,1\n", {}, [("a", "1")]),
    "texts_with_signs.csv": (
        "text,label\na;b|c,1\nd;e|f,0\n",
        {},
        [("a;b|c", "1"), ("d;e|f", "0")],
    ),
    "decimal_commas.csv": (
        "text;label\nin 1,5 h;4,0\n9,5;3\n",
        {},
        [("in 1,5 h", "4.0"), ("9,5", "3")],
    ),
    "decimals_only.csv": ("a;1,5\nb;2,5\n", {}, [("a", "1.5"), ("b", "2.5")]),
    "no_header.csv": (
        '"fine, really",good\nmeh,bad\nsure,good\n',
        {},
        [("fine, really", "good"), ("meh", "bad"), ("sure", "good")],
    ),
    "label_first.txt": (
        "ham\tok lar\nspam\tfree!\nham\tyes\nspam\twin\n",
        {},
        [("ok lar", "ham"), ("free!", "spam"), ("yes", "ham"), ("win", "spam")],
    ),
    "labels.txt": (
        "i am glad;joy\ni am not;fear\ni sing;joy\ni run;fear\n",
        {},
        [("i am glad", "joy"), ("i am not", "fear"), ("i sing", "joy"), ("i run", "fear")],
    ),
    "insisted.csv": ("text~label\na,b~1\n", {"delimiter": "~"}, [("a,b", "1")]),
    "insisted.txt": ("text;label\na;b\nc;d\n", {"delimiter": ";"}, [("a", "b"), ("c", "d")]),
    "insisted_header.csv": (
        "text,label\na,1\n",
        {"header": False},
        [("text", "label"), ("a", "1")],
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_delimiter_and_header_are_recognised_or_insisted_on(tmp_path: Path, name: str) -> None:
    content, config, rows = TABLES[name]
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    expected = [{"text": text, "label": label} for text, label in rows]
    assert columns(tmp_path / name, **config) == expected


def test_more_columns_without_names_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('"3","a title","a text"\n"1","another","more"\n')
    assert columns(tmp_path / "a.csv")[1] == {"1": "1", "2": "another", "3": "more"}


def test_lines_of_prose_are_no_table(tmp_path: Path) -> None:
    prose = "once; upon a time\nthere was; a fox\nit ran; to the sea\nand; swam\n"
    (tmp_path / "a.txt").write_text(prose)
    assert [c["text"] for c in columns(tmp_path / "a.txt")] == prose.splitlines()


ONE_COLUMN: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong": ("text;label\na;1\n", {"delimiter": "pipe"}, "type data.delimiter=semicolon"),
    "needless": ("text\na\n", {"delimiter": ","}, "type data.delimiter=null"),
    "unusual": ("text~label\na, b~1\n", {}, "type \"data.delimiter='~'\""),
    "only": ("my words\na\nb c\n", {}, "type \"data.columns.text='my words'\""),
}


@pytest.mark.parametrize("case", ONE_COLUMN)
def test_one_column_is_an_error_with_the_first_line(tmp_path: Path, case: str) -> None:
    content, config, hint = ONE_COLUMN[case]
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(UserError) as error:
        columns(tmp_path / "a.csv", **config)
    assert repr(content.splitlines()[0]) in error.value.message
    assert error.value.hint == hint
    # What is to be typed is taken, and reads the file.
    (word,) = shlex.split(hint.removeprefix("type "))
    assert word.startswith("data.columns.") or is_taken(word)
    (override,) = OverridesParser.create().parse_overrides([word])
    key = override.key_or_group.removeprefix("data.")
    typed = {"columns": {"text": override.value()}} if "." in key else {key: override.value()}
    assert columns(tmp_path / "a.csv", **typed)


def test_one_column_with_a_known_name_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nfine\nbad\n")
    assert columns(tmp_path / "a.csv") == [{"text": "fine"}, {"text": "bad"}]


def test_a_delimiter_of_two_signs_is_refused() -> None:
    with pytest.raises(UserError, match=r"data\.delimiter is ';;'"):
        DataConfig(delimiter=";;")


BROKEN = {
    "lists.json": (b'{"train": [{"text": "a"}], "test": [{"text": "b"}]}', " has several lists"),
    "pretty.json": (b'{\n "data": [\n  {"text" "a"}\n ]\n}', ":3: malformed JSON"),
    "two.jsonl": (b'{"text": "a"}\n{"text": \n', ":2: malformed JSON"),
    "list.json": (b'[{"text": "a"},\n {"text" "b"}]', ":2: malformed JSON"),
    "number.jsonl": (b'{"text": "a"}\n7\n', ":2: a int, not an object"),
    "items.json": (b'[{"text": "a"}, []]', " item 2: a list, not an object"),
    "half.jsonl": (b'{"text": "a"}\n{"text": "\\ud83d"}\n', ":2: half of a surrogate pair"),
    "wide.csv": (b"text,label\nfine,1\nalso, fine,1\n", ":3: 3 fields"),
    "open.csv": (b'text,label\nfine,1\n"never closed,1\n', ":3: malformed CSV"),
    "twice.csv": (b"text,label,label\na,1,2\n", ": several columns are called label"),
    "narrow.tsv": (b"fine\t1\nno label\n", ":2: 1 fields"),
    "not.parquet": (b"text", " is no parquet file"),
    "not.arrow": (b"text", " is no arrow file"),
    "not.jsonl.gz": (b"text", " cannot be read"),
    "cut.jsonl.gz": (gzip.compress(b'{"text": "a"}\n' * 99)[:-9], " cannot be read"),
    "rows.xlsx": (b"text", " is of no kind known here"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_file_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    content, message = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as error:
        columns(tmp_path / name)
    assert f"{tmp_path / name}{message}" in error.value.message
    assert error.value.hint


def test_a_missing_file_says_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        columns("rows/none.jsonl")
    assert "data.train=rows/none.jsonl: no such file" in error.value.message
    assert str(tmp_path) in error.value.message


def test_a_folder_is_not_called_missing(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "my rows" / "a.jsonl", ROWS)
    with pytest.raises(UserError) as error:
        columns(tmp_path / "my rows")
    assert "my rows is a folder" in error.value.message
    (word,) = shlex.split(error.value.hint.removeprefix("type "))
    (override,) = OverridesParser.create().parse_overrides([word])
    assert columns(override.value()) == ROWS


def test_a_misspelt_name_is_answered_with_the_file_there_is(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "reviews.jsonl", ROWS)
    with pytest.raises(UserError) as error:
        columns(tmp_path / "revews.jsonl")
    assert error.value.hint == f"did you mean data.train={tmp_path}/reviews.jsonl?"


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    file = write_jsonl(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(UserError, match="utf-9 is not known"):
        columns(file, encoding="utf-9")
