"""Take the README's pictures of QGIS: the plugin's tests in a real window, with their screenshots kept.

Run it from the project's root, where QGIS, xvfb and ``.venv-qgis`` are (``make test-qgis`` makes it):
``.venv-dev/bin/python docs/make_screenshots.py``. The Kampala picture needs ``../shared/data``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PICTURES = {"window": "qgis", "review": "qgis_review", "kampala": "qgis_kampala"}
"""Names of the tests' screenshots, and of the pictures made of them."""


def main() -> None:
    """Run the tests that click, and keep what they saw."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ROOFGEO_PICTURES": folder, "QT_QPA_PLATFORM": "offscreen"}
        tests = ["tests/qgis_plugin/test_desktop.py", "-k", "click"]
        subprocess.run(
            [str(ROOT / ".venv-qgis/bin/python"), "-m", "pytest", *tests], cwd=ROOT, env=environment, check=True
        )
        for name, target in PICTURES.items():
            if (Path(folder) / f"{name}.png").is_file():
                picture = Image.open(Path(folder) / f"{name}.png").convert("RGB")
                picture.save(IMAGES / f"{target}.jpg", quality=82, optimize=True)
        dialog = Image.open(Path(folder) / "dialog.png").convert("RGB")
        dialog.save(IMAGES / "qgis_dialog.png", optimize=True)


if __name__ == "__main__":
    main()
