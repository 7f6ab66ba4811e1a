//! The endpoints that a node listens on and connects to, and what is allowed of them: nothing
//! leaves the host in plain text unless its user said so.

use std::{fs::File, net::IpAddr};

use commy_core::{InvalidValue, options::FabricOptions};
use zenoh_link::LinkKind;

/// A word that commy's links take for a protocol, and Zenoh's own do not.
const LINKS_IN_TURN: &str = "tls-in-turn";
/// The most bytes in an endpoint.
const ENDPOINT_BYTES_MAX: usize = 300;

/// Checks all endpoints of some options.
pub(crate) fn check(options: &FabricOptions) -> Result<(), InvalidValue> {
    for endpoint in &options.listen {
        check_endpoint("listen endpoint", endpoint, options)?;
    }
    for endpoint in &options.connect {
        check_endpoint("connect endpoint", endpoint, options)?;
    }
    if let Some(tls) = &options.tls {
        check_file("certificate authority", &tls.ca)?;
        check_file("certificate", &tls.certificate)?;
        check_file("private key", &tls.key)?;
    }
    Ok(())
}

/// Whether a file can be read. What it holds is found out when the endpoint is opened.
fn check_file(what: &'static str, path: &str) -> Result<(), InvalidValue> {
    match File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(InvalidValue::new(
            what,
            path,
            format!("it is a PEM file that can be read ({error})"),
        )),
    }
}

fn check_endpoint(
    what: &'static str,
    endpoint: &str,
    options: &FabricOptions,
) -> Result<(), InvalidValue> {
    let invalid = |rule: &str| Err(InvalidValue::new(what, endpoint, rule));
    if endpoint.len() > ENDPOINT_BYTES_MAX {
        return invalid("at most 300 bytes are allowed");
    }
    // What would follow `?` and `#` overrides settings of Zenoh, security included.
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/:.-_[]%".contains(c);
    if !endpoint.chars().all(is_allowed) {
        return invalid("it is tcp/HOST:PORT, tls/HOST:PORT or quic/HOST:PORT, and nothing else");
    }
    let Some((protocol, address)) = endpoint.split_once('/') else {
        return invalid("it begins with tcp/, tls/ or quic/");
    };
    let Some((host, port)) = address.rsplit_once(':') else {
        return invalid("the port is missing: it is PROTOCOL/HOST:PORT");
    };
    if host.is_empty() || port.parse::<u16>().is_err() {
        return invalid("it is PROTOCOL/HOST:PORT, with a port from 0 to 65535");
    }
    match protocol {
        "tcp" if options.allow_insecure || is_loopback(host) => Ok(()),
        "tcp" => invalid(
            "plain tcp/ is only allowed on a loopback address; use tls/, or set allow_insecure",
        ),
        "tls" | "quic" if options.tls.is_none() => {
            invalid("tls/ and quic/ need the certificates in the option tls")
        }
        "tls" if !is_tls_sound() => invalid(
            "this program was built with Zenoh's own TLS links, whose memory is not safe: put commy's zenoh-link in their place ([patch.crates-io] in Cargo.toml), or use quic/",
        ),
        "tls" | "quic" => Ok(()),
        _ => invalid("it begins with tcp/, tls/ or quic/"),
    }
}

/// Whether TLS links are commy's. A patch counts only in the workspace that says it, so a program
/// that imports commy may be built without.
pub(crate) fn is_tls_sound() -> bool {
    !LinkKind::new_supported_links([LINKS_IN_TURN].into_iter()).is_empty()
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
