//! Weighted rendezvous hashing: each candidate draws a number from the key and its own id, and the
//! highest wins. When a candidate leaves, only its keys move; when one joins, it takes its share
//! from all the others (D. Thaler and C. Ravishankar, "Using name-based mappings to increase hit
//! rates", IEEE/ACM Transactions on Networking 6, 1998).
//!
//! The hash is written out because it must never change: nodes of different versions of commy
//! choose the same instance for a key.

use super::{Candidate, draw::weight};
use crate::identity::InstanceId;

/// The candidate that a key belongs to; the order of the candidates does not matter.
pub(super) fn choose<C: Candidate>(candidates: impl Iterator<Item = C>, key: &str) -> Option<C> {
    let key = fnv1a(key.as_bytes());
    candidates
        .map(|candidate| {
            let id = candidate.id();
            (score(key, id, weight(&candidate)), id, candidate)
        })
        .max_by(|(a, a_id, _), (b, b_id, _)| a.total_cmp(b).then_with(|| a_id.cmp(b_id)))
        .map(|(_, _, candidate)| candidate)
}

/// What a candidate draws. With `u` uniform between 0 and 1, `-ln u / weight` is exponentially
/// distributed at a rate of `weight`, and of several such times each is the shortest with a
/// probability in proportion to its rate. The score is its inverse.
fn score(key: u64, id: InstanceId, weight: u32) -> f64 {
    const FRACTION_BITS: u32 = 53;
    let node = id.node.as_u128();
    let hash = [node as u64, (node >> 64) as u64, id.serial]
        .into_iter()
        .fold(key, |hash, part| mix(hash ^ mix(part)));
    // The middle of one of 2^53 equal parts: never 0 and never 1.
    let uniform =
        ((hash >> (u64::BITS - FRACTION_BITS)) as f64 + 0.5) / (1_u64 << FRACTION_BITS) as f64;
    f64::from(weight) / -uniform.ln()
}

/// FNV-1a, 64 bits (G. Fowler, L. C. Noll and K.-P. Vo).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// SplitMix64's next output (S. Vigna), which spreads each bit over all.
const fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::{fnv1a, mix};

    #[test]
    fn the_hash_gives_the_published_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
    }
}
