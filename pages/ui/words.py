"""Numbers as a person reads them, the same as the components write them."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

MINUS = "−"


def number(value: float, digits: int = 3) -> str:
    """Write a number with a real minus sign, thousands separated, `digits` significant; whole numbers whole.

    >>> number(-812.0), number(0.33333), number(230.5), number(1234567.0), number(1e-7)
    ('−812', '0.333', '231', '1,234,567', '1e−7')
    """
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        mantissa, exponent = f"{size:.{max(digits - 1, 0)}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    elif value == int(value):
        text = f"{int(size):,}"
    else:
        decimals = min(max(digits - 1 - math.floor(math.log10(size)), 0), 10)
        # Exact halves go up, as the browser rounds them; Python's format would take the even neighbour.
        rounded = Decimal(size).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        text = f"{rounded:,.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return (MINUS if value < 0 and text != "0" else "") + text


def size(rows: int, columns: int) -> str:
    """Write a size: rows, then columns.

    >>> size(427, 640)
    '427 × 640'
    """
    return f"{rows:,} × {columns:,}"


def brief(text: str, most: int) -> str:
    """Return a name in at most so many characters, without its middle: names of one kind often differ at their end.

    >>> brief("seven", 16), brief("a rather long name of class 12", 16)
    ('seven', 'a rather…lass 12')
    """
    end = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - end]}…{text[-end:]}"


def literal(text: str) -> str:
    r"""Return Markdown that shows `text` as it is: sentences may quote what a person, or a link, has written.

    >>> print(literal("no kernel “*a* $b$ <i>”"))
    no kernel “\*a\* \$b\$ \<i\>”
    """
    return re.sub(r"([\\`*_{}\[\]()<>#+!|$~:])", r"\\\1", text.replace("\n", " "))
