"""`python -m app.serve`: the collaboration server as its container runs it, with TLS on $PORT.

The load balancer encrypts to it and does not check who it is, so a certificate made at start is enough.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate and its key (PEM), signed by itself and good for a year."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mdreader collaboration")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=365))
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret.touch(mode=0o600)
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret


def main() -> None:
    """Serve until the container is stopped."""
    import uvicorn

    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder))
        port = int(os.environ.get("PORT", "8443"))
        where = os.environ.get("HOST", "0.0.0.0")  # noqa: S104 - the task's own network interface
        uvicorn.run("app.collaboration:app", host=where, port=port, ssl_certfile=certificate, ssl_keyfile=key)


if __name__ == "__main__":
    main()
