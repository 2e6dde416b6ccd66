"""What is refused in an XML property list before the parser sees it.

plistlib builds whatever a file describes: arrays nested a hundred thousand deep, a dictionary with two UDIDs of which
the last wins, a second value inside `<plist>` that replaces the first, `nan` as a number. Here expat walks the document
once and nothing is built. What passes is small enough for any later walk, and means the same to every reader.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn
from xml.parsers import expat

from mdm_server.wire.errors import PlistError, excerpt
from mdm_server.wire.plist_limits import Limits, integer_fits

_CONTAINERS = frozenset({"dict", "array"})
_READ_LEAVES = frozenset({"key", "integer", "real", "date"})
_LEAVES = _READ_LEAVES | {"string", "data", "true", "false"}
# Hexadecimal as plistlib reads it: no sign and no space before the 0x.
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,20}\s*|0[xX][0-9a-fA-F]{1,16}\s*", re.ASCII)
_REAL = re.compile(r"\s*[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?\s*", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_APPLE_PUBLIC_IDS = frozenset({"-//Apple//DTD PLIST 1.0//EN", "-//Apple Computer//DTD PLIST 1.0//EN"})
_UNDEFINED_ENTITY = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
_MAX_MARKUP = 4096
# expat before 2.6 rescans an unfinished tag for each 2 KiB that plistlib feeds it (CVE-2023-52425): 8 MiB in one tag
# would stall the loop for half a minute. Below this size the waste is invisible and the search is not worth its time.
_LONG_MARKUP = re.compile(rb"<[^>]{%d}" % _MAX_MARKUP)
_SEARCH_FROM = 64 * 1024
# plistlib's parser is called back once for every line of text; a profile with icons in base64 has five lines a value.
_LINES_PER_ELEMENT = 8


def scan_xml(data: bytes, limits: Limits) -> None:
    """Refuse XML that is too deep, too large, ambiguous, has a DTD or entities of its own, or a junk number or date."""
    if len(data) > _SEARCH_FROM:
        if long_markup := _LONG_MARKUP.search(data):
            raise PlistError("parse.syntax", f"expected tags below {_MAX_MARKUP} bytes", long_markup.start())
        if data.count(b"\n") > _LINES_PER_ELEMENT * limits.max_elements:
            raise PlistError("parse.expansion", f"expected at most {_LINES_PER_ELEMENT * limits.max_elements} lines")
    _XmlScan(limits).run(data)


class _XmlScan:
    """One walk over one document, driven by expat."""

    __slots__ = ("containers", "elements", "keys", "leaf", "limits", "parser", "roots", "text")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.elements = 0
        self.roots = 0  # 0 before <plist>, 1 inside, 2 once it holds its value
        self.leaf: str | None = None  # the open element, when it can hold no other
        self.text: list[str] = []
        # One entry for each open container: a dictionary's keys so far, None for an array.
        self.containers: list[set[str] | None] = []
        self.keys: list[str | None] = []  # and the key that waits for its value
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartDoctypeDeclHandler = self.doctype
        parser.SkippedEntityHandler = self.skipped_entity
        parser.CommentHandler = self.comment
        parser.ProcessingInstructionHandler = self.instruction

    def run(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            code = "parse.entity" if error.code == _UNDEFINED_ENTITY else "parse.syntax"
            self.refuse(code, f"expected well-formed XML, found {expat.ErrorString(error.code)}", error)
        except (LookupError, ValueError) as error:
            if isinstance(error, PlistError):
                raise
            self.refuse("parse.syntax", "expected an XML encoding that can be read", error)
        if self.roots != 2:
            self.refuse("parse.syntax", "expected a value inside <plist>, found none")

    def refuse(self, code: str, detail: str, cause: Exception | None = None) -> NoReturn:
        raise PlistError(code, detail, max(self.parser.CurrentByteIndex, 0)) from cause

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.leaf is not None:
            self.refuse("parse.syntax", f"expected text in <{self.leaf}>, found an element")
        if attributes or self.roots == 0:
            self.open_plist(name, attributes)
            return
        if name == "key":
            if not self.containers or self.containers[-1] is None or self.keys[-1] is not None:
                self.refuse("parse.syntax", "expected a value, found <key>")
        else:
            self.value()
            if name in _CONTAINERS:
                self.containers.append(set() if name == "dict" else None)
                self.keys.append(None)
                if len(self.containers) > self.limits.max_depth:
                    self.refuse("parse.depth", f"expected at most {self.limits.max_depth} nested containers")
                return
            if name not in _LEAVES:
                self.refuse("parse.syntax", f"expected a property list element, found <{excerpt(name)}>")
        self.leaf = name
        if name in _READ_LEAVES:
            self.parser.CharacterDataHandler = self.text.append

    def open_plist(self, name: str, attributes: dict[str, str]) -> None:
        if name != "plist" or self.roots or attributes.keys() - {"version"}:
            self.refuse("parse.syntax", "expected <plist version=…> outside, and no other attribute")
        self.roots = 1

    def value(self) -> None:
        """Take note of a value: it needs a place, which is a dictionary's key, an array, or <plist> itself."""
        self.elements += 1
        if self.elements > self.limits.max_elements:
            self.refuse("parse.expansion", f"expected at most {self.limits.max_elements} values")
        if not self.containers:
            if self.roots != 1:
                self.refuse("parse.syntax", "expected one value inside <plist>, found a second")
            self.roots = 2
        elif self.containers[-1] is not None:
            if self.keys[-1] is None:
                self.refuse("parse.syntax", "expected <key>, found a value")
            self.keys[-1] = None

    def end(self, name: str) -> None:
        leaf = self.leaf
        if leaf is None:
            if name != "plist":
                self.containers.pop()
                if self.keys.pop() is not None:
                    self.refuse("parse.syntax", "expected a value for the last key of <dict>")
            return
        self.leaf = None
        if leaf in _READ_LEAVES:
            self.parser.CharacterDataHandler = None
            text = "".join(self.text)
            self.text.clear()
            if leaf == "key":
                self.key(text)
            elif leaf == "integer":
                self.integer(text)
            elif leaf == "real":
                if not _REAL.fullmatch(text) or not math.isfinite(float(text)):
                    self.refuse("parse.value", f"expected a finite number, found {excerpt(text)}")
            elif not _DATE.fullmatch(text):
                self.refuse("parse.value", f"expected a date such as 2026-01-31T12:00:00Z, found {excerpt(text)}")

    def key(self, text: str) -> None:
        seen = self.containers[-1]
        if seen is None or text in seen:
            self.refuse("parse.duplicate_key", f"expected {excerpt(text)} once in its dictionary, found it again")
        seen.add(text)
        self.keys[-1] = text

    def integer(self, text: str) -> None:
        if _INTEGER.fullmatch(text) and integer_fits(int(text, 16 if text[1:2] in {"x", "X"} else 10)):
            return
        self.refuse("parse.value", f"expected an integer of at most 64 bits, found {excerpt(text)}")

    def doctype(self, name: str, system_id: str | None, public_id: str | None, has_internal_subset: bool) -> None:
        known = public_id in _APPLE_PUBLIC_IDS or (public_id is None and system_id is None)
        if has_internal_subset or not known or name != "plist" or len(system_id or "") > _MAX_MARKUP:
            self.refuse("parse.entity", "expected no DOCTYPE but Apple's, with no declarations in it")

    def skipped_entity(self, name: str, is_parameter: bool) -> None:
        self.refuse("parse.entity", f"expected no entity but XML's own five, found {excerpt(name)}")

    def comment(self, text: str) -> None:
        if len(text) > _MAX_MARKUP:
            self.refuse("parse.syntax", f"expected comments below {_MAX_MARKUP} characters")

    def instruction(self, target: str, text: str) -> None:
        self.refuse("parse.syntax", "expected no processing instruction")
