"""What the hub's client raises when the network fails."""

from huggingface_hub.errors import HfHubHTTPError

HTTPError: type[Exception] = HfHubHTTPError.__mro__[1]
"""Of the HTTP library that the hub's client uses; failures of the network are such errors too."""
