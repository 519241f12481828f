"""The exception for a user error: an `error: …` line and exit code 2, no traceback.

raise UserError("lora.r is 0", "expected a rank of 1 or more; type lora.r=16")
"""


class UserError(Exception):
    """What was wrong and where (`message`), then what was expected and what to type (`hint`)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message
