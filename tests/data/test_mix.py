"""Several sources: each with its own shape, shares by weight, ids that stay apart, one report.

pytest tests/data/test_mix.py
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from slm_lora.config import compose
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import write_jsonl


def questions(name: str, count: int) -> list[dict[str, Any]]:
    return [{"prompt": f"{name} asks {n}", "completion": f"answer {n}"} for n in range(count)]


def talks(name: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "conversations": [
                {"from": "human", "value": f"{name} says {n}"},
                {"from": "gpt", "value": f"reply {n}"},
            ]
        }
        for n in range(count)
    ]


def sizes(folder: Path, **counts: int) -> list[str]:
    """A file of questions for each name, with that many rows."""
    return [
        str(write_jsonl(folder / f"{name}.jsonl", questions(name, count)))
        for name, count in counts.items()
    ]


def used(loaded: Loaded) -> dict[str, int]:
    return {name: sum(found["used"].values()) for name, found in loaded.report["by_source"].items()}


def load(train: list[str], **config: Any) -> Loaded:
    none = {"validation_fraction": 0.0, "test_fraction": 0.0}
    test = Path(train[0]).parent / "exam.jsonl"
    write_jsonl(test, [{"prompt": "what is tested?", "completion": "this"}])
    return load_rows(DataConfig(**{"train": train, "test": str(test), **none, **config}))


def test_all_rows_of_all_sources_are_used_without_weights(tmp_path: Path) -> None:
    loaded = load(sizes(tmp_path, a=30, b=7))
    assert len(loaded.train) == 37
    assert loaded.report["by_source"] == {
        "a": {"shape": "prompt+completion", "read": 30, "used": {"train": 30, "validation": 0}},
        "b": {"shape": "prompt+completion", "read": 7, "used": {"train": 7, "validation": 0}},
    }
    assert [entry["rows"] for entry in loaded.report["sources"]["train"]] == [30, 7]


@pytest.mark.parametrize(
    ("weights", "limit", "expected"),
    [
        # 100 / 0.7 = 142.9, so 142 rows: 99.4 and 42.6, the larger part of a row rounded up.
        ({"a": 0.7, "b": 0.3}, None, {"a": 99, "b": 43}),
        ({"a": 7, "b": 3}, None, {"a": 99, "b": 43}),
        # 60 / 0.9 = 66.7, so 66 rows: 6.6 and 59.4.
        ({"a": 0.1, "b": 0.9}, None, {"a": 7, "b": 59}),
        ({"a": 1, "b": 1}, None, {"a": 60, "b": 60}),
        ({"a": 1, "b": 1}, 30, {"a": 15, "b": 15}),
        ({"a": 2, "b": 1}, 100, {"a": 67, "b": 33}),
    ],
)
def test_shares_follow_the_weights(
    tmp_path: Path, weights: dict[str, float], limit: int | None, expected: dict[str, int]
) -> None:
    loaded = load(sizes(tmp_path, a=100, b=60), mix=weights, train_limit=limit)
    assert used(loaded) == expected
    rows = [row["prompt"][0]["content"] for row in loaded.train]
    assert len(set(rows)) == len(rows) == sum(expected.values())
    dropped = loaded.report["dropped"]["train"]
    allowed = int(
        min(100 * sum(weights.values()) / weights["a"], 60 / weights["b"] * sum(weights.values()))
    )
    assert dropped["over_mix"] == 160 - allowed
    assert dropped.get("over_limit", 0) == allowed - len(rows)


def test_the_rows_drawn_are_those_of_the_seed_and_stay_when_a_source_grows(tmp_path: Path) -> None:
    weights = {"a": 1, "b": 4}  # of a: 50 of 200

    def drawn(folder: str, count: int, **config: Any) -> set[str]:
        loaded = load(sizes(tmp_path / folder, a=count, b=200), mix=weights, **config)
        texts = {row["prompt"][0]["content"] for row in loaded.train}
        return {text for text in texts if text.startswith("a")}

    first = drawn("first", 200)
    assert len(first) == 50
    assert drawn("again", 200) == first
    assert drawn("seed", 200, seed=7) != first
    more = drawn("more", 220)
    # Each of 20 new rows pushes one out with the chance 50/220: 4.5 are expected.
    assert len(more) == 50
    assert len(first & more) >= 35


def test_test_rows_are_split_off_all_sources_before_the_shares(tmp_path: Path) -> None:
    rows = sizes(tmp_path, a=400, b=400)
    plain, mixed = (
        load_rows(DataConfig(train=rows, test_fraction=0.25, mix=mix))
        for mix in ({}, {"a": 1, "b": 9})
    )
    assert mixed.test == plain.test
    found = mixed.report["by_source"]
    # Binomial: 100 of 400, four standard deviations are 35.
    assert all(abs(found[name]["used"]["test"] - 100) < 35 for name in "ab")
    trained = {n: found[n]["used"]["train"] + found[n]["used"]["validation"] for n in "ab"}
    assert trained["b"] == 400 - found["b"]["used"]["test"]
    assert trained["a"] == int(trained["b"] / 9 + 0.5) or trained["a"] == int(trained["b"] / 9)


def test_conversations_and_questions_of_several_shapes_are_one_training_set(tmp_path: Path) -> None:
    faq = tmp_path / "faq.csv"
    with faq.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["Instruction", "Output"], ["name, it", "Brio"]])
    sharegpt = write_jsonl(tmp_path / "talks.jsonl", talks("t", 3))
    pairs = write_jsonl(tmp_path / "pairs.jsonl", questions("p", 2))
    loaded = load([str(sharegpt), str(faq), str(pairs)])
    assert [
        (row["prompt"][0]["content"], row["completion"][0]["content"]) for row in loaded.train
    ] == [
        *((f"t says {n}", f"reply {n}") for n in range(3)),
        ("name, it", "Brio"),
        *((f"p asks {n}", f"answer {n}") for n in range(2)),
    ]
    assert loaded.report["shape"] == "messages"
    shapes = {name: found["shape"] for name, found in loaded.report["by_source"].items()}
    assert shapes == {"talks": "messages", "faq": "instruction", "pairs": "prompt+completion"}


def test_labels_beside_conversations_are_refused_by_name(tmp_path: Path) -> None:
    labelled = write_jsonl(tmp_path / "stars.jsonl", [{"text": "good", "label": "x"}])
    pairs = write_jsonl(tmp_path / "pairs.jsonl", questions("p", 2))
    with pytest.raises(UserError) as refused:
        load([str(labelled), str(pairs)])
    assert f"{labelled}: text+label; {pairs}: prompt+completion" in str(refused.value)


def test_labels_of_all_sources_are_the_labels(tmp_path: Path) -> None:
    """A column that is renamed is looked for in the sources that have it."""
    mine = [{"review": f"mine {n}", "label": n % 2} for n in range(6)]
    theirs = [{"text": f"theirs {n}", "label": float(n % 3)} for n in range(6)]
    train = [
        str(write_jsonl(tmp_path / "mine.jsonl", mine)),
        str(write_jsonl(tmp_path / "theirs.jsonl", theirs)),
    ]
    test = str(write_jsonl(tmp_path / "test.jsonl", [{"text": "of all", "label": "2"}]))
    loaded = load(train, test=test, columns={"text": "review"})
    assert loaded.report["labels"]["train"] == {"0": 5, "1": 5, "2": 2}
    with pytest.raises(
        UserError, match=r"data\.columns\.text=body: .*mine\.jsonl has no such column"
    ):
        load(train, test=test, columns={"text": "body"})


def test_ids_that_two_sources_share_are_told_apart(tmp_path: Path) -> None:
    train = [
        str(write_jsonl(tmp_path / part / "rows.jsonl", questions(part, 3))) for part in ("a", "b")
    ]
    loaded = load(train)
    ids = [row["id"] for row in loaded.train]
    assert len(set(ids)) == 6
    assert list(loaded.report["by_source"]) == train, "where stems are equal the path is the name"
    loaded = load(train, mix={train[0]: 1, train[1]: 2})
    assert used(loaded) == {train[0]: 1, train[1]: 3}
    own = [
        str(
            write_jsonl(
                tmp_path / f"{name}.jsonl",
                [{"id": n} | q for n, q in enumerate(questions(name, 3))],
            )
        )
        for name in ("c", "d")
    ]
    ids = [row["id"] for row in load(own).train]
    assert ids == ["c:0", "c:1", "c:2", "d:0", "d:1", "d:2"]


def test_rows_that_repeat_over_sources_or_stand_in_a_test_file_are_dropped(tmp_path: Path) -> None:
    first = questions("x", 4)
    second = [*questions("x", 2), *questions("y", 3)]
    train = [
        str(write_jsonl(tmp_path / "first.jsonl", first)),
        str(write_jsonl(tmp_path / "second.jsonl", second)),
    ]
    tests = [
        str(write_jsonl(tmp_path / "one.jsonl", questions("y", 1))),
        str(write_jsonl(tmp_path / "two.jsonl", questions("z", 1))),
    ]
    loaded = load(train, test=tests)
    assert loaded.report["dropped"]["train"] == {"duplicate": 2, "in_test": 1}
    assert [row["prompt"][0]["content"] for row in loaded.test] == ["y asks 0", "z asks 0"]
    assert used(loaded) == {"first": 4, "second": 2}


@pytest.mark.parametrize(
    ("train", "mix", "said"),
    [
        (
            ["a.jsonl", "b.jsonl"],
            {"a": 1, "c": 1},
            "has the source c; those of data.train are a, b",
        ),
        (["a.jsonl", "b.jsonl"], {"a": 1}, "'data.mix={a: 1, b: 1.0}'"),
        (["a.jsonl", "b.jsonl"], {"a": 1, "b": 0}, "data.mix.b is 0"),
        (["a.jsonl", "b.jsonl"], {"a": 1, "b": float("nan")}, "data.mix.b is nan"),
        (["x/a.jsonl", "y/a.jsonl"], {"a": 1}, "those of data.train are x/a.jsonl, y/a.jsonl"),
        ("a.jsonl", {"a": 1}, "needs several sources"),
        (["a.jsonl", "a.jsonl"], {}, "names a.jsonl twice"),
        ([], {}, "expected data.train=FILE or data.train=[FILE,FILE]"),
        ({"a": "b"}, {}, "expected data.train=FILE or data.train=[FILE,FILE]"),
    ],
)
def test_wrong_weights_and_lists_are_refused(train: Any, mix: dict[str, float], said: str) -> None:
    with pytest.raises(UserError) as refused:
        DataConfig(train=train, mix=mix)
    assert said in str(refused.value)


def test_a_source_of_which_nothing_is_left_is_named(tmp_path: Path) -> None:
    rows = sizes(tmp_path, a=3)
    empty = str(write_jsonl(tmp_path / "b.jsonl", [{"prompt": "", "completion": ""}]))
    with pytest.raises(UserError, match="no row of b is left"):
        load([*rows, empty], mix={"a": 1, "b": 1})


def test_lists_and_weights_on_the_command_line_in_a_recipe_and_in_a_saved_config(
    tmp_path: Path,
) -> None:
    words = ["+recipe=instruct", "data.train=[a.jsonl,b/*.csv]", "data.mix={a: 0.7, b/*.csv: 0.3}"]
    config = compose.load(words)
    assert config.data.train == ["a.jsonl", "b/*.csv"]
    assert config.data.mix == {"a": 0.7, "b/*.csv": 0.3}
    words = ["+recipe=instruct", "data.train=[a.jsonl,c.csv]", "data.mix.a=2", "data.mix.c=1"]
    assert compose.load(words).data.mix == {"a": 2.0, "c": 1.0}
    saved = tmp_path / "config.yaml"
    saved.write_text(compose.to_yaml(config), encoding="utf-8")
    assert compose.from_file(saved).data == config.data
    files = [write_jsonl(tmp_path / "recipe" / name / "x.jsonl", []) for name in "ab"]
    recipe = "data:\n  train: [a/x.jsonl, b/x.jsonl]\n  mix: {a/x.jsonl: 1, b/x.jsonl: 2}\n"
    (tmp_path / "recipe" / "mine.yaml").write_text(recipe, encoding="utf-8")
    own = compose.load(["+recipe=mine"], tmp_path)
    assert own.data.train == [str(file) for file in files]
    assert own.data.mix == {str(files[0]): 1.0, str(files[1]): 2.0}
