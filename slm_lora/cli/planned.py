"""From a config to a plan, mistakes in the data before torch is imported."""

from typing import TYPE_CHECKING

from slm_lora.config.schema import Config
from slm_lora.hardware import check_compiler, check_without_torch
from slm_lora.progress import log

if TYPE_CHECKING:
    from slm_lora.preflight import Plan


def planned(config: Config, elsewhere: bool = False) -> "Plan":
    """What is known of the run before any weight is loaded. `elsewhere`: it is not to run on this
    machine, which may be too small for it.

    Raises:
        UserError: the run could not come to its end.
    """
    if not elsewhere:
        check_without_torch(config)
        check_compiler(config)
    log.info("reading the data")
    from slm_lora.data import load_rows

    loaded = load_rows(config.data, config.task.format)
    # This imports torch, which takes seconds.
    from slm_lora.preflight import preflight

    return preflight(config, loaded, elsewhere)
