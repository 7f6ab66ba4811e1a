//! What the choice sees of an instance and of a set of them.

use std::sync::Arc;

use super::Load;
use crate::{identity::InstanceId, instance::Reach, registry::Entry, time::Moment};

/// Whether an instance takes a call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It does.
    Preferred,
    /// It does, but has failed lately: better any other. This is why ejecting every instance of a
    /// service does not make the service unavailable.
    LastResort,
    /// It does not: its circuit is open, or it drains.
    Refused,
}

/// An instance, as the choice sees it.
pub trait Candidate {
    /// Its id.
    fn id(&self) -> InstanceId;
    /// Its share of calls under weighted balancing, 1 to [`WEIGHT_MAX`](crate::spec::WEIGHT_MAX).
    fn weight(&self) -> u32;
    /// Whether it takes a call now. Asked once or twice for each candidate that is looked at, so
    /// it should be quick.
    fn admits(&self, now: Moment) -> Admission;
    /// How loaded it is, such as [`LatencyAverage::load`](super::LatencyAverage::load) says.
    fn load(&self, now: Moment) -> Load;
    /// Whether it is hosted by the caller's own process: of two that are equally loaded it is
    /// chosen.
    fn is_local(&self) -> bool {
        false
    }
}

/// How an instance stands with the node that calls it: what the service table does not know.
pub trait Standing {
    /// Whether it takes a call now, as [`Candidate::admits`].
    fn admits(&self, now: Moment) -> Admission;
    /// How loaded it is, as [`Candidate::load`].
    fn load(&self, now: Moment) -> Load;
}

impl<R: Standing> Candidate for Entry<R> {
    fn id(&self) -> InstanceId {
        self.instance.id
    }

    fn weight(&self) -> u32 {
        self.instance.spec.weight
    }

    fn admits(&self, now: Moment) -> Admission {
        self.route.admits(now)
    }

    fn load(&self, now: Moment) -> Load {
        self.route.load(now)
    }

    fn is_local(&self) -> bool {
        self.instance.reach == Reach::InProcess
    }
}

impl<C: Candidate + ?Sized> Candidate for Arc<C> {
    fn id(&self) -> InstanceId {
        (**self).id()
    }

    fn weight(&self) -> u32 {
        (**self).weight()
    }

    fn admits(&self, now: Moment) -> Admission {
        (**self).admits(now)
    }

    fn load(&self, now: Moment) -> Load {
        (**self).load(now)
    }

    fn is_local(&self) -> bool {
        (**self).is_local()
    }
}

impl<C: Candidate + ?Sized> Candidate for &C {
    fn id(&self) -> InstanceId {
        (**self).id()
    }

    fn weight(&self) -> u32 {
        (**self).weight()
    }

    fn admits(&self, now: Moment) -> Admission {
        (**self).admits(now)
    }

    fn load(&self, now: Moment) -> Load {
        (**self).load(now)
    }

    fn is_local(&self) -> bool {
        (**self).is_local()
    }
}

/// Candidates that are found by their index, in constant or logarithmic time.
pub trait Pool {
    /// A candidate, or a pointer to one.
    type Item: Candidate;

    /// How many there are.
    fn len(&self) -> usize;

    /// The one at an index below [`Pool::len`].
    fn get(&self, index: usize) -> Option<&Self::Item>;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<C: Candidate> Pool for [C] {
    type Item = C;

    fn len(&self) -> usize {
        <[C]>::len(self)
    }

    fn get(&self, index: usize) -> Option<&C> {
        <[C]>::get(self, index)
    }
}

impl<C: Candidate> Pool for Vec<C> {
    type Item = C;

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn get(&self, index: usize) -> Option<&C> {
        <[C]>::get(self, index)
    }
}

impl<C: Candidate> Pool for imbl::Vector<C> {
    type Item = C;

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn get(&self, index: usize) -> Option<&C> {
        Self::get(self, index)
    }
}
