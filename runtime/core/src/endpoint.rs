//! Instances that commy does not host: where they are dialled, and how they are probed.

use std::{fmt, net::Ipv6Addr, ops::Range, time::Duration};

use crate::{error::InvalidValue, name::check_bytes, spec::check_range};

/// The most bytes in an endpoint's address.
const ENDPOINT_BYTES_MAX: usize = 512;
/// The most bytes in a probe's path.
const PATH_BYTES_MAX: usize = 1024;
/// What an endpoint looks like, for those who wrote something else.
const FORM: &str = "it is SCHEME://HOST:PORT; only http and https have a default port";

/// The address of an advertised instance, such as `http://127.0.0.1:8080` or `tcp://db:5432`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    address: String,
    scheme_end: usize,
    host: Range<usize>,
    authority_end: usize,
    port: u16,
}

impl Endpoint {
    /// Checks an address: `SCHEME://HOST:PORT`, for `http` and `https` also without a port.
    /// Anything after the port is left to those who dial it.
    ///
    /// # Errors
    /// The address and the rule that it breaks.
    pub fn new(address: &str) -> Result<Self, InvalidValue> {
        check_bytes("endpoint", address, ENDPOINT_BYTES_MAX)?;
        Self::parse(address).map_err(|rule| InvalidValue::new("endpoint", address, rule))
    }

    fn parse(address: &str) -> Result<Self, &'static str> {
        check_printable(address)?;
        let (scheme, rest) = address.split_once("://").ok_or(FORM)?;
        let is_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !scheme.chars().all(is_scheme) {
            return Err("the scheme is of lower-case ASCII letters, digits, +, - and .");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("credentials do not belong in an advertised address");
        }
        let (host, port) = match authority.rfind(':') {
            Some(colon) if !authority.ends_with(']') => {
                (&authority[..colon], parse_port(&authority[colon + 1..])?)
            }
            _ => (authority, default_port(scheme).ok_or(FORM)?),
        };
        let authority_start = scheme.len() + "://".len();
        let bracket = host_bracket_len(host)?;
        Ok(Self {
            address: address.to_owned(),
            scheme_end: scheme.len(),
            host: authority_start + bracket..authority_start + host.len() - bracket,
            authority_end: authority_start + authority.len(),
            port,
        })
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The scheme, such as `http`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.address[..self.scheme_end]
    }

    /// The host to dial, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.address[self.host.clone()]
    }

    /// The port to dial.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address up to its path, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.address[..self.authority_end]
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn parse_port(port: &str) -> Result<u16, &'static str> {
    // `parse` alone would take a sign.
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse()
        .ok()
        .filter(|port| is_number && *port > 0)
        .ok_or("the port is a number from 1 to 65535")
}

/// Checks a host, and gives the length of the bracket at each of its ends.
fn host_bracket_len(host: &str) -> Result<usize, &'static str> {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return match address.parse::<Ipv6Addr>() {
            Ok(_) => Ok(1),
            Err(_) => Err("what stands in brackets is an IPv6 address"),
        };
    }
    if host.is_empty() {
        return Err("it is SCHEME://HOST:PORT, and the host is missing");
    }
    if !host
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    {
        return Err("the host is a name of ASCII letters, digits, _, - and ., or an IP address");
    }
    Ok(0)
}

fn check_printable(text: &str) -> Result<(), &'static str> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("no white space or control character is allowed");
    }
    Ok(())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.address)
    }
}

/// How an advertised endpoint is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Healthy when a TCP connection is accepted.
    Tcp,
    /// Healthy when an HTTP GET of this path is answered with a 2xx status.
    Http {
        /// The path, which begins with `/`.
        path: String,
    },
}

/// When and how an advertised endpoint is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is tried.
    pub probe: Probe,
    /// The time between two probes: 10 ms to 1 h.
    pub interval: Duration,
    /// The time after which a probe has failed: 1 ms to 60 s.
    pub timeout: Duration,
    /// How many successes in a row make an instance healthy: 1 to 100.
    pub rise: u32,
    /// How many failures in a row make an instance unhealthy: 1 to 100.
    pub fall: u32,
}

impl HealthCheck {
    /// A probe by TCP connection, every 5 s.
    #[must_use]
    pub fn tcp() -> Self {
        Self::of(Probe::Tcp)
    }

    /// A probe by HTTP GET of a path, every 5 s.
    #[must_use]
    pub fn http(path: impl Into<String>) -> Self {
        Self::of(Probe::Http { path: path.into() })
    }

    /// Sets the time between two probes.
    #[must_use]
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the time after which a probe has failed.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many successes in a row make an instance healthy, and how many failures unhealthy.
    #[must_use]
    pub const fn thresholds(mut self, rise: u32, fall: u32) -> Self {
        self.rise = rise;
        self.fall = fall;
        self
    }

    fn of(probe: Probe) -> Self {
        Self {
            probe,
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(1),
            rise: 1,
            fall: 3,
        }
    }

    /// Checks the bounds, and that the endpoint can be probed this way.
    ///
    /// # Errors
    /// The value and the rule that it breaks.
    pub fn check(&self, endpoint: &Endpoint) -> Result<(), InvalidValue> {
        check_range("interval_ms", self.interval.as_millis(), 10, 3_600_000)?;
        check_range("timeout_ms", self.timeout.as_millis(), 1, 60_000)?;
        check_range("rise", self.rise, 1, 100)?;
        check_range("fall", self.fall, 1, 100)?;
        let Probe::Http { path } = &self.probe else {
            return Ok(());
        };
        check_bytes("probe path", path, PATH_BYTES_MAX)?;
        let invalid = |rule| InvalidValue::new("probe path", path, rule);
        check_printable(path).map_err(invalid)?;
        if !path.starts_with('/') {
            return Err(invalid("it begins with /"));
        }
        if endpoint.scheme() != "http" {
            return Err(InvalidValue::new(
                "endpoint",
                endpoint.as_str(),
                "an HTTP probe needs an endpoint that begins with http://; use a TCP probe",
            ));
        }
        Ok(())
    }
}
