//! `cargo xtask certs`: a certificate authority for development, and certificates of it for nodes.
//! What is made here is for trying out `tls/` and `quic/` endpoints and for tests; a real mesh has
//! an authority that somebody looks after.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use camino::Utf8Path;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// How long a certificate is valid: long enough to forget about it, short enough to find out.
const VALID: Duration = Duration::days(365);
/// How far back validity begins, for hosts whose clocks differ.
const CLOCKS_DIFFER: Duration = Duration::hours(1);

/// Writes a certificate for each node into a directory, as `NODE.pem` and `NODE-key.pem`, signed by
/// the authority in `ca.pem` and `ca-key.pem`, which is made if it is not there.
///
/// # Errors
/// When a file cannot be written or the authority that is there cannot be read.
pub fn write(directory: &Utf8Path, nodes: &[String]) -> Result<()> {
    fs_err::create_dir_all(directory)?;
    let issuer = authority(directory)?;
    for node in nodes {
        ensure!(
            !node.is_empty() && !node.contains(['/', '\\']),
            "{node:?} is not the name or address of a host"
        );
        let mut names = vec![node.clone()];
        if node == "localhost" {
            names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
        }
        let mut params = valid(CertificateParams::new(names)?);
        params.distinguished_name.push(DnType::CommonName, node);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Each node is both: it listens, and it connects.
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        fs_err::write(directory.join(format!("{node}.pem")), certificate.pem())?;
        write_secret(&directory.join(format!("{node}-key.pem")), &key)?;
    }
    Ok(())
}

fn authority(directory: &Utf8Path) -> Result<Issuer<'static, KeyPair>> {
    let (certificate, secret) = (directory.join("ca.pem"), directory.join("ca-key.pem"));
    if certificate.exists() {
        let key = KeyPair::from_pem(&fs_err::read_to_string(&secret)?)
            .with_context(|| format!("{secret} holds no key"))?;
        return Issuer::from_ca_cert_pem(&fs_err::read_to_string(&certificate)?, key)
            .with_context(|| format!("{certificate} holds no certificate of an authority"));
    }
    let mut params = valid(CertificateParams::default());
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params
        .distinguished_name
        .push(DnType::CommonName, "commy development authority");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let signed = params.self_signed(&key)?;
    write_secret(&secret, &key)?;
    fs_err::write(&certificate, signed.pem())?;
    Ok(Issuer::new(params, key))
}

fn valid(mut params: CertificateParams) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - CLOCKS_DIFFER;
    params.not_after = now + VALID;
    params
}

/// Writes a key that only its owner can read.
fn write_secret(path: &Utf8Path, key: &KeyPair) -> Result<()> {
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
        .open(path)?
        .write_all(key.serialize_pem().as_bytes())
        .with_context(|| format!("writing {path}"))
}
