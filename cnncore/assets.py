"""Where the files lie that the core reads."""

from __future__ import annotations

from pathlib import Path


def asset_path(name: str) -> Path:
    """Return the path of a file in assets/: beside the package in a checkout, inside it where it is installed.

    Parameters
    ----------
    name : str
        The file's name.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> asset_path("mnist_10k.npz").name
    'mnist_10k.npz'
    """
    package = Path(__file__).parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"there is no file {name!r} in the project's assets")
