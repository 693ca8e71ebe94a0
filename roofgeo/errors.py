"""Everything roofgeo raises on purpose.

::

    RoofgeoError
    ├── InputError        the user asked for something that cannot be done      exit 2
    │   ├── AreaError     the area of interest is empty, invalid, or elsewhere
    │   └── OutputError   the output folder cannot be written
    ├── DataError         a file is missing or cannot be read                   exit 3
    │   └── ImageryError  the imagery is no usable orthophoto
    ├── ModelError        the model is unknown, damaged or of another contract  exit 4
    └── Interrupted       the user stopped the run                              exit 5

Each error is one line saying what was got, and a hint saying the way out.
"""

from __future__ import annotations


class RoofgeoError(Exception):
    """Base of all errors roofgeo raises on purpose.

    Args:
        message: One line that says what was got.
        hint: One line that says the way out.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(RoofgeoError):
    """The user asked for something that cannot be done."""

    code = "input"
    exit_code = 2


class AreaError(InputError):
    """The area of interest is empty, invalid, of the wrong kind, or lies elsewhere."""

    code = "area"


class OutputError(InputError):
    """The output folder cannot be written or is in use."""

    code = "output"


class DataError(RoofgeoError):
    """A file is missing or cannot be read."""

    code = "data"
    exit_code = 3


class ImageryError(DataError):
    """The imagery cannot be read, or is no orthophoto roofgeo can work on."""

    code = "imagery"


class ModelError(RoofgeoError):
    """The model is unknown, damaged, or does not keep roofgeo's contract."""

    code = "model"
    exit_code = 4


class Interrupted(RoofgeoError):
    """The user stopped the run; nothing half-written is left."""

    code = "interrupted"
    exit_code = 5
