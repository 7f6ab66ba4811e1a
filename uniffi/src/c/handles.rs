//! Handles: numbers that stand for what this library holds for C, and for the desks of event loops.
//!
//! A number is given out once and never again, so that one that is freed cannot come to mean
//! something else. It says which kind of thing it stands for, and begins at a place that differs by
//! process, so that a number from elsewhere is not taken for one of ours.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
};

use parking_lot::Mutex;

use super::error::invalid;
use crate::error::CommyError;

/// Bits below the kind: even a million handles a second last for two thousand years.
const NUMBER_BITS: u32 = 56;
/// Where numbers begin: somewhere in the lower half, never at zero, which is no handle.
static FIRST: LazyLock<u64> =
    LazyLock::new(|| (RandomState::new().hash_one(std::process::id()) >> 9) | 1);
/// Handles of all kinds that are not freed.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// What handles of one kind stand for.
pub(crate) struct Handles<T> {
    kind: u8,
    name: &'static str,
    next: AtomicU64,
    things: LazyLock<Mutex<HashMap<u64, Arc<T>>>>,
}

impl<T> Handles<T> {
    pub(crate) const fn new(kind: u8, name: &'static str) -> Self {
        Self {
            kind,
            name,
            next: AtomicU64::new(0),
            things: LazyLock::new(Mutex::default),
        }
    }

    /// A handle for something.
    pub(crate) fn insert(&self, thing: T) -> u64 {
        let number = self.next.fetch_add(1, Relaxed);
        self.place(number, Arc::new(thing))
    }

    /// A handle for something that has a number of its own, which is used once.
    pub(crate) fn place(&self, number: u64, thing: Arc<T>) -> u64 {
        self.next.fetch_max(number + 1, Relaxed);
        let handle = self.handle(number);
        self.things.lock().insert(handle, thing);
        ALIVE.fetch_add(1, Relaxed);
        handle
    }

    /// The handle of the thing that has this number.
    pub(crate) fn handle(&self, number: u64) -> u64 {
        (u64::from(self.kind) << NUMBER_BITS) | (*FIRST + number)
    }

    /// What a handle stands for.
    pub(crate) fn get(&self, handle: u64) -> Result<Arc<T>, CommyError> {
        let found = self.things.lock().get(&handle).cloned();
        found.ok_or_else(|| self.refuse(handle))
    }

    /// Frees a handle, and hands over what it stood for.
    pub(crate) fn remove(&self, handle: u64) -> Result<Arc<T>, CommyError> {
        let found = self.things.lock().remove(&handle);
        let thing = found.ok_or_else(|| self.refuse(handle))?;
        ALIVE.fetch_sub(1, Relaxed);
        Ok(thing)
    }

    /// Whether a handle is one that was given out here and freed.
    pub(crate) fn is_stale(&self, handle: u64) -> bool {
        let given = *FIRST..*FIRST + self.next.load(Relaxed);
        handle >> NUMBER_BITS == u64::from(self.kind)
            && given.contains(&(handle & ((1 << NUMBER_BITS) - 1)))
            && !self.things.lock().contains_key(&handle)
    }

    fn refuse(&self, handle: u64) -> CommyError {
        let name = self.name;
        if handle == 0 {
            return invalid(format!("the {name} is a null handle"));
        }
        if handle >> NUMBER_BITS != u64::from(self.kind) {
            return invalid(format!("the handle {handle:#x} is not of a {name}"));
        }
        if self.is_stale(handle) {
            return invalid(format!(
                "the handle {handle:#x} is stale: its {name} was freed, or has ended"
            ));
        }
        invalid(format!(
            "the handle {handle:#x} is foreign: no {name} of this process has it"
        ))
    }
}

/// How many handles of this process are not freed, of all kinds: for tests that look for leaks.
#[unsafe(no_mangle)]
pub extern "C" fn commy_handle_count() -> usize {
    ALIVE.load(Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    static CUPS: Handles<&str> = Handles::new(77, "cup");

    #[test]
    fn a_handle_stands_for_its_thing_until_it_is_freed() {
        let handle = CUPS.insert("tea");
        assert_eq!(*CUPS.get(handle).unwrap(), "tea");
        assert_eq!(*CUPS.remove(handle).unwrap(), "tea");
        for error in [CUPS.get(handle), CUPS.remove(handle)] {
            let error = error.unwrap_err().to_string();
            assert!(error.contains("is stale: its cup was freed"), "{error}");
        }
        assert_ne!(CUPS.insert("coffee"), handle);
    }

    #[test]
    fn every_wrong_handle_is_told_for_what_it_is() {
        static PLATES: Handles<()> = Handles::new(78, "plate");
        let told = |handle| CUPS.get(handle).unwrap_err().info().reason.clone();
        assert_eq!(told(0), "the cup is a null handle");
        assert!(told(PLATES.insert(())).ends_with("is not of a cup"));
        assert!(told((77 << NUMBER_BITS) | 7).contains("is foreign"));
        assert!(told(u64::MAX).ends_with("is not of a cup"));
    }
}
