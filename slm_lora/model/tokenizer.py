"""Loads the tokenizer with a chat template, an end-of-turn and a pad token."""

from pathlib import Path

from jinja2 import Environment, TemplateSyntaxError
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.model.location import not_loaded, tokenizer_location
from slm_lora.rendering import PLAIN_TEMPLATE


def load_tokenizer(whole: Config) -> PreTrainedTokenizerBase:
    """The tokenizer with a chat template, an end-of-turn and a pad token.

    Raises:
        UserError: it cannot be loaded, has no end-of-text token, or not the one asked for.
    """
    config = whole.model
    name = tokenizer_location(config)
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            name, revision=config.revision, trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise not_loaded("tokenizer", name, error, "model.tokenizer") from error
    for kind in ("eos_token", "pad_token"):
        if token := whole.trainer.get(kind):
            if token not in tokenizer.get_vocab():
                raise UserError(
                    f"trainer.{kind}={token} is not in the vocabulary of {name}",
                    f"its special tokens: {', '.join(tokenizer.all_special_tokens)}",
                )
            setattr(tokenizer, kind, token)
    if tokenizer.eos_token is None:
        raise UserError(
            f"the tokenizer of {name} has no end-of-text token, so answers would never end",
            "name another by model.tokenizer=FOLDER_OR_HUB_ID",
        )
    if tokenizer.pad_token is None:
        # Safe: pads are masked by position, not by token, wherever they occur here.
        tokenizer.pad_token = tokenizer.eos_token
    if config.chat_template == "plain" or not (config.chat_template or tokenizer.chat_template):
        tokenizer.chat_template = PLAIN_TEMPLATE
    elif config.chat_template:
        tokenizer.chat_template = _read_template(Path(config.chat_template))
    return tokenizer


def _read_template(file: Path) -> str:
    if not file.is_file():
        raise UserError(
            f"model.chat_template={file}: no such file", "expected a Jinja file's path, or plain"
        )
    try:
        template = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"model.chat_template={file}: {error}", "expected a Jinja file") from error
    try:
        Environment(extensions=["jinja2.ext.loopcontrols"]).parse(template)
    except TemplateSyntaxError as error:
        if "generation" not in str(error):  # transformers knows that tag, Jinja does not
            raise UserError(
                f"{file}:{error.lineno}: {error}", "expected a Jinja template"
            ) from error
    return template
