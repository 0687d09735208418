"""A team's own upload code, such as a downstream project has; it knows nothing of recording."""

from __future__ import annotations

import requests


class Uploader:
    """Imports files into HubSpot and waits until they are there."""

    def __init__(self, base_url: str, token: str, version: str = "2026-03") -> None:
        self.files = f"{base_url}/files/{version}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def import_from_url(self, url: str) -> str:
        """Import the file at *url* and return its id in HubSpot."""
        body = {
            "url": url,
            "access": "PRIVATE",
            "folderPath": "/library",
            "duplicateValidationScope": "ENTIRE_PORTAL",
            "duplicateValidationStrategy": "NONE",
            "overwrite": False,
        }
        return str(self._finish("files/import-from-url", body)["id"])

    def rename_folder(self, folder_id: str, name: str) -> str:
        """Rename a folder and return its new name."""
        return str(self._finish("folders/update", {"id": folder_id, "name": name})["name"])

    def _finish(self, task: str, body: dict[str, object]) -> dict[str, object]:
        started = self.session.post(f"{self.files}/{task}/async", json=body, timeout=30)
        started.raise_for_status()
        while True:
            status = self.session.get(f"{self.files}/{task}/async/tasks/{started.json()['id']}/status", timeout=30)
            status.raise_for_status()
            answer = status.json()
            if answer["status"] in ("COMPLETE", "CANCELED"):
                result: dict[str, object] = answer["result"]
                return result
