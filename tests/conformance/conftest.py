"""The server that foreign clients are sent to, and the keys they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from certs.key_pool import PrimePool
from rigs import foreign_pkcs7 as pkcs7
from rigs.foreign_clients import FleetClient, Mdmb
from rigs.server_thread import ServerThread, server_thread


@pytest.fixture(scope="session")
def device_authority(rsa_keys: list[rsa.RSAPrivateKey]) -> pkcs7.SmallAuthority:
    """Return what stands in for Apple: the authority that vouches for devices."""
    return pkcs7.SmallAuthority.create(rsa_keys[3], "Device CA TEST")


@pytest.fixture(scope="session")
def lenient(tmp_path_factory: pytest.TempPathFactory, device_authority: pkcs7.SmallAuthority) -> Iterator[ServerThread]:
    """Run the server as `mdm-server serve --http … --compat mdmb,fleet --device-ca …` would."""
    folder = tmp_path_factory.mktemp("lenient")
    vouching = folder / "device-ca.pem"
    vouching.write_bytes(device_authority.certificate.public_bytes(serialization.Encoding.PEM))
    with server_thread(folder, compat=("mdmb", "fleet"), device_ca=vouching) as server:
        yield server


@pytest.fixture(scope="session")
def new_key(rsa_keys: list[rsa.RSAPrivateKey]) -> Callable[[], rsa.RSAPrivateKey]:
    """Return what makes keys quickly, each another: the server lets no two devices have the same."""
    more = [rsa.generate_private_key(65537, 2048) for _ in range(5)]
    pool, numbers = PrimePool.from_keys([*rsa_keys, *more]), count()
    return lambda: pool.key(next(numbers))


@pytest.fixture
def new_mdmb(new_key: Callable[[], rsa.RSAPrivateKey]) -> Callable[[], Mdmb]:
    """Return what makes mdmb devices."""
    return lambda: Mdmb(new_key(), new_key())


@pytest.fixture
def mdmb(lenient: ServerThread, new_mdmb: Callable[[], Mdmb]) -> Mdmb:
    """Return an mdmb device that has installed a profile for many, over the plain listener."""
    device = new_mdmb()
    device.install(lenient.profile())
    return device


@pytest.fixture
def fleet(lenient: ServerThread, new_key: Callable[[], rsa.RSAPrivateKey]) -> FleetClient:
    """Return a device of Fleet's that has fetched its profile from /enroll."""
    device = FleetClient(new_key())
    device.fetch_with_post(f"{lenient.url}/enroll")
    return device
