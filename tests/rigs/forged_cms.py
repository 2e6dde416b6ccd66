"""Signed messages of which one thing can be wrong: every part of a SignedData can be replaced before it is signed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from certs.cms_content import CONTENT_TYPE, DATA, MESSAGE_DIGEST, SIGNED_DATA
from certs.identity import Identity
from certs.known_certificate import know
from certs.signature_algorithms import digest_algorithm, sign_bytes, signature_algorithm
from rigs.elements import (
    CONTEXT_0,
    OCTET_STRING,
    SEQUENCE,
    SET,
    Element,
    element,
    integer,
    object_identifier,
    read,
)


def attribute(identifier: str, *values: bytes) -> bytes:
    """Write an attribute with any number of values."""
    return element(SEQUENCE, object_identifier(identifier), element(SET, *values))


def content_type_attribute(content_type: str = DATA) -> bytes:
    """Write a contentType attribute."""
    return attribute(CONTENT_TYPE, object_identifier(content_type))


def message_digest_attribute(content: bytes, digest: str = "sha256") -> bytes:
    """Write the messageDigest attribute for a content."""
    return attribute(MESSAGE_DIGEST, element(OCTET_STRING, hashlib.new(digest, content).digest()))


@dataclass
class Forgery:
    """A SignedData in the making. What is left alone is honest."""

    content: bytes
    signer: Identity
    digest: str = "sha256"
    embedded: bytes | None = None
    content_type: str = DATA
    outer_type: str = SIGNED_DATA
    attributes: list[bytes] | None = field(default_factory=list)
    """Empty means contentType and messageDigest, None means a signature directly over the content."""
    signed: bytes | None = None
    announced: list[bytes] | None = None
    digest_algorithm: bytes | None = None
    signature_algorithm: bytes | None = None
    signature: bytes | None = None
    certificates: list[bytes] | None = None
    identifier: bytes | None = None
    signers: int = 1
    unsigned_attributes: bytes = b""
    tail: bytes = b""

    def build(self) -> bytes:
        """Write the message."""
        attributes = self.attributes
        if attributes == []:
            attributes = [content_type_attribute(), message_digest_attribute(self.content, self.digest)]
        honest = self.content if attributes is None else element(SET, *attributes)
        signature = sign_bytes(self.signer.key, honest if self.signed is None else self.signed, self.digest)
        of_digest = self.digest_algorithm or digest_algorithm(self.digest)
        signer_info = element(
            SEQUENCE,
            integer(1),
            self.identifier or know(self.signer.der).issuer_and_serial_number,
            of_digest,
            b"" if attributes is None else element(CONTEXT_0, *attributes),
            self.signature_algorithm or signature_algorithm(self.signer.key, self.digest),
            element(OCTET_STRING, signature if self.signature is None else self.signature),
            self.unsigned_attributes,
        )
        certificates = [self.signer.der] if self.certificates is None else self.certificates
        inside = b"" if self.embedded is None else element(CONTEXT_0, element(OCTET_STRING, self.embedded))
        signed_data = element(
            SEQUENCE,
            integer(1),
            element(SET, *([of_digest] if self.announced is None else self.announced)),
            element(SEQUENCE, object_identifier(self.content_type), inside),
            element(CONTEXT_0, *certificates) if certificates else b"",
            element(SET, *[signer_info] * self.signers),
        )
        outer = element(SEQUENCE, object_identifier(self.outer_type), element(CONTEXT_0, signed_data))
        return outer + self.tail


def mutants(message: bytes, chance: random.Random) -> Iterator[bytes]:
    """Change a message at the level of its elements, for ever: drop, repeat, swap, retag, empty, replace by another."""
    while True:
        yield _mutated(read(message), chance)


def _mutated(node: Element, chance: random.Random) -> bytes:
    """Rewrite a tree of elements with a change in one place."""
    children = node.children()
    if not children or chance.random() < 0.1:
        return _changed(node, chance)
    raws = [child.raw for child in children]
    where = chance.randrange(len(raws))
    match chance.randrange(8):
        case 0:
            del raws[where]
        case 1:
            raws.insert(where, raws[where])
        case 2:
            other = chance.randrange(len(raws))
            raws[where], raws[other] = raws[other], raws[where]
        case _:
            raws[where] = _mutated(children[where], chance)
    return element(node.tag, *raws)


def _changed(node: Element, chance: random.Random) -> bytes:
    match chance.randrange(5):
        case 0:
            return element(node.tag ^ 1 << chance.randrange(8), node.contents)
        case 1:
            return element(node.tag)
        case 2:
            return element(node.tag, node.contents, chance.randbytes(1))
        case 3:
            return element(node.tag, chance.randbytes(max(1, len(node.contents))))
        case _:
            # The same in BER: an indefinite length, or a long form where the short one would do.
            if node.tag & 0x20:
                return bytes((node.tag, 0x80)) + node.contents + b"\0\0"
            return bytes((node.tag, 0x84)) + len(node.contents).to_bytes(4, "big") + node.contents


def rewritten(node: Element, replacements: dict[bytes, bytes]) -> bytes:
    """Write a tree of elements again, some of them replaced."""
    if node.raw in replacements:
        return replacements[node.raw]
    children = node.children()
    return element(node.tag, *(rewritten(child, replacements) for child in children)) if children else node.raw


def with_key(message: bytes, encrypted_key: bytes) -> bytes:
    """Replace the encrypted key of an envelope."""
    recipient = read(message).children()[1].children()[0].children()[1].children()[0]
    return rewritten(read(message), {recipient.children()[3].raw: element(OCTET_STRING, encrypted_key)})


def with_content(message: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change the encrypted content of an envelope."""
    encrypted = read(message).children()[1].children()[0].children()[2].children()[2]
    return rewritten(read(message), {encrypted.raw: element(0x80, change(encrypted.contents))})
