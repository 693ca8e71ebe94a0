"""Bring the translation files up to date: every text of the plugin's source in every language, and compiled.

Texts are the literals in `tr("...")`. Translations that are there stay; new texts come unfinished; texts that are gone
go. Compiling needs Qt's lrelease (Debian: qttools5-dev-tools); `--check` changes nothing and fails if something would.

Example:
    python qgis_plugin/translate.py
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

PLUGIN = Path(__file__).with_name("roofgeo_qgis")
FOLDER = PLUGIN / "i18n"
LANGUAGES = ("de", "fr")
CONTEXT = "roofgeo"
HEADER = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'


def texts() -> list[str]:
    """All texts of the plugin, in the order of its source.

    Raises:
        ValueError: Something else than a literal is to be translated.
    """
    found: dict[str, None] = {}
    for source in sorted(PLUGIN.glob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr"):
                continue
            (text,) = node.args
            if not (isinstance(text, ast.Constant) and isinstance(text.value, str)):
                raise ValueError(f"{source.name}:{node.lineno}: tr() takes a literal")
            found[text.value] = None
    return list(found)


def translations(language: str) -> dict[str, str]:
    """What is translated so far, by text."""
    path = FOLDER / f"roofgeo_{language}.ts"
    if not path.is_file():
        return {}
    messages = ElementTree.parse(path).iter("message")
    return {m.findtext("source", ""): m.findtext("translation", "") for m in messages if m.findtext("translation")}


def document(language: str) -> str:
    """The .ts file of a language."""
    known = translations(language)
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text in texts():
        message = ElementTree.SubElement(context, "message")
        ElementTree.SubElement(message, "source").text = text
        translation = ElementTree.SubElement(message, "translation")
        if text in known:
            translation.text = known[text]
        else:
            translation.set("type", "unfinished")
    ElementTree.indent(root)
    return HEADER + ElementTree.tostring(root, encoding="unicode") + "\n"


def lrelease() -> str | None:
    """Qt's compiler of translations; Debian's wrapper in /usr/bin may point nowhere."""
    return next(filter(None, map(shutil.which, ("/usr/lib/qt5/bin/lrelease", "lrelease-qt5", "lrelease"))), None)


def compiled(source: Path) -> bytes:
    """The .qm file of a .ts file."""
    compiler = lrelease()
    if compiler is None:
        raise FileNotFoundError("lrelease is missing (Debian: apt install qttools5-dev-tools)")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "out.qm"
        subprocess.run([compiler, "-silent", str(source), "-qm", str(target)], check=True)
        return target.read_bytes()


def main(check: bool) -> int:
    """Write all files; with `check`, only say which are behind."""
    behind = []
    for language in LANGUAGES:
        source = FOLDER / f"roofgeo_{language}.ts"
        target = source.with_suffix(".qm")
        current = document(language)
        if not source.is_file() or source.read_text(encoding="utf-8") != current:
            behind.append(source.name)
            if not check:
                source.write_text(current, encoding="utf-8")
        binary = compiled(source)
        if not target.is_file() or target.read_bytes() != binary:
            behind.append(target.name)
            if not check:
                target.write_bytes(binary)
    if check and behind:
        sys.stderr.write(f"behind: {', '.join(behind)}; run python qgis_plugin/translate.py\n")
    return int(check and bool(behind))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
