//! The prober: sole writer of the schedule of probes. It tries each advertised endpoint that has a
//! check, lets core judge, and reports a verdict that changed; it must not know who calls what.

use std::collections::HashMap;

use actix::{Actor, Context, Handler, Message, Recipient};
use commy_core::{
    Error, Status,
    endpoint::{Endpoint, HealthCheck, Probe as Kind},
    identity::InstanceId,
    probing::Verdict,
};
use futures_util::future::{AbortHandle, Abortable};
use tokio::net::TcpStream;

use super::{CONTROL_MAILBOX_CAPACITY, ask, registry::ReportHealth};

/// The actor that probes advertised endpoints.
pub(crate) struct Prober {
    http: reqwest::Client,
    report: Option<Recipient<ReportHealth>>,
    probed: HashMap<InstanceId, AbortHandle>,
}

/// Where verdicts go from now on.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct ReportTo(pub(crate) Recipient<ReportHealth>);

/// Probe this instance until told otherwise.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Probe {
    /// Which instance.
    pub(crate) id: InstanceId,
    /// Where it is.
    pub(crate) endpoint: Endpoint,
    /// How and when.
    pub(crate) check: HealthCheck,
}

/// Probe this instance no more.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Unprobe(pub(crate) InstanceId);

impl Prober {
    /// A prober that has nothing to probe.
    ///
    /// # Errors
    /// `INTERNAL` when the HTTP client cannot be made.
    pub(crate) fn new() -> Result<Self, Error> {
        // A probe asks the endpoint itself: a proxy, a redirect or a kept connection would answer
        // for somebody else or for an earlier moment.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| {
                Error::new(
                    Status::Internal,
                    format!("the HTTP client for probes cannot be made: {error}"),
                )
            })?;
        Ok(Self {
            http,
            report: None,
            probed: HashMap::new(),
        })
    }
}

impl Actor for Prober {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(CONTROL_MAILBOX_CAPACITY);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        for probing in self.probed.values() {
            probing.abort();
        }
    }
}

impl Handler<ReportTo> for Prober {
    type Result = ();

    fn handle(&mut self, ReportTo(registry): ReportTo, _: &mut Self::Context) {
        self.report = Some(registry);
    }
}

impl Handler<Probe> for Prober {
    type Result = ();

    fn handle(&mut self, probe: Probe, _: &mut Self::Context) {
        let Some(report) = self.report.clone() else {
            tracing::error!(instance = %probe.id, "a probe was asked for before the prober knew the registry");
            return;
        };
        let (probing, registration) = AbortHandle::new_pair();
        if let Some(earlier) = self.probed.insert(probe.id, probing) {
            earlier.abort();
        }
        let http = self.http.clone();
        actix_rt::spawn(Abortable::new(
            probe_until_aborted(probe, http, report),
            registration,
        ));
    }
}

impl Handler<Unprobe> for Prober {
    type Result = ();

    fn handle(&mut self, Unprobe(id): Unprobe, _: &mut Self::Context) {
        if let Some(probing) = self.probed.remove(&id) {
            probing.abort();
        }
    }
}

async fn probe_until_aborted(probe: Probe, http: reqwest::Client, report: Recipient<ReportHealth>) {
    let Probe {
        id,
        endpoint,
        check,
    } = probe;
    let mut verdict = Verdict::new(&check);
    let mut due = tokio::time::interval(check.interval);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        let tried =
            tokio::time::timeout(check.timeout, attempt(&endpoint, &check.probe, &http)).await;
        let outcome =
            tried.unwrap_or_else(|_| Err(format!("no answer within {:?}", check.timeout)));
        if let Err(reason) = &outcome {
            tracing::debug!(instance = %id, %endpoint, reason, "a probe failed");
        }
        if let Some(health) = verdict.on_probe(outcome.is_ok())
            && let Err(error) = ask(&report, ReportHealth { id, health }).await
        {
            // The instance is draining or gone; the next verdict, if any, is reported again.
            tracing::debug!(instance = %id, %error, "a verdict was not taken");
        }
    }
}

/// Tries an endpoint once; the error says why it is not healthy.
async fn attempt(endpoint: &Endpoint, kind: &Kind, http: &reqwest::Client) -> Result<(), String> {
    match kind {
        Kind::Tcp => TcpStream::connect((endpoint.host(), endpoint.port()))
            .await
            .map(drop)
            .map_err(|error| error.to_string()),
        Kind::Http { path } => {
            let answer = http
                .get(format!("{}{path}", endpoint.origin()))
                .send()
                .await
                .map_err(|error| error.to_string())?;
            let status = answer.status();
            if status.is_success() {
                Ok(())
            } else {
                Err(format!("HTTP status {status}"))
            }
        }
    }
}
