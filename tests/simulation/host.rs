//! The nodes of a run, what is done with them, and what is therefore true.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commy_core::{
    CallOptions, Health, InstanceId, Message, NodeId, Query, Reach, Request, ServiceSpec, Status,
    SubscribeOptions,
};
use commy_mesh::{Mesh, Placement, Registration};
use futures_util::StreamExt;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{
    link::Simulated,
    network::Network,
    oracle::{Property, SLACK},
    seeds::Plan,
    topology::State,
    workload::{Ending, Task, handler},
};

/// The services that there are.
pub(crate) const SERVICES: [&str; 3] = ["a", "b", "c"];
/// How long stopping and deregistering let calls in flight finish.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// One node, as its program sees it.
pub(crate) struct Host {
    pub(crate) mesh: Mesh,
    pub(crate) id: NodeId,
    pub(crate) registrations: Vec<Held>,
    pub(crate) published: u64,
}

/// A registration, and the health that was last reported of it.
pub(crate) struct Held {
    pub(crate) registration: Registration,
    pub(crate) id: InstanceId,
    pub(crate) service: &'static str,
    pub(crate) health: Health,
}

/// All nodes of a run.
pub(crate) struct Hosts {
    pub(crate) network: Arc<Network>,
    pub(crate) random: StdRng,
    pub(crate) hosts: Vec<Host>,
    plan: Plan,
    calls: u64,
    subscriptions: u64,
    calling: Vec<tokio::task::JoinHandle<()>>,
}

impl Hosts {
    pub(crate) fn new(network: Arc<Network>, seed: u64, plan: Plan) -> Self {
        Self {
            network,
            random: StdRng::seed_from_u64(!seed),
            hosts: Vec::new(),
            plan,
            calls: 0,
            subscriptions: 0,
            calling: Vec::new(),
        }
    }

    pub(crate) fn violated(&self, property: Property, what: impl Into<String>) {
        self.network.lock().oracle.violated(property, what);
    }

    /// One host more, with a node of its own.
    pub(crate) async fn launch(&mut self) {
        let mut options = commy_core::MeshOptions::new("simulated");
        options.drain_timeout = DRAIN_TIMEOUT;
        let placement = Placement::Here {
            seed: self.random.random(),
            rules: self.plan.rules,
        };
        let fabric = Arc::new(Simulated(Arc::clone(&self.network)));
        let mesh = Mesh::placed(options, Some(fabric), placement).expect("valid options");
        mesh.start().await.expect("a mesh starts");
        self.network
            .note(&format!("{} is launched", mesh.node_id()));
        self.hosts.push(Host {
            id: mesh.node_id(),
            mesh,
            registrations: Vec::new(),
            published: 0,
        });
    }

    pub(crate) async fn register(&mut self, host: usize, service: &'static str) {
        let host = &mut self.hosts[host];
        let spec = ServiceSpec::new(service);
        let registration = host.mesh.register(spec, handler(&self.network)).await;
        let registration = registration.expect("a registration is taken");
        let id = registration.instance().id;
        self.network
            .note(&format!("{id} is registered as {service}"));
        host.registrations.push(Held {
            registration,
            id,
            service,
            health: Health::Healthy,
        });
    }

    pub(crate) async fn deregister(&mut self, host: usize, place: usize) {
        let held = self.hosts[host].registrations.remove(place);
        self.network.note(&format!("{} is deregistered", held.id));
        held.registration.deregister().await.expect("it goes");
        self.network.note(&format!("{} is gone", held.id));
    }

    pub(crate) async fn restart(&mut self, host: usize) {
        let host = &mut self.hosts[host];
        self.network.note(&format!("{} restarts", host.id));
        host.mesh.stop().await.expect("it stops");
        host.registrations.clear();
        host.mesh.start().await.expect("it starts again");
    }

    /// A host dies, at once and without a word. What it does from now on reaches nobody.
    pub(crate) fn crash(&mut self, host: usize) -> Host {
        let host = self.hosts.remove(host);
        self.network.set(host.id, State::Crashed);
        host
    }

    pub(crate) async fn publish(&mut self, host: usize, topic: &str) {
        let host = &mut self.hosts[host];
        let published = host.mesh.publish(topic, Message::bytes("e")).await;
        published.expect("an event is published");
        host.published += 1;
    }

    /// Subscribes, and gives the number of the subscription.
    pub(crate) async fn subscribe(
        &mut self,
        host: usize,
        filter: &str,
        options: SubscribeOptions,
    ) -> u64 {
        self.subscriptions += 1;
        let number = self.subscriptions;
        let subscribed = self.hosts[host].mesh.subscribe(filter, options).await;
        let mut subscription = subscribed.expect("a subscription is taken");
        let network = Arc::clone(&self.network);
        let pause_ms = self.random.random_range(0..20);
        actix_rt::spawn(async move {
            while let Some(delivery) = subscription.next().await {
                let event = delivery.event;
                network.lock().oracle.took(
                    number,
                    event.publisher,
                    event.topic.as_str(),
                    event.sequence,
                );
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
        });
        number
    }

    /// A call to a random service, of which anything may become that is within the guarantees.
    pub(crate) fn call_anything(&mut self, host: usize) {
        self.calls += 1;
        let task = Task::random(self.calls, &mut self.random);
        let service = SERVICES[self.random.random_range(0..SERVICES.len())];
        let patience = self
            .random
            .random_bool(0.2)
            .then(|| Duration::from_millis(self.random.random_range(0..300)));
        self.call(host, service, task, patience, |_| None);
    }

    /// A call that has to succeed.
    pub(crate) fn call_surely(&mut self, host: usize, service: &'static str) {
        self.calls += 1;
        let task = Task {
            call: self.calls,
            is_idempotent: false,
            ending: Ending::Reply,
            work_ms: self.random.random_range(0..80),
            timeout_ms: 3000,
        };
        self.call(host, service, task, None, |error| {
            Some((Property::Drain, format!("a call failed: {error}")))
        });
    }

    fn call(
        &mut self,
        host: usize,
        service: &'static str,
        task: Task,
        patience: Option<Duration>,
        judge: impl Fn(&commy_core::Error) -> Option<(Property, String)> + 'static,
    ) {
        let mesh = self.hosts[host].mesh.clone();
        let network = Arc::clone(&self.network);
        self.calling.push(actix_rt::spawn(async move {
            let options = CallOptions {
                timeout: Some(task.timeout()),
                idempotent: task.is_idempotent,
                ..CallOptions::default()
            };
            let request = Request::new("do", task.message());
            let begun = network.now();
            network.note(&format!("call {} begins: {task:?}", task.call));
            let calling = mesh.call(service, request, &options);
            let patience = patience.unwrap_or(Duration::MAX);
            let Ok(outcome) = tokio::time::timeout(patience, calling).await else {
                return;
            };
            let took = network.now() - begun;
            let told = outcome.as_ref().map(|reply| reply.served_by);
            network.note(&format!("call {} ends: {told:?}", task.call));
            let oracle = &mut network.lock().oracle;
            if took > task.timeout() + SLACK {
                let what = format!("call {} took {took:?} of {:?}", task.call, task.timeout());
                oracle.violated(Property::Deadline, what);
            }
            let was_executed = oracle.executions(task.call) > 0;
            match outcome {
                Ok(reply) if reply.message.payload != task.message().payload || !was_executed => {
                    let what = format!("call {} got an answer to something else", task.call);
                    oracle.violated(Property::Answers, what);
                }
                Err(error) if error.status() == Status::Internal => {
                    oracle.violated(Property::Answers, format!("call {}: {error}", task.call));
                }
                Err(error) => {
                    if let Some((property, what)) = judge(&error) {
                        oracle.violated(property, format!("call {}: {what}", task.call));
                    }
                }
                Ok(_) => {}
            }
        }));
    }

    /// Waits until every call is over, which is a matter of their deadlines.
    pub(crate) async fn calls_over(&mut self) {
        for calling in self.calling.drain(..) {
            if tokio::time::timeout(Duration::from_secs(10), calling)
                .await
                .is_err()
            {
                let what = "a call goes on long after its deadline";
                self.network
                    .lock()
                    .oracle
                    .violated(Property::Deadline, what);
            }
        }
    }

    /// Checks that every host knows what is true of all of them, and nothing else.
    pub(crate) fn check_convergence(&self) {
        let truth: BTreeMap<_, _> = self
            .hosts
            .iter()
            .flat_map(|host| &host.registrations)
            .map(|held| (held.id, (held.service.to_owned(), held.health)))
            .collect();
        for host in &self.hosts {
            let found = host.mesh.discover(&Query::all().health(Health::ALL));
            let found = found.expect("the mesh runs");
            let known: BTreeMap<_, _> = found
                .iter()
                .map(|instance| {
                    (
                        instance.id,
                        (instance.spec.service.to_string(), instance.health),
                    )
                })
                .collect();
            if known != truth {
                let what = format!("{} knows {known:?}, and true is {truth:?}", host.id);
                self.violated(Property::Convergence, what);
            }
            for instance in found {
                let is_own = instance.id.node == host.id;
                let reach = if is_own {
                    Reach::InProcess
                } else {
                    Reach::Fabric
                };
                if instance.reach != reach {
                    let what = format!(
                        "{} reaches {} by {:?}",
                        host.id, instance.id, instance.reach
                    );
                    self.violated(Property::Convergence, what);
                }
            }
            let (peers, others) = (host.mesh.stats().peers, self.hosts.len() as u64 - 1);
            if peers != others {
                let what = format!("{} counts {peers} peers of {others}", host.id);
                self.violated(Property::Convergence, what);
            }
        }
    }
}
