//! The sockets through which neighbours write to each other past Zenoh. Nothing here waits but what
//! is `async`. Only Unix has them: on Windows all goes through Zenoh.

pub(crate) use self::system::{Listener, Socket};

#[cfg(unix)]
mod system {
    use std::{
        fs,
        io::{self, IoSlice, Read},
        net::Shutdown,
        os::{
            fd::{AsFd, BorrowedFd},
            unix::net::{UnixListener, UnixStream},
        },
        path::{Path, PathBuf},
    };

    use rustix::net::{
        AddressFamily, SendAncillaryBuffer, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
        connect, sendmsg, socket_with,
    };
    use tokio::io::{Interest, unix::AsyncFd};

    /// Where neighbours connect. Its path goes with it.
    pub(crate) struct Listener {
        listener: UnixListener,
        path: PathBuf,
    }

    impl Listener {
        /// Listens at a path where nothing is.
        pub(crate) fn bind(path: &Path) -> io::Result<Option<Self>> {
            let listener = UnixListener::bind(path)?;
            listener.set_nonblocking(true)?;
            Ok(Some(Self {
                listener,
                path: path.to_owned(),
            }))
        }

        /// A neighbour that connected.
        pub(crate) fn accept(&self) -> io::Result<Socket> {
            let (stream, _) = self.listener.accept()?;
            Socket::of(stream)
        }

        /// Accepts whenever somebody connects, until it fails.
        pub(crate) async fn each(&self, mut accept: impl FnMut() -> io::Result<()>) -> io::Error {
            when(self.listener.as_fd(), Interest::READABLE, &mut accept).await
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            // Somebody may have taken it for left behind.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// One end of a connection, of which the other is in a neighbour.
    pub(crate) struct Socket(UnixStream);

    impl Socket {
        fn of(stream: UnixStream) -> io::Result<Self> {
            stream.set_nonblocking(true)?;
            #[cfg(target_vendor = "apple")]
            rustix::net::sockopt::set_socket_nosigpipe(&stream, true)?;
            Ok(Self(stream))
        }

        /// Connects to who listens at a path.
        pub(crate) fn connect(path: &Path) -> io::Result<Self> {
            #[cfg(not(target_vendor = "apple"))]
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            #[cfg(target_vendor = "apple")]
            let flags = SocketFlags::empty();
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
            #[cfg(target_vendor = "apple")]
            rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
            // Not waited for: who has no room for one more is not connected to.
            connect(&socket, &SocketAddrUnix::new(path)?)?;
            Self::of(socket.into())
        }

        /// Writes what there is room for.
        pub(crate) fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
            // On a thread that may be any program's: a broken pipe is an error, and no signal.
            #[cfg(not(target_vendor = "apple"))]
            let flags = SendFlags::NOSIGNAL;
            #[cfg(target_vendor = "apple")]
            let flags = SendFlags::empty();
            Ok(sendmsg(
                &self.0,
                parts,
                &mut SendAncillaryBuffer::default(),
                flags,
            )?)
        }

        /// Reads what there is.
        pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
            (&self.0).read(buffer)
        }

        /// Ends the connection, as both sides see.
        pub(crate) fn hang_up(&self) {
            // Then the other side has.
            let _ = self.0.shutdown(Shutdown::Both);
        }

        /// Reads whenever there is something, until that fails.
        pub(crate) async fn each_read(
            &self,
            mut read: impl FnMut() -> io::Result<()>,
        ) -> io::Error {
            when(self.0.as_fd(), Interest::READABLE, &mut read).await
        }

        /// Writes whenever there is room, until that fails.
        pub(crate) async fn each_write(
            &self,
            mut write: impl FnMut() -> io::Result<()>,
        ) -> io::Error {
            when(self.0.as_fd(), Interest::WRITABLE, &mut write).await
        }
    }

    /// Acts when a descriptor is ready, again and again: as long as it acts there may be more, and
    /// what would block waits.
    async fn when(
        descriptor: BorrowedFd<'_>,
        interest: Interest,
        act: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Error {
        // SAFETY: the descriptor is borrowed for longer than it is watched, and so stays open.
        let watched = match unsafe { AsyncFd::register_with_interest(descriptor, interest) } {
            Ok(watched) => watched,
            Err(error) => return error.into(),
        };
        loop {
            if let Err(error) = watched.async_io(interest, |_| act()).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::{
        convert::Infallible,
        io::{self, IoSlice},
        path::Path,
    };

    /// There is none.
    pub(crate) struct Listener(Infallible);

    impl Listener {
        pub(crate) fn bind(_: &Path) -> io::Result<Option<Self>> {
            Ok(None)
        }

        pub(crate) fn accept(&self) -> io::Result<Socket> {
            match self.0 {}
        }

        pub(crate) async fn each(&self, _: impl FnMut() -> io::Result<()>) -> io::Error {
            match self.0 {}
        }
    }

    /// There is none.
    pub(crate) struct Socket(Infallible);

    impl Socket {
        pub(crate) fn connect(_: &Path) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) fn write(&self, _: &[IoSlice<'_>]) -> io::Result<usize> {
            match self.0 {}
        }

        pub(crate) fn read(&self, _: &mut [u8]) -> io::Result<usize> {
            match self.0 {}
        }

        pub(crate) fn hang_up(&self) {
            match self.0 {}
        }

        pub(crate) async fn each_read(&self, _: impl FnMut() -> io::Result<()>) -> io::Error {
            match self.0 {}
        }

        pub(crate) async fn each_write(&self, _: impl FnMut() -> io::Result<()>) -> io::Error {
            match self.0 {}
        }
    }
}
