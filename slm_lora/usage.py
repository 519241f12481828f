"""The text of `--help`: verbs, recipes, groups. Needs no heavy import.

python -m slm_lora --help
"""

from slm_lora.config.compose import groups, recipes

USAGE = """\
Fine-tune a small language model with LoRA or QLoRA, and prove that it got better.

  python -m slm_lora +recipe=sentiment                   baseline, training, evaluation, report
  python -m slm_lora +recipe=sentiment model=nano        the same on any CPU, without a network
  python -m slm_lora -m +recipe=sentiment lora.r=8,16    a sweep: one run for each combination
  python -m slm_lora inspect +recipe=sentiment [--json]  what the model will see: rows, loss mask
  python -m slm_lora evaluate RUN [key=value …]          score a run again, on other data too
  python -m slm_lora report RUN                          write metrics and report.html anew
  python -m slm_lora merge RUN [merge.base=trained …]    the adapter in the weights, with proof
  python -m slm_lora export RUN format=gguf [type=q8_0]  also llama2c, hf, lora-gguf; read back
  python -m slm_lora chat RUN ["text"] [--json]          talk to the base and the tuned model
  python -m slm_lora serve RUN                           OpenAI-compatible endpoint, and a page
  python -m slm_lora publish RUN hub.repo_id=me/name     adapter and card to the hub [--dry-run]
  python -m slm_lora check FILE [out=verdicts.jsonl]     run programs against their tests, no model
  python -m slm_lora init my_framework [--task code]     a recipe of your own, with example rows
  python -m slm_lora doctor                              what this machine can do

Settings are Hydra's: key=value, group=choice. The whole config of a line: add --cfg job
Your own recipe: --config-dir DIR +recipe=NAME with DIR/recipe/NAME.yaml
An interrupted run goes on with run_dir=FOLDER of that run.

recipes (+recipe=…):  {recipes}
groups (group=…):
{groups}

Keys and their meaning: slm_lora/config/schema.py; trainer.* are trl.SFTConfig's options.
Exit codes: 0 done, 1 our bug, 2 you can mend it, 130 interrupted."""


def text() -> str:
    """Usage with the recipes and groups found in this installation."""
    shown = "\n".join(f"  {group:<14} {', '.join(choices)}" for group, choices in groups().items())
    return USAGE.format(recipes=", ".join(recipes()), groups=shown)
