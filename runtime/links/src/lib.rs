//! The links that Zenoh's transports run over in commy: stands in for Zenoh's own crate of this
//! name, with the four protocols that commy uses. The links themselves are Zenoh's; those over TLS
//! are used by one thread at a time ([ADR 11](../../../docs/adr/0011-tls-links-are-polled-in-turn.md)).
//!
//! What is public here is what Zenoh's transports ask for, under the names that they ask by.

use std::{collections::HashMap, sync::Arc};

use zenoh_config::Config;
use zenoh_link_commons::LocatorInspector as _;
pub use zenoh_link_commons::*;
use zenoh_link_quic::{
    LinkManagerUnicastQuic, QUIC_LOCATOR_PREFIX, QuicConfigurator, QuicLocatorInspector,
};
use zenoh_link_tcp::{
    LinkManagerUnicastTcp, TCP_LOCATOR_PREFIX, TcpConfigurator, TcpLocatorInspector,
};
use zenoh_link_tls::{TLS_LOCATOR_PREFIX, TlsConfigurator, TlsLocatorInspector};
#[cfg(unix)]
use zenoh_link_unixsock_stream::{
    LinkManagerUnicastUnixSocketStream, UNIXSOCKSTREAM_LOCATOR_PREFIX,
    UnixSockStreamLocatorInspector,
};
pub use zenoh_protocol::core::{EndPoint, Locator};
use zenoh_result::{Error, ZResult, bail};

mod turns;

/// A word that is taken for a protocol here and not by Zenoh's own crate: so commy knows which of
/// the two it was built with.
const STANDS_IN: &str = "tls-in-turn";

/// A protocol of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// QUIC with certificates.
    Quic,
    /// TCP, in plain text.
    Tcp,
    /// TLS over TCP, with certificates.
    Tls,
    /// A stream over a socket in the file system.
    #[cfg(unix)]
    UnixsockStream,
}

/// All protocols.
pub const ALL_SUPPORTED_LINKS: &[LinkKind] = &[
    LinkKind::Quic,
    LinkKind::Tcp,
    LinkKind::Tls,
    #[cfg(unix)]
    LinkKind::UnixsockStream,
];

impl LinkKind {
    /// Those of the named protocols that are known.
    pub fn new_supported_links<'name>(names: impl Iterator<Item = &'name str>) -> Vec<Self> {
        names.filter_map(Self::named).collect()
    }

    fn named(protocol: &str) -> Option<Self> {
        match protocol {
            QUIC_LOCATOR_PREFIX => Some(Self::Quic),
            TCP_LOCATOR_PREFIX => Some(Self::Tcp),
            TLS_LOCATOR_PREFIX | STANDS_IN => Some(Self::Tls),
            #[cfg(unix)]
            UNIXSOCKSTREAM_LOCATOR_PREFIX => Some(Self::UnixsockStream),
            _ => None,
        }
    }
}

impl TryFrom<&Locator> for LinkKind {
    type Error = Error;

    fn try_from(locator: &Locator) -> ZResult<Self> {
        match Self::named(locator.protocol().as_str()) {
            // QUIC's datagrams, which may be lost, are another kind of link.
            Some(Self::Quic) if !QuicLocatorInspector.is_reliable(locator)? => {
                bail!("{locator}: QUIC is only used where nothing is lost")
            }
            Some(kind) => Ok(kind),
            None => {
                bail!("{locator}: this protocol is not one of tcp, tls, quic and unixsock-stream")
            }
        }
    }
}

impl TryFrom<&EndPoint> for LinkKind {
    type Error = Error;

    fn try_from(endpoint: &EndPoint) -> ZResult<Self> {
        Self::try_from(&endpoint.to_locator())
    }
}

/// Says what kind of link a locator leads to.
#[derive(Clone, Debug, Default)]
pub struct LocatorInspector;

impl LocatorInspector {
    /// Whether nothing is lost on the way.
    ///
    /// # Errors
    /// When the protocol is not known, or the locator says neither yes nor no.
    pub fn is_reliable(&self, locator: &Locator) -> ZResult<bool> {
        match LinkKind::try_from(locator)? {
            LinkKind::Quic => QuicLocatorInspector.is_reliable(locator),
            LinkKind::Tcp => TcpLocatorInspector.is_reliable(locator),
            LinkKind::Tls => TlsLocatorInspector.is_reliable(locator),
            #[cfg(unix)]
            LinkKind::UnixsockStream => UnixSockStreamLocatorInspector.is_reliable(locator),
        }
    }

    /// Whether many hear what is sent: never.
    ///
    /// # Errors
    /// When the protocol is not known.
    pub async fn is_multicast(&self, locator: &Locator) -> ZResult<bool> {
        LinkKind::try_from(locator).map(|_| false)
    }
}

/// Reads the settings of each protocol.
#[derive(Debug, Default)]
pub struct LinkConfigurator;

impl LinkConfigurator {
    /// The settings of each protocol that has some, and what is wrong with those that are wrong.
    pub fn configurations(
        &self,
        config: &Config,
    ) -> (HashMap<LinkKind, String>, HashMap<LinkKind, Error>) {
        let read = [
            (LinkKind::Quic, QuicConfigurator.inspect_config(config)),
            (LinkKind::Tcp, TcpConfigurator.inspect_config(config)),
            (LinkKind::Tls, TlsConfigurator.inspect_config(config)),
        ];
        let mut settings = HashMap::new();
        let mut errors = HashMap::new();
        for (kind, read) in read {
            match read {
                Ok(text) => drop(settings.insert(kind, text)),
                Err(error) => drop(errors.insert(kind, error)),
            }
        }
        (settings, errors)
    }
}

/// Makes what opens links between two.
#[derive(Debug)]
pub struct LinkManagerBuilderUnicast;

impl LinkManagerBuilderUnicast {
    /// What opens links of an endpoint's protocol; those that others open go to `accepted`.
    ///
    /// # Errors
    /// When the protocol is not known.
    pub fn make(
        accepted: NewLinkChannelSender,
        endpoint: &EndPoint,
    ) -> ZResult<LinkManagerUnicast> {
        Ok(match LinkKind::try_from(endpoint)? {
            LinkKind::Quic => Arc::new(LinkManagerUnicastQuic::new(accepted)),
            LinkKind::Tcp => Arc::new(LinkManagerUnicastTcp::new(accepted)),
            LinkKind::Tls => Arc::new(turns::Manager::new(accepted)),
            #[cfg(unix)]
            LinkKind::UnixsockStream => Arc::new(LinkManagerUnicastUnixSocketStream::new(accepted)),
        })
    }
}

/// Makes what opens links between many, of which there are none.
#[derive(Debug)]
pub struct LinkManagerBuilderMulticast;

impl LinkManagerBuilderMulticast {
    /// Nothing.
    ///
    /// # Errors
    /// Always: no protocol here is heard by many.
    pub fn make(kind: LinkKind) -> ZResult<LinkManagerMulticast> {
        bail!("no link of {kind:?} is heard by many")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(locator: &str) -> ZResult<LinkKind> {
        LinkKind::try_from(&locator.parse::<Locator>()?)
    }

    #[test]
    fn each_protocol_is_known_by_its_name() -> ZResult<()> {
        assert_eq!(kind("tcp/localhost:1")?, LinkKind::Tcp);
        assert_eq!(kind("tls/localhost:1")?, LinkKind::Tls);
        assert_eq!(kind("quic/localhost:1")?, LinkKind::Quic);
        for unknown in [
            "udp/localhost:1",
            "ws/localhost:1",
            "quic/localhost:1?rel=0",
        ] {
            assert!(kind(unknown).is_err(), "{unknown}");
        }
        Ok(())
    }

    #[test]
    fn what_zenoh_calls_its_protocols_is_what_is_supported() {
        let names = ["tcp", "udp", "tls", "quic", STANDS_IN];
        let kinds = [LinkKind::Tcp, LinkKind::Tls, LinkKind::Quic, LinkKind::Tls];
        assert_eq!(LinkKind::new_supported_links(names.into_iter()), kinds);
    }
}
