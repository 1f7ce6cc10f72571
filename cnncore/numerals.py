"""Numbers in words, for the sentences that the core and the pages write."""

from __future__ import annotations


def ordinal(number: int) -> str:
    """Write an ordinal.

    Parameters
    ----------
    number : int
        At least 0.

    Returns
    -------
    str

    Examples
    --------
    >>> ordinal(1), ordinal(2), ordinal(3), ordinal(5), ordinal(12), ordinal(22)
    ('1st', '2nd', '3rd', '5th', '12th', '22nd')
    """
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
