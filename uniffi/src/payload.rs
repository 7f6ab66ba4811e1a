//! Payloads, which cross as a whole: UniFFI moves its own `bytes` one byte at a time, which at 1 MiB
//! costs more than all the rest of a call. What crosses is the same, a length and the bytes.

use commy::Bytes;
use uniffi::{
    FfiConverter, Lift, Lower, MetadataBuffer, Result, RustBuffer, TypeId,
    deps::anyhow::{Context as _, ensure},
};

use crate::UniFfiTag;

/// The content of a message, as it was handed over.
pub type Payload = Bytes;

/// How many bytes tell the length.
const LENGTH: usize = size_of::<i32>();

// SAFETY: it is read and written as the other side reads and writes `bytes`.
unsafe impl FfiConverter<UniFfiTag> for Payload {
    type FfiType = RustBuffer;

    fn lower(payload: Self) -> RustBuffer {
        <Self as Lower<UniFfiTag>>::lower_into_rust_buffer(payload)
    }

    fn try_lift(buffer: RustBuffer) -> Result<Self> {
        <Self as Lift<UniFfiTag>>::try_lift_from_rust_buffer(buffer)
    }

    #[expect(
        clippy::expect_used,
        reason = "a mesh takes and gives no payload above 1 GiB"
    )]
    fn write(payload: Self, buffer: &mut Vec<u8>) {
        let length = i32::try_from(payload.len()).expect("a payload is below 2 GiB");
        buffer.reserve(LENGTH + payload.len());
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(&payload);
    }

    fn try_read(buffer: &mut &[u8]) -> Result<Self> {
        let (length, rest) = buffer
            .split_first_chunk::<LENGTH>()
            .context("a payload has no length")?;
        let length = usize::try_from(i32::from_be_bytes(*length))?;
        ensure!(
            length <= rest.len(),
            "a payload of {length} bytes ends after {}",
            rest.len()
        );
        let (payload, rest) = rest.split_at(length);
        *buffer = rest;
        Ok(Self::copy_from_slice(payload))
    }

    const TYPE_ID_META: MetadataBuffer = <Vec<u8> as TypeId<UniFfiTag>>::TYPE_ID_META;
}

uniffi::derive_ffi_traits!(local Payload);

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<Payload> {
        <Payload as FfiConverter<UniFfiTag>>::try_read(&mut bytes)
    }

    #[test]
    fn a_payload_is_written_as_uniffi_writes_bytes() {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for payload in [Vec::new(), vec![0, 255, 7]] {
            <Payload as Lower<UniFfiTag>>::write(payload.clone().into(), &mut ours);
            <Vec<u8> as Lower<UniFfiTag>>::write(payload, &mut theirs);
        }
        assert_eq!(ours, theirs);
        let mut rest = ours.as_slice();
        for expected in [&[][..], &[0, 255, 7]] {
            let payload = <Payload as Lift<UniFfiTag>>::try_read(&mut rest).unwrap();
            assert_eq!(payload, expected);
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_payload_that_is_not_whole_is_refused() {
        for (bytes, why) in [
            (&[0, 0][..], "has no length"),
            (&[0, 0, 0, 3, 1, 2], "3 bytes ends after 2"),
            (&[255, 255, 255, 255], "out of range"),
        ] {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
