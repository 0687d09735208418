"""Mail addresses, and the names of files, packages and repositories that only look like one."""

from __future__ import annotations

import re
from typing import Final

from pytest_hubfiles.secrets.names import listed
from pytest_hubfiles.secrets.plausible import EMAIL_PLACEHOLDER

# What stands after :// is a user and a host.
_EMAIL: Final = re.compile(
    r"(?:(?<=%[0-9A-Fa-f]{2})|(?<![A-Za-z0-9._+%-])(?<!://))"
    r"([A-Za-z0-9._+-]{1,64})(@|%40)((?:[A-Za-z0-9-]{1,63}\.){1,8}([A-Za-z]{2,24}))(?![A-Za-z0-9-])"
    r"(:[\w.~/-]*/|:[\w.-]+\.git)?"
)
# The last part of a file's name. That of a country (.md, .py, .rs) is one if a version comes first.
_FILES: Final = listed(
    "png jpg jpeg gif svg webp avif ico bmp tif tiff heic psd eps pdf doc docx xls xlsx ppt pptx odt csv tsv txt rtf"
    " xml html htm xhtml css scss sass less js mjs cjs jsx ts tsx vue svelte json jsonl ndjson yaml yml toml ini cfg"
    " conf lock log map wasm zip gz tgz bz xz zst tar rar jar war whl egg gem deb rpm dmg exe msi bin iso apk ipa mp"
    " mp3 mp4 m4a m4v mov avi mkv webm wav ogg oga ogv flac aac ttf otf woff woff2 eot java kt swift cpp hpp rb go"
    " php sql bak tmp patch diff tpl ejs hbs proto lua bat ps1 ics vcf eml pem crt key cer p12 pub asc sig md5 sha1"
    " sha256 component module service min prod dist"
)
_VERSION: Final = re.compile(r"v?\d+[a-z]?", re.IGNORECASE)
_NO_FILES: Final = frozenset({"com", "net", "org", "cn", "edu", "gov"})  # 163.com has mail addresses
_PASSWORD: Final = re.compile(r"://[^\s/@]{0,200}:\Z")  # before the @ of user:password@host
_NOBODY: Final = frozenset({"git", "hg", "svn"})


def without_mail_addresses(text: str) -> str:
    """Return *text* with each mail address replaced by one that is nobody's."""
    return _EMAIL.sub(_replaced, text) if "@" in text or "%40" in text else text


def _replaced(match: re.Match[str]) -> str:
    user, at, host, end, path = match.groups()
    first = host.partition(".")[0]
    is_file = end.lower() in _FILES or (_VERSION.fullmatch(first) and end.lower() not in _NO_FILES)
    if _PASSWORD.search(match.string, max(0, match.start() - 210), match.start()):
        return match[0]
    if is_file or user.lower() in _NOBODY or path:
        return match[0]
    return EMAIL_PLACEHOLDER.replace("@", at)
