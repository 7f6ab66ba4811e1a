//! Instances that commy does not host: where they are dialled, and how they are probed.

use std::{fmt, time::Duration};

use crate::{error::InvalidValue, name::check_characters, spec::check_range};

/// The most bytes in an endpoint's address.
const ENDPOINT_BYTES_MAX: usize = 512;
/// The most bytes in a probe's path.
const PATH_BYTES_MAX: usize = 1024;

/// The address of an advertised instance, such as `http://127.0.0.1:8080` or `tcp://db:5432`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    address: String,
    authority: std::ops::Range<usize>,
}

impl Endpoint {
    /// Checks an address: `SCHEME://HOST:PORT`, for `http` and `https` also without a port.
    /// Anything after the authority is left to those who dial it.
    ///
    /// # Errors
    /// The address and the rule that it breaks.
    pub fn new(address: &str) -> Result<Self, InvalidValue> {
        let invalid = |rule: &str| InvalidValue::new("endpoint", address, rule);
        if address.len() > ENDPOINT_BYTES_MAX {
            return Err(invalid("at most 512 bytes are allowed"));
        }
        if address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(invalid("no white space or control character is allowed"));
        }
        let (scheme, rest) = address
            .split_once("://")
            .ok_or_else(|| invalid("it is SCHEME://HOST:PORT"))?;
        check_characters(scheme, 16, "+-.")
            .map_err(|rule| InvalidValue::new("endpoint", address, rule))?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(invalid(
                "credentials do not belong in an advertised address",
            ));
        }
        let start = scheme.len() + "://".len();
        let endpoint = Self {
            address: address.to_owned(),
            authority: start..start + authority.len(),
        };
        let (host, port) = endpoint.split_port();
        if host.is_empty() {
            return Err(invalid("it is SCHEME://HOST:PORT, and the host is missing"));
        }
        match (port, endpoint.default_port()) {
            (None, None) => Err(invalid("it is SCHEME://HOST:PORT, and the port is missing")),
            (Some(port), _) if port.parse::<u16>().map_or(true, |port| port == 0) => {
                Err(invalid("the port is a number from 1 to 65535"))
            }
            _ => Ok(endpoint),
        }
    }

    /// The address as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The scheme, such as `http`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.address.split("://").next().unwrap_or_default()
    }

    /// The host to dial, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.split_port()
            .0
            .trim_start_matches('[')
            .trim_end_matches(']')
    }

    /// The port to dial.
    #[must_use]
    pub fn port(&self) -> u16 {
        let (_, port) = self.split_port();
        port.and_then(|port| port.parse().ok())
            .or_else(|| self.default_port())
            .unwrap_or_default()
    }

    /// The address up to its path, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.address[..self.authority.end]
    }

    fn default_port(&self) -> Option<u16> {
        match self.scheme() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        }
    }

    fn split_port(&self) -> (&str, Option<&str>) {
        let authority = &self.address[self.authority.clone()];
        match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => {
                (&authority[..colon], Some(&authority[colon + 1..]))
            }
            _ => (authority, None),
        }
    }
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
        let invalid = |rule: &str| Err(InvalidValue::new("probe path", path, rule));
        if !path.starts_with('/') {
            return invalid("it begins with /");
        }
        if path.len() > PATH_BYTES_MAX {
            return invalid("at most 1024 bytes are allowed");
        }
        if path.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return invalid("no white space or control character is allowed");
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
