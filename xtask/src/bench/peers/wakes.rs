//! The profile of a call: which threads sleep and are woken for it, as the kernel counts them. On
//! an idle machine that is most of the time that a small call takes, and unlike a time it is the
//! same in every run.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

/// Wakes below this are of timers, and no call's.
const WAKES_MIN: f64 = 0.05;

/// How often the threads of some processes went to sleep so far, by process and thread.
pub(super) struct Slept(BTreeMap<String, u64>);

/// How often threads are woken for one call, by process and thread.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Wakes(pub(super) BTreeMap<String, f64>);

impl Slept {
    /// Of these processes, with what they are to the call.
    pub(super) fn of(processes: &[(&str, u32)]) -> Result<Self> {
        let mut slept = BTreeMap::new();
        for (role, process) in processes {
            for thread in fs_err::read_dir(format!("/proc/{process}/task"))? {
                let Ok(status) = fs_err::read_to_string(thread?.path().join("status")) else {
                    // It has ended, and takes part no longer.
                    continue;
                };
                let value = |name: &str| {
                    let mut lines = status.lines();
                    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"))
                };
                let name = value("Name").unwrap_or("?");
                let switches = value("voluntary_ctxt_switches").and_then(|it| it.parse().ok());
                *slept.entry(format!("{role} {name}")).or_default() += switches.unwrap_or(0);
            }
        }
        Ok(Self(slept))
    }

    /// Who was woken since then, for each of so many calls.
    pub(super) fn since(&self, before: &Self, calls: u64) -> Wakes {
        let each = |(thread, after): (&String, &u64)| {
            let before = before.0.get(thread).copied().unwrap_or_default();
            let wakes = after.saturating_sub(before) as f64 / calls.max(1) as f64;
            (wakes >= WAKES_MIN).then(|| (thread.clone(), wakes))
        };
        Wakes(self.0.iter().filter_map(each).collect())
    }
}

impl Wakes {
    pub(super) fn all(&self) -> f64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_call_wakes_is_told() {
        let slept = |busy, timer| {
            let threads = [("server busy", busy), ("server timer", timer)];
            Slept(threads.map(|(name, count)| (name.to_owned(), count)).into())
        };
        let wakes = slept(2_100, 14).since(&slept(100, 4), 1_000);
        assert_eq!(wakes.0, BTreeMap::from([("server busy".to_owned(), 2.0)]));
        assert!((wakes.all() - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_thread_that_slept_is_counted() {
        let me = [("here", std::process::id())];
        let before = Slept::of(&me).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(Slept::of(&me).unwrap().since(&before, 1).all() >= 1.0);
    }
}
