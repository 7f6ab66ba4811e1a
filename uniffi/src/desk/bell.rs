//! How a desk wakes its event loop: a pipe with at most one byte in it, whose end the loop watches.
//! Writing to it takes no lock of any language.

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};

/// A bell that rings or does not.
pub(super) struct Bell {
    ear: PipeReader,
    hammer: PipeWriter,
    is_rung: bool,
    /// How often it was rung, for those who cannot watch a pipe.
    pub(super) rings: u64,
}

impl Bell {
    pub(super) fn hang() -> io::Result<Self> {
        let (ear, hammer) = io::pipe()?;
        Ok(Self {
            ear,
            hammer,
            is_rung: false,
            rings: 0,
        })
    }

    /// What the loop watches; none where a loop cannot watch a pipe.
    pub(super) fn descriptor(&self) -> Option<i32> {
        #[cfg(unix)]
        return Some(std::os::fd::AsRawFd::as_raw_fd(&self.ear));
        #[cfg(not(unix))]
        return None;
    }

    /// Rings it; whether it did not ring yet.
    pub(super) fn ring(&mut self) -> bool {
        if self.is_rung {
            return false;
        }
        self.rings += 1;
        // The pipe is empty, so there is room, and its other end is here.
        self.is_rung = self.hammer.write_all(&[0]).is_ok();
        self.is_rung
    }

    /// Stops it ringing. Never waits: there is a byte if it rings.
    pub(super) fn still(&mut self) {
        if self.is_rung {
            self.is_rung = self.ear.read_exact(&mut [0]).is_err();
        }
    }
}
