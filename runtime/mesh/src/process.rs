//! Which process something was made in. A forked child has the memory of its parent and none of its
//! threads: whatever waits for one of them waits for ever.

use commy_core::{Error, Result, Status};

/// The process that something was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(u32);

impl Origin {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        Self(std::process::id())
    }

    /// Whether this is still the same process.
    #[must_use]
    pub fn is_here(self) -> bool {
        std::process::id() == self.0
    }

    /// Refuses to go on in a forked child.
    ///
    /// # Errors
    /// `FAILED_PRECONDITION` that names both processes.
    pub fn check(self) -> Result<()> {
        if self.is_here() {
            return Ok(());
        }
        Err(Error::new(
            Status::FailedPrecondition,
            format!(
                "this mesh belongs to process {}, and process {} was forked from it: make a new mesh here",
                self.0,
                std::process::id()
            ),
        ))
    }
}
