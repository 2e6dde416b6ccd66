"""`python -m certs`: make an authority, issue from it, look at it, hand its certificates out."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority, Usage
from certs.authority_files import CA_FILE
from certs.errors import AuthorityError, CertsError
from certs.identity import Identity, certificates_to_pem, fingerprint, load_certificate
from certs.keys import KeyKind, generate_key
from certs.names import format_name, general_name, parse_name
from certs.private_files import write_new

_KINDS = click.Choice([kind.value for kind in KeyKind])
_NEW_DIRECTORY = click.Path(path_type=Path, file_okay=False)
_DIRECTORY = click.Path(path_type=Path, file_okay=False, exists=True)


def _clock() -> datetime:
    return datetime.now(UTC)


def _load(directory: Path) -> Authority:
    return Authority.load(directory, clock=_clock, random_bytes=os.urandom)


class _BadInput(click.ClickException):
    exit_code = 2


class _UnfitAuthority(click.ClickException):
    exit_code = AuthorityError.exit_code


class _Commands(click.Group):
    """Turns what this room refuses into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AuthorityError as error:
            raise _UnfitAuthority(str(error)) from error
        except CertsError as error:
            raise _BadInput(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make a test certificate authority, and issue certificates from it.

    \b
    Examples:
      python -m certs init ./ca
      python -m certs issue ./ca --subject CN=device-1 --out device.pem
      python -m certs issue ./ca --subject CN=localhost --usage server --name localhost --name 127.0.0.1
      python -m certs show ./ca
      python -m certs export ./ca --what chain > chain.pem
    """  # noqa: D301 - \b is click's mark for a paragraph that is kept as it is


@main.command("init")
@click.argument("directory", type=_NEW_DIRECTORY)
@click.option("--issuing-key", type=_KINDS, default=KeyKind.P_256.value, show_default=True, help="Kind of CA key.")
@click.option("--organization", default="mdmsim TEST", show_default=True, help="The O of every subject.")
@click.option("--single", is_flag=True, help="One certificate as CA, RA and signer: some SCEP clients take only one.")
def init_authority(directory: Path, issuing_key: str, organization: str, single: bool) -> None:
    """Make a new authority in DIRECTORY, which must be empty or not exist.

    \b
    Example:
      python -m certs init ./ca --issuing-key rsa-2048
    """  # noqa: D301
    authority = Authority.create(
        clock=_clock,
        random_bytes=os.urandom,
        organization=organization,
        issuing_key=KeyKind(issuing_key),
        single=single,
    )
    try:
        authority.save(directory)
    except AuthorityError as error:
        raise CertsError(str(error)) from error  # a path that cannot be used is bad input, not an unsafe authority
    click.echo(f"made an authority in {directory}; clients trust {directory / CA_FILE}")


@main.command("issue")
@click.argument("directory", type=_DIRECTORY)
@click.option("--subject", required=True, help="The subject, as RFC 4514 has it: CN=device-1,O=Example.")
@click.option(
    "--usage", type=click.Choice([usage.value for usage in Usage]), default=Usage.DEVICE.value, show_default=True
)
@click.option("--key", "kind", type=_KINDS, default=KeyKind.P_256.value, show_default=True, help="Kind of the new key.")
@click.option("--name", "names", multiple=True, help="An alternative name: a host name or an address. Repeatable.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file, mode 0600. Default: stdout.")
def issue_identity(
    directory: Path, subject: str, usage: str, kind: str, names: tuple[str, ...], out: Path | None
) -> None:
    """Issue a key with a certificate from the authority in DIRECTORY: key, certificate and chain in PEM.

    \b
    Example:
      python -m certs issue ./ca --subject CN=device-1,O=Example --key rsa-2048 --out device.pem
    """  # noqa: D301
    if usage == Usage.SERVER and not names:
        raise CertsError("a server's certificate is matched by its alternative names: expected --name HOST, found none")
    authority = _load(directory)
    identity = authority.issue_identity(
        parse_name(subject),
        usage=Usage(usage),
        key=generate_key(KeyKind(kind)),
        alternative_names=[general_name(name) for name in names],
    )
    if out is None:
        click.echo(identity.pem(), nl=False)
        return
    try:
        write_new(out, identity.pem())
    except OSError as error:
        raise CertsError(f"{out}: expected to make a new file, found: {error.strerror}; give another path") from error
    click.echo(f"wrote {out}: serial {identity.certificate.serial_number:x}, sha256 {identity.fingerprint}")


@main.command("show")
@click.argument("path", type=click.Path(path_type=Path))
def show(path: Path) -> None:
    """Show the certificates in a FILE (PEM or DER), or those of the authority in a DIRECTORY. Never a key.

    \b
    Example:
      python -m certs show device.pem
    """  # noqa: D301
    click.echo("\n\n".join(_describe(role, certificate) for role, certificate in _certificates_at(path)))


@main.command("export")
@click.argument("directory", type=_DIRECTORY)
@click.option("--what", type=click.Choice(["root", "issuing", "chain"]), default="root", show_default=True)
@click.option("--der", is_flag=True, help="DER instead of PEM; for a single certificate only.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file. Default: stdout.")
def export(directory: Path, what: str, der: bool, out: Path | None) -> None:
    """Write the authority's certificates, without keys: the root, the issuing one, or both as a chain.

    \b
    Example:
      python -m certs export ./ca --what root --der --out root.cer
    """  # noqa: D301
    authority = _load(directory)
    certificates = {
        "root": [authority.root.certificate],
        "issuing": [authority.issuing.certificate],
        "chain": list(authority.ca_certificates),
    }[what]
    if der and len(certificates) > 1:
        raise CertsError("DER holds one certificate: expected --what root or issuing, found chain; leave --der out")
    data = certificates[0].public_bytes(Encoding.DER) if der else certificates_to_pem(certificates)
    if out is None:
        click.echo(data, nl=False)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        raise CertsError(f"{out}: expected to write the file, found: {error.strerror}; give another path") from error


def _certificates_at(path: Path) -> list[tuple[str, x509.Certificate]]:
    if path.is_dir():
        authority = _load(path)
        members: dict[str, Identity] = {
            "root": authority.root,
            "issuing": authority.issuing,
            "registration": authority.registration,
            "profile signer": authority.profile_signer,
        }
        return [(role, identity.certificate) for role, identity in members.items()]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CertsError(f"{path}: expected a certificate or an authority, found: {error.strerror}") from error
    try:
        certificates = x509.load_pem_x509_certificates(data) if b"-----BEGIN " in data else [load_certificate(data)]
    except (ValueError, x509.InvalidVersion) as error:
        raise CertsError(f"{path}: expected a certificate in PEM or DER, found something else") from error
    return [(f"certificate {number}", certificate) for number, certificate in enumerate(certificates, 1)]


def _describe(role: str, certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    match key:
        case rsa.RSAPublicKey():
            kind = f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            kind = key.curve.name
        case _:
            kind = type(key).__name__
    lines = {
        "subject": format_name(certificate.subject),
        "issuer": format_name(certificate.issuer),
        "serial": f"{certificate.serial_number:x}",
        "from": f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC",
        "until": f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC",
        "key": kind,
        "sha256": fingerprint(certificate),
    }
    return "\n".join([role, *(f"  {name:<8} {value}" for name, value in lines.items())])


if __name__ == "__main__":
    main(prog_name="python -m certs")
