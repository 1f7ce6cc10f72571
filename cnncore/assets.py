"""Where the files are that `cnncore` reads: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# pyproject.toml puts each file that is read here into the wheel under `_assets`.
_FOLDERS = (_PACKAGE / "_assets", _PACKAGE.parent / "assets")


def asset_path(name: str) -> Path:
    """Return the path of a bundled file.

    Parameters
    ----------
    name : str
        Relative to assets/, with forward slashes.

    Returns
    -------
    pathlib.Path
        Of an existing file.

    Raises
    ------
    ValueError
        If `name` leads out of the folder.
    FileNotFoundError
        If there is no such file.

    Examples
    --------
    >>> asset_path("mnist_10k.npz").name
    'mnist_10k.npz'
    """
    if not name or "\\" in name or ":" in name or name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"`name` (={name!r}) must be the path of a file within assets/")
    for folder in _FOLDERS:
        path = folder / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"{name} is missing from {' and '.join(map(str, _FOLDERS))}")
