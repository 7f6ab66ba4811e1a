//! The table of what is measured: languages, and in each commy and its peers.

/// The systems of one language, all run by one program.
pub(super) struct Language {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// commy comes first.
    pub(super) systems: &'static [System],
}

pub(super) struct System {
    /// As the program is told it.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The title where there is little room.
    pub(super) short: &'static str,
    /// The package whose version is told.
    pub(super) package: &'static str,
    pub(super) address: Address,
    pub(super) has_events: bool,
    /// Whether it is observed when one of two servers is lost.
    pub(super) is_observed: bool,
    /// What a user imports, where that takes time.
    pub(super) import: Option<Import>,
}

/// What a user of an interpreted language loads.
#[derive(Clone, Copy)]
pub(super) struct Import {
    /// The statement.
    pub(super) code: &'static str,
    /// The installed folders that it is in.
    pub(super) folders: &'static [&'static str],
}

/// Where servers and clients meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    /// The name of a mesh.
    Mesh,
    /// A port on loopback, with the two above it.
    Tcp,
    /// The server of NATS.
    Nats,
}

const fn system(
    name: &'static str,
    title: &'static str,
    package: &'static str,
    address: Address,
) -> System {
    System {
        name,
        title,
        short: title,
        package,
        address,
        has_events: true,
        is_observed: false,
        import: None,
    }
}

impl System {
    const fn short(mut self, title: &'static str) -> Self {
        self.short = title;
        self
    }

    const fn without_events(mut self) -> Self {
        self.has_events = false;
        self
    }

    const fn observed(mut self) -> Self {
        self.is_observed = true;
        self
    }

    const fn imported(mut self, code: &'static str, folders: &'static [&'static str]) -> Self {
        self.import = Some(Import { code, folders });
        self
    }
}

pub(super) const LANGUAGES: &[Language] = &[
    Language {
        name: "python",
        title: "Python",
        systems: &[
            system("commy", "commy", "commy", Address::Mesh)
                .observed()
                .imported("import commy", &["commy"]),
            system("pyzmq", "ZeroMQ", "pyzmq", Address::Tcp)
                .imported("import zmq.asyncio", &["zmq", "pyzmq.libs"]),
            system("nats", "NATS", "nats-py", Address::Nats)
                .observed()
                .imported("import nats", &["nats"]),
            system("zenoh", "Zenoh, TCP", "eclipse-zenoh", Address::Tcp)
                .observed()
                .imported("import zenoh", &["zenoh"]),
            system(
                "zenoh_shm",
                "Zenoh, TCP and shared memory",
                "eclipse-zenoh",
                Address::Tcp,
            )
            .short("Zenoh, shm"),
            system("grpc", "gRPC", "grpcio", Address::Tcp)
                .without_events()
                .imported("import grpc.aio", &["grpc"]),
        ],
    },
    Language {
        name: "node",
        title: "Node.js",
        systems: &[
            system("commy", "commy", "commy", Address::Mesh)
                .imported("await import('commy')", &["commy", "koffi"]),
            system("nats", "NATS", "nats", Address::Nats)
                .imported("await import('nats')", &["nats"]),
            system("grpc", "gRPC", "@grpc/grpc-js", Address::Tcp)
                .without_events()
                .imported("await import('@grpc/grpc-js')", &["@grpc", "protobufjs"]),
        ],
    },
    Language {
        name: "go",
        title: "Go",
        systems: &[
            system("commy", "commy", "commy", Address::Mesh),
            system("nats", "NATS", "github.com/nats-io/nats.go", Address::Nats),
            system("grpc", "gRPC", "google.golang.org/grpc", Address::Tcp).without_events(),
        ],
    },
    Language {
        name: "rust",
        title: "Rust",
        systems: &[
            system("commy", "commy", "commy", Address::Mesh),
            system("nats", "NATS", "async-nats", Address::Nats),
            system("zenoh", "Zenoh, TCP", "zenoh", Address::Tcp),
            system(
                "zenoh_shm",
                "Zenoh, TCP and shared memory",
                "zenoh",
                Address::Tcp,
            )
            .short("Zenoh, shm"),
            system("grpc", "gRPC", "tonic", Address::Tcp).without_events(),
        ],
    },
];
