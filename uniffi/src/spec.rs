//! What is registered or advertised, and how it is probed.

use std::{collections::HashMap, time::Duration};

/// One registration of a service.
#[derive(Clone, Debug)]
pub struct ServiceSpec {
    /// The name of the service.
    pub service: String,
    /// The version.
    pub version: String,
    /// Tags to select by.
    pub tags: Vec<String>,
    /// Metadata to select by.
    pub metadata: HashMap<String, String>,
    /// The share of calls under `weighted` balancing.
    pub weight: u32,
    /// The zone.
    pub zone: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// How many calls the instance handles at once.
    pub max_in_flight: u32,
}

impl From<ServiceSpec> for commy::ServiceSpec {
    fn from(spec: ServiceSpec) -> Self {
        let ServiceSpec {
            service,
            version,
            tags,
            metadata,
            weight,
            zone,
            region,
            max_in_flight,
        } = spec;
        Self {
            service,
            version,
            tags,
            metadata: metadata.into_iter().collect(),
            weight,
            zone,
            region,
            max_in_flight,
        }
    }
}

/// How an advertised endpoint is probed.
#[derive(Clone, Debug)]
pub enum Probe {
    /// By TCP connection.
    Tcp,
    /// By HTTP GET.
    Http {
        /// The path.
        path: String,
    },
}

impl From<Probe> for commy::Probe {
    fn from(probe: Probe) -> Self {
        match probe {
            Probe::Tcp => Self::Tcp,
            Probe::Http { path } => Self::Http { path },
        }
    }
}

/// When and how an advertised endpoint is probed.
#[derive(Clone, Debug)]
pub struct HealthCheck {
    /// What is tried.
    pub probe: Probe,
    /// The time between two probes, in milliseconds.
    pub interval_ms: u64,
    /// The time after which a probe has failed, in milliseconds.
    pub timeout_ms: u64,
    /// How many successes make an instance healthy.
    pub rise: u32,
    /// How many failures make an instance unhealthy.
    pub fall: u32,
}

impl From<HealthCheck> for commy::HealthCheck {
    fn from(check: HealthCheck) -> Self {
        let HealthCheck {
            probe,
            interval_ms,
            timeout_ms,
            rise,
            fall,
        } = check;
        Self {
            probe: probe.into(),
            interval: Duration::from_millis(interval_ms),
            timeout: Duration::from_millis(timeout_ms),
            rise,
            fall,
        }
    }
}
