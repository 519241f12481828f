"""Modelfiles: the chat template carried over to Go's template language.

pytest tests/export/test_ollama.py
"""

import re

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from slm_lora import nano
from slm_lora.config.sections.data import DataConfig
from slm_lora.export.ollama import Turns, modelfile, turn_template
from slm_lora.rendering import PLAIN_TEMPLATE
from tests.helpers.export_models import byte_level
from tests.helpers.tiny import CHAT_TEMPLATE

TALK: Turns = [("system", "S"), ("user", "U {{1}}"), ("assistant", "A"), ("user", "V")]


def run_go(template: str, turns: Turns) -> str:
    """What Go's text/template makes of the few words that Modelfiles here use."""
    body, answer = re.fullmatch(
        r'(?:\{\{ \$system := "" \}\})?'
        r"\{\{ range \.Messages \}\}(.*)\{\{ end \}\}\{\{ end \}\}(.*)",
        template,
        re.DOTALL,
    ).groups()
    branches = re.split(r'\{\{ (?:else )?if eq \.Role "(\w+)" \}\}', body)[1:]
    by_role = dict(zip(branches[::2], branches[1::2], strict=True))
    text, system = "", ""
    for role, said in turns:
        branch = by_role[role]
        text += branch.replace("{{ $system }}", system).replace("{{ .Content }}", said)
        if '{{ $system = "" }}' in branch:
            system = ""
        if '{{ $system = printf "%s\\n\\n" .Content }}' in branch:
            system = f"{said}\n\n"
    text = re.sub(r"\{\{ \$system = .*? \}\}", "", text + answer)
    return text.replace('{{ "{{" }}', "{{")


def tokenizer_of(template: str) -> PreTrainedTokenizerFast:
    tokenizer = byte_level("gpt-2")
    tokenizer.chat_template = template
    return tokenizer


def rendered(tokenizer: PreTrainedTokenizerFast, turns: Turns) -> str:
    messages = [{"role": role, "content": text} for role, text in turns]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return text.removeprefix(tokenizer.bos_token)


def test_a_sequence_of_turns_is_carried_over() -> None:
    odd = CHAT_TEMPLATE.replace("<|assistant|>", "{{ '{{' }}reply}}")
    ours = AutoTokenizer.from_pretrained(nano.PATH)
    for tokenizer in (ours, *map(tokenizer_of, (CHAT_TEMPLATE, PLAIN_TEMPLATE, odd))):
        found = turn_template(tokenizer)
        assert found is not None
        assert run_go(found.go(), TALK) == rendered(tokenizer, TALK)


def test_any_other_template_is_left_to_the_user() -> None:
    counting = "{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}"
    assert turn_template(tokenizer_of(counting)) is None
    text = modelfile("m.gguf", tokenizer_of(counting), {1, 2}, context=128, data=DataConfig())
    assert "TEMPLATE by hand" in text
    assert 'TEMPLATE """' not in text


def test_a_system_text_is_folded_where_the_template_takes_none() -> None:
    strict = "{{ raise_exception('no system turn') if messages[0]['role'] == 'system' }}"
    tokenizer = tokenizer_of(strict + CHAT_TEMPLATE)
    go = turn_template(tokenizer).go()
    assert run_go(go, TALK[1:]) == rendered(tokenizer, TALK[1:])
    folded = [("user", f"S\n\n{TALK[1][1]}"), *TALK[2:]]
    assert run_go(go, TALK) == rendered(tokenizer, folded)


def test_the_empty_block_of_thoughts_of_the_prompt_is_carried_over() -> None:
    """Written before the last answer only, as Qwen3's template does."""
    thinks = CHAT_TEMPLATE.replace(
        "{{ message['content'] }}",
        "{% if loop.last and message['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}"
        "{{ message['content'] }}",
    )
    tokenizer = tokenizer_of(thinks)
    found = turn_template(tokenizer)
    assert found.before_answer == "<|assistant|>\n<think>\n\n</think>\n\n"
    assert run_go(found.go(), TALK) == rendered(tokenizer, TALK) + "<think>\n\n</think>\n\n"


def test_a_system_turn_of_the_template_goes_to_the_modelfile() -> None:
    added = "{% if messages[0]['role'] != 'system' %}<|system|>\nYou help.{% endif %}"
    tokenizer = tokenizer_of(added + CHAT_TEMPLATE)
    found = turn_template(tokenizer)
    assert found.default_system == "You help."
    assert run_go(found.go(), TALK) == rendered(tokenizer, TALK)
    with_system = [("system", "You help."), *TALK[1:]]
    assert run_go(found.go(), with_system) == rendered(tokenizer, TALK[1:])
    text = modelfile("m.gguf", tokenizer, {1, 2}, context=128, data=DataConfig())
    assert 'SYSTEM """You help."""' in text


def test_modelfile_says_what_ollama_needs() -> None:
    data = DataConfig(prompt="{text}\nSentiment:", system="Be brief.")
    text = modelfile("m.gguf", tokenizer_of(CHAT_TEMPLATE), {1, 2}, context=128, data=data)
    lines = text.splitlines()
    assert lines[0] == "FROM ./m.gguf"
    assert r'"{text}\nSentiment:"' in lines[1]
    assert lines[-6:] == [
        'SYSTEM """Be brief."""',
        'PARAMETER stop "<s>"',
        'PARAMETER stop "</s>"',
        "PARAMETER num_ctx 128",
        "PARAMETER temperature 0",
        "PARAMETER repeat_penalty 1",
    ]


def test_a_text_that_the_modelfile_cannot_hold_is_left_to_the_user() -> None:
    data = DataConfig(system='Write """docstrings""".')
    text = modelfile("m.gguf", tokenizer_of(CHAT_TEMPLATE), {1, 2}, context=128, data=data)
    assert "write SYSTEM by hand" in text
    assert "docstrings" not in text
