"""A file's bytes seen as `ast` counts them, and edits carried back into the file's own encoding."""

from __future__ import annotations

import codecs
import re
import tokenize
from dataclasses import dataclass, field
from functools import lru_cache

from improver.values import Edit

_LINE_END = re.compile(rb"\r\n?|\n")
_COOKIE = re.compile(rb"coding[:=]")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A source file.

    Parameters:
        source: the file as it is.
        encoding: how its text is encoded, in Python's own spelling.
        mark: how many bytes of byte order mark it begins with.
        content: its text in UTF-8 without that mark; all offsets count bytes in here.
        starts: the offset of each line. Lines end where Python ends them, not where `str.splitlines` does.
    """

    source: bytes = field(repr=False)
    encoding: str
    mark: int
    content: bytes = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)

    def offset(self, line: int, column: int) -> int:
        """Where the place lies that `ast` gives as a line (from 1) and a column in UTF-8 bytes."""
        return self.starts[line - 1] + column

    def line_start(self, offset: int) -> int:
        """Where the line begins that holds the offset."""
        before = max(self.content.rfind(b"\n", 0, offset), self.content.rfind(b"\r", 0, offset))
        return before + 1

    def line_end(self, offset: int) -> int:
        """Where the line ends that holds the offset, before its line end."""
        found = _LINE_END.search(self.content, offset)
        return found.start() if found else len(self.content)

    def newline(self, offset: int) -> str:
        """The characters that end the line which holds the offset; the file's first, if it is the last line."""
        found = _LINE_END.search(self.content, offset) or _LINE_END.search(self.content)
        return found[0].decode() if found else "\n"

    def text(self, start: int, end: int) -> str:
        """The text between two offsets."""
        return self.content[start:end].decode()

    def edit(self, path: str, start: int, before: str, after: str) -> Edit:
        """The edit in the file's own encoding.

        Raises:
            ValueError: that encoding cannot express the text, or is not one that edits can be spliced into.
        """
        if self.encoding == "utf-8":
            return Edit(path, self.mark + start, before.encode(), after.encode())
        try:
            head, old, new = (part.encode(self.encoding) for part in (self.text(0, start), before, after))
        except UnicodeEncodeError:
            raise ValueError(f"the text cannot be written in the file's encoding, {self.encoding}") from None
        whole = head + new + self.source[len(head) + len(old) :]
        wanted = self.text(0, start) + after + self.text(start + len(before.encode()), len(self.content))
        if not self.source.startswith(head + old) or whole.decode(self.encoding, "replace") != wanted:
            raise ValueError(f"the file's encoding, {self.encoding}, does not allow a change of one place alone")
        return Edit(path, len(head), old, new)


@lru_cache(maxsize=4)
def encoded(source: bytes) -> Encoded:
    """The file with the offsets of its lines, kept for the next few questions about the same file.

    Raises:
        ValueError: the bytes are not text in the encoding that they declare.
    """
    mark = len(codecs.BOM_UTF8) if source.startswith(codecs.BOM_UTF8) else 0
    encoding = _encoding(source)
    content = source[mark:] if encoding == "utf-8" else source.decode(encoding).encode()
    starts = (0, *(found.end() for found in _LINE_END.finditer(content)))
    return Encoded(source, encoding, mark, content, starts)


def _encoding(source: bytes) -> str:
    head = _LINE_END.split(source, maxsplit=2)[:2]
    if not any(_COOKIE.search(line) for line in head):
        return "utf-8"
    lines = iter([line + b"\n" for line in head])
    try:
        found, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    except SyntaxError:
        raise ValueError("the file declares an encoding that Python does not know") from None
    name = codecs.lookup(found).name
    return "utf-8" if name == "utf-8-sig" else name
