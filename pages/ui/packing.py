"""Numbers and bytes together, as Streamlit can carry them to a component of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def pack(data: Mapping[str, Any]) -> bytes:
    """Pack a component's data: Streamlit carries bytes only as a component's whole data.

    The length of a JSON text (4 bytes, the lowest first), the text, then the bytes that it names under ``"bytes"``.

    >>> pack({"a": 1, "b": bytes(2)})
    b'\\x1b\\x00\\x00\\x00{"a": 1, "bytes": {"b": 2}}\\x00\\x00'
    """
    parts = {name: value for name, value in data.items() if isinstance(value, bytes)}
    plain = {name: value for name, value in data.items() if name not in parts}
    text = json.dumps({**plain, "bytes": {name: len(part) for name, part in parts.items()}}, allow_nan=False).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *parts.values()])
