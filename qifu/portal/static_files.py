"""Static files with hashed names once collected, and with their plain names before (tests, first start)."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage; a file that `collectstatic` has not seen keeps its plain name instead of failing."""

    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """Return the hashed name from the manifest, or the plain one."""
        return str(self.hashed_files.get(self.hash_key(self.clean_name(name)), name))
