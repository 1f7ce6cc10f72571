"""Files that a person uploads: each is read once, when it is new."""

from __future__ import annotations

from pages.ui.state import recall, remember, widget


def new_file(key: str) -> tuple[str, bytes] | None:
    """Return the name and the bytes of the file in an uploader or a camera, if it was not taken before.

    Parameters
    ----------
    key : str
        The widget's key.

    Returns
    -------
    (str, bytes) or None
        None, too, where Streamlit has deleted the file meanwhile.
    """
    file = widget(key)
    name = getattr(file, "file_id", None)
    if name is None or recall(f"{key}.last") == name or not hasattr(file, "getvalue"):
        return None
    remember(f"{key}.last", name)
    return file.name[:60], file.getvalue()  # type: ignore[union-attr]
