# Copyright: (c) 2026, the mailops.exchange_hybrid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away certificates: a CA, the servers' certificate, and an application's certificate for signing in."""

from __future__ import annotations

import datetime
import functools
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


@dataclass(frozen=True)
class Certificates:
    """``ca_file``: the CA that clients have to trust. ``application_file``: certificate and key in one PEM file."""

    ca_file: Path
    application_file: Path
    application_certificate: x509.Certificate
    server_context: ssl.SSLContext
    authority: trustme.CA

    def context_for(self, names: tuple[str, ...], expired: bool, asks: bool = False) -> ssl.SSLContext:
        """Return the context of a server whose certificate is made out for ``names``, or ended yesterday.

        One that ``asks`` takes certificates of clients, if they are of the same CA.
        """
        end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1) if expired else None
        begin = end - datetime.timedelta(days=30) if end else None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*names, not_before=begin, not_after=end).configure_cert(context)
        if asks:
            context.verify_mode = ssl.CERT_OPTIONAL
            self.authority.configure_trust(context)
        return context

    def client_file(self, path: Path, address: str) -> Path:
        """Write certificate and key of a client that the CA knows as ``address``, and return the file."""
        write_private(path, self.authority.issue_cert(address).private_key_and_cert_chain_pem.bytes())
        return path


def create_certificates(directory: Path) -> Certificates:
    """Make everything new and write what clients need into ``directory``."""
    authority = trustme.CA(organization_name="Laboratory, trust nowhere else")
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    application_file = directory / "application.pem"
    certificate, pem = application_certificate("mailops laboratory application")
    write_private(application_file, pem)
    return Certificates(ca_file, application_file, certificate, context, authority)


@functools.cache
def throw_away_key(purpose: str) -> rsa.RSAPrivateKey:
    """Return this process's key for a purpose. Making one takes longer than all the rest of a start."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def application_certificate(common_name: str) -> tuple[x509.Certificate, bytes]:
    """Make a self-signed certificate as administrators upload to an app registration; return it and its PEM + key."""
    key = throw_away_key(common_name)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate, certificate.public_bytes(serialization.Encoding.PEM) + key_pem
