"""The authority of an environment, which is the data services' certificate too, and certificates that it issues."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM. The certificate is its own authority, so clients can verify with `file`."""

    file: Path
    key: Path


def make_certificate(folder: Path, host: str) -> Certificate:
    """Make a certificate for an address, valid for 30 days."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stackproof embedded")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address(host)), x509.DNSName("localhost"), x509.DNSName(host)]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _write(folder, "certificate.pem", "key.pem", certificate, key)


def issue(authority: Certificate, folder: Path, stem: str, names: Iterable[str]) -> Certificate:
    """Issue a certificate for host names and addresses, into `stem.pem` and `stem-key.pem`; a key that is there stays.

    A name may begin with `*.`. The certificate is valid for 30 days.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    kept = folder / f"{stem}-key.pem"
    key: Any = ec.generate_private_key(ec.SECP256R1())
    if kept.exists():
        key = serialization.load_pem_private_key(kept.read_bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority.file.read_bytes())
    issuer_key: Any = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"stackproof embedded {stem}")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return _write(folder, f"{stem}.pem", kept.name, certificate, key)


def fingerprint(certificate: Certificate) -> str:
    """The public key's SHA-256 in base64, as browsers take it (`--ignore-certificate-errors-spki-list`)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    public = x509.load_pem_x509_certificate(certificate.file.read_bytes()).public_key()
    plain = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(plain).digest()).decode()


def _general(name: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(folder: Path, file: str, key_file: str, certificate: Any, key: Any) -> Certificate:
    from cryptography.hazmat.primitives import serialization

    made = Certificate(folder / file, folder / key_file)
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.touch(mode=0o600)
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made
