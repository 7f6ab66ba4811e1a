//! Candidates whose every answer a test decides.

use std::{sync::Arc, time::Duration};

use commy_core::{
    InstanceId, Moment, NodeId,
    balance::{Admission, Candidate, Load, Pick, Pool, pick},
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

/// A candidate made of what it answers.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) serial: u64,
    pub(crate) weight: u32,
    pub(crate) admission: Admission,
    pub(crate) in_flight: u32,
}

impl Server {
    pub(crate) fn new(serial: u64) -> Self {
        Self {
            serial,
            weight: 100,
            admission: Admission::Preferred,
            in_flight: 1,
        }
    }

    pub(crate) fn instance_id(&self) -> InstanceId {
        InstanceId {
            node: NodeId::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0),
            serial: self.serial,
        }
    }
}

impl Candidate for Server {
    fn id(&self) -> InstanceId {
        self.instance_id()
    }

    fn weight(&self) -> u32 {
        self.weight
    }

    fn admits(&self, _now: Moment) -> Admission {
        self.admission
    }

    fn load(&self, _now: Moment) -> Load {
        Load::new(Duration::from_millis(1), self.in_flight)
    }
}

/// This many equal servers, numbered from zero.
pub(crate) fn equal_servers(count: u64) -> Vec<Arc<Server>> {
    (0..count).map(Server::new).map(Arc::new).collect()
}

/// Up to `len_max` servers of any weight, load and admission.
pub(crate) fn any_servers(len_max: usize) -> impl Strategy<Value = Vec<Arc<Server>>> {
    let admission = prop_oneof![
        Just(Admission::Preferred),
        Just(Admission::LastResort),
        Just(Admission::Refused)
    ];
    prop::collection::vec((1..=1000_u32, admission, any::<u32>()), 0..=len_max).prop_map(
        |servers| {
            (0..)
                .zip(servers)
                .map(|(serial, (weight, admission, in_flight))| {
                    Arc::new(Server {
                        serial,
                        weight,
                        admission,
                        in_flight,
                    })
                })
                .collect()
        },
    )
}

/// How often each of a pool's servers is picked in this many calls, by serial.
pub(crate) fn shares(pool: &[Arc<Server>], asked: &Pick<'_>, calls: u64) -> Vec<u64> {
    let mut random = StdRng::seed_from_u64(calls);
    let mut shares = vec![0; pool.len()];
    for turn in 0..calls {
        let asked = Pick { turn, ..*asked };
        let picked = pick(pool, &asked, Moment::default(), &mut random).expect("someone admits");
        shares[picked.serial as usize] += 1;
    }
    shares
}

/// The serial of the server that is picked.
pub(crate) fn picked<P: Pool<Item = Arc<Server>> + ?Sized>(
    pool: &P,
    asked: &Pick<'_>,
) -> Option<u64> {
    let mut random = StdRng::seed_from_u64(asked.turn);
    pick(pool, asked, Moment::default(), &mut random).map(|server| server.serial)
}

/// Asserts that something of probability `share` happened about as often as it should have: within
/// six standard deviations, which chance leaves once in 500 million times.
pub(crate) fn assert_share(happened: u64, calls: u64, share: f64, what: &str) {
    let expected = calls as f64 * share;
    let deviation = (expected * (1.0 - share)).sqrt();
    assert!(
        (happened as f64 - expected).abs() <= 6.0 * deviation + 1.0,
        "{what}: {happened} of {calls}, expected about {expected:.0}"
    );
}
