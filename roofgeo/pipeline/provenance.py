"""What every output says of how it came about: imagery, model, version, command, time. Never a secret."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from inspect import signature
from os import PathLike
from typing import TYPE_CHECKING, Any, Final

from roofgeo import __version__

if TYPE_CHECKING:
    from roofgeo.pipeline.preparation import Prepared

_UNTOLD: Final = ("command", "progress")
"""Arguments that do not change what comes out."""

# Keys of paid imagery are in the query of a URL, passwords before its host. A password may hold what a URL should not;
# digits after a colon are a port.
_USER: Final = re.compile(r"(?<=://)(?:[^/?#\r\n]*@|[^/:@\r\n]*:(?!\d+(?:[/?#\s]|$))[^\r\n]*@)")
_QUERY: Final = re.compile(r"(://[^?#]*)[?#].*", re.DOTALL)  # names of files may have spaces, and so may keys
_QUERY_IN_XML: Final = re.compile(r"""(://[^?#"'<>]*)[?#][^"'<>]*""")
_VSI: Final = re.compile(r"(/vsi\w+[^?]*)\?.*", re.DOTALL)
"""Of GDAL: /vsicurl?header.Authorization=...&url=..., and /vsiaz/container/name?sig=..."""


def provenance(job: Prepared, command: str) -> dict[str, str]:
    """What the outputs of a run say of themselves; `command` is what it was asked by."""
    imagery, model, area = job.run.imagery, job.model, job.area
    return {
        "software": f"roofgeo {__version__}",
        "version": __version__,
        "command": command,
        "model": f"{model.card.name} {model.card.version}",
        "model_sha256": model.sha256,
        "model_licence": model.card.licence,
        "imagery": without_secrets(imagery.source),
        "imagery_sha256": imagery.identity,
        "imagery_pixel_size_m": f"{imagery.pixel_size_m:.4g}",
        "area": "the whole imagery" if area is None else without_secrets(str(area.source)),
        **({} if job.surface is None else job.surface.provenance()),
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }


def with_notes(origin: Mapping[str, str], notes: Sequence[str]) -> dict[str, str]:
    """What the layers of a run say of themselves, with what the user should know, a line each."""
    return {**origin, **({"notes": "\n".join(without_secrets(note) for note in notes)} if notes else {})}


def command_text(words: Sequence[str]) -> str:
    """A command line as one gives it to a shell."""
    return shlex.join(without_secrets(word) for word in words)


def call_text(function: Callable[..., Any], arguments: Mapping[str, object]) -> str:
    """A call in Python, with the arguments that are not at their default.

    Args:
        function: A function of `roofgeo`.
        arguments: Its arguments by name; what is none of them is left out.
    """
    told = [
        f"{name}={_value_text(arguments[name])}"
        for name, parameter in signature(function).parameters.items()
        if name in arguments and name not in _UNTOLD and arguments[name] != parameter.default
    ]
    return f"roofgeo.{function.__name__}({', '.join(told)})"


def _value_text(value: object) -> str:
    return repr(without_secrets(str(value)) if isinstance(value, str | PathLike) else value)


def without_secrets(text: str) -> str:
    """A text whose URLs, and GDAL's paths to what is elsewhere, have lost what may be secret.

    That is user and password, query and fragment.
    """
    if "<" in text:
        return _QUERY_IN_XML.sub(r"\1", _USER.sub("", text))
    return _VSI.sub(r"\1", _QUERY.sub(r"\1", _USER.sub("", text)))
