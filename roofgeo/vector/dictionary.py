"""The data dictionary: what each layer and field means, for people and programs, from `roofgeo.schema` alone.

Each layer's fields are a Table Schema (https://datapackage.org/standard/table-schema/): what data catalogues and
validators read, and plain enough to be read as it is. It names no file, so it holds for the layers in any format.
"""

from __future__ import annotations

import json
from typing import Any, Final

from roofgeo.schema import LAYERS, Field, Layer
from roofgeo.vector.forms import alias

DICTIONARY: Final = "roofs.dictionary.json"
"""Name of the file beside the layers."""

_PROFILE: Final = "https://datapackage.org/profiles/2.0/tableschema.json"
_TYPES: Final = {"int64": "integer", "float64": "number", "str": "string", "bool": "boolean"}


def dictionary_text() -> str:
    """The dictionary of all layers, as JSON."""
    layers = [layer_entry(layer) for layer in LAYERS]
    return json.dumps({"title": "Layers and fields of roofgeo", "layers": layers}, ensure_ascii=False, indent=2) + "\n"


def layer_entry(layer: Layer) -> dict[str, Any]:
    """What the dictionary says of a layer: name, geometry, meaning and a Table Schema.

    The data may hold more than the fields of the schema: the geometry, and what somebody added.
    """
    fields = [_field_entry(field) for field in layer.fields]
    schema = {"$schema": _PROFILE, "fieldsMatch": "subset", "fields": fields}
    return {"name": layer.name, "geometry": layer.geometry, "description": layer.meaning, "schema": schema}


def _field_entry(field: Field) -> dict[str, Any]:
    entry = {
        "name": field.name,
        "title": alias(field),
        "type": _TYPES[field.dtype],
        "dtype": field.dtype,
        "unit": field.unit,
        "nullable": field.nullable,
        "description": field.meaning,
    }
    constraints: dict[str, Any] = {} if field.nullable else {"required": True}
    if field.choices:
        constraints["enum"] = list(field.choices)
    return {**entry, "constraints": constraints} if constraints else entry
