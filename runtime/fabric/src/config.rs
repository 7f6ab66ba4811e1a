//! What Zenoh is told: everything that is off by default there and on here, or the other way round.

use commy_core::{
    Error, Result, Status,
    options::{FabricMode, FabricOptions},
};
use serde_json::{Value, json};
use zenoh::Config;

use crate::address;

/// How long a peer may be silent before its transport is given up. A peer that hangs must be gone
/// from routing within 1.5 s, and a process that waits for a processor is not to be taken for one.
const LEASE_MS: u32 = 1_200;
/// How many signs of life are sent within a lease.
const SIGNS_A_LEASE: u32 = 4;
/// How long a congested peer holds up an event before it loses it: long enough for one that waits
/// for a processor. While it stays congested it loses the next ones at once, so that one that hangs
/// holds up the others only once.
const EVENT_WAIT_US: u32 = 500_000;
/// How long opening and accepting a transport may take.
const HANDSHAKE_MS: u32 = 2_000;
/// How long a client looks for its router before it says that there is none.
const CLIENT_CONNECT_MS: u32 = 3_000;
/// The first and the longest pause between two tries to reach a configured endpoint.
const RETRY_MS: (u32, u32) = (100, 1_000);
/// The least that a message may hold, whatever the mesh allows of payloads: a large record.
const MESSAGE_BYTES_MIN: u64 = crate::wire::RECORD_BYTES_MAX as u64;
/// The protocols of a program that was built with Zenoh's own TLS links.
const PROTOCOLS_WITHOUT_TLS: &[&str] = &["quic", "tcp", "unixsock-stream"];
/// Room for an envelope beside the payload.
const ENVELOPE_BYTES: u64 = 1 << 20;

/// Zenoh's configuration for a node.
///
/// # Errors
/// `INTERNAL` when Zenoh does not know a setting, which is a defect of this file.
pub(crate) fn config(
    id: &str,
    options: &FabricOptions,
    local_listener: Option<String>,
    payload_bytes_max: u64,
) -> Result<Config> {
    let mut settings = general(id, options, local_listener, payload_bytes_max);
    if let Some(tls) = &options.tls {
        settings.extend([
            ("transport/link/tls/root_ca_certificate", json!(tls.ca)),
            (
                "transport/link/tls/listen_certificate",
                json!(tls.certificate),
            ),
            ("transport/link/tls/listen_private_key", json!(tls.key)),
            (
                "transport/link/tls/connect_certificate",
                json!(tls.certificate),
            ),
            ("transport/link/tls/connect_private_key", json!(tls.key)),
            ("transport/link/tls/enable_mtls", json!(true)),
            ("transport/link/tls/verify_name_on_connect", json!(true)),
            ("transport/link/tls/close_link_on_expiration", json!(true)),
        ]);
    }
    if !address::is_tls_sound() {
        // Others may tell of theirs.
        settings.push(("transport/link/protocols", json!(PROTOCOLS_WITHOUT_TLS)));
    }
    let mut config = Config::default();
    for (key, value) in settings {
        config
            .insert_json5(key, &value.to_string())
            .map_err(|error| {
                Error::new(
                    Status::Internal,
                    format!("zenoh refused the setting {key} = {value}: {error}"),
                )
            })?;
    }
    Ok(config)
}

fn general(
    id: &str,
    options: &FabricOptions,
    local_listener: Option<String>,
    payload_bytes_max: u64,
) -> Vec<(&'static str, Value)> {
    let mut listen = options.listen.clone();
    listen.extend(local_listener);
    // Nodes of one host find each other through the run-time directory; only those that can be
    // reached from elsewhere are told of.
    let is_gossiped = !(options.listen.is_empty() && options.connect.is_empty());
    vec![
        ("id", json!(id)),
        (
            "mode",
            json!(match options.mode {
                FabricMode::Peer => "peer",
                FabricMode::Client => "client",
                FabricMode::Router => "router",
            }),
        ),
        ("listen/endpoints", json!(listen)),
        ("connect/endpoints", json!(options.connect)),
        (
            "connect/timeout_ms",
            json!({"router": -1, "peer": -1, "client": CLIENT_CONNECT_MS}),
        ),
        (
            "connect/retry",
            json!({
                "period_init_ms": RETRY_MS.0,
                "period_max_ms": RETRY_MS.1,
                "period_increase_factor": 2,
            }),
        ),
        (
            "open/return_conditions",
            json!({"connect_scouted": false, "declares": false}),
        ),
        ("scouting/delay", json!(0)),
        ("scouting/multicast/enabled", json!(options.multicast)),
        ("scouting/gossip/enabled", json!(is_gossiped)),
        ("timestamping/enabled", json!(false)),
        ("adminspace/enabled", json!(false)),
        ("transport/unicast/open_timeout", json!(HANDSHAKE_MS)),
        ("transport/unicast/accept_timeout", json!(HANDSHAKE_MS)),
        ("transport/link/tx/lease", json!(LEASE_MS)),
        ("transport/link/tx/keep_alive", json!(SIGNS_A_LEASE)),
        (
            "transport/link/tx/queue/congestion_control/drop/wait_before_drop",
            json!(EVENT_WAIT_US),
        ),
        (
            "transport/link/rx/max_message_size",
            json!((payload_bytes_max + ENVELOPE_BYTES).max(MESSAGE_BYTES_MIN + ENVELOPE_BYTES)),
        ),
        (
            "transport/shared_memory/enabled",
            json!(!options.no_shared_memory),
        ),
    ]
}
