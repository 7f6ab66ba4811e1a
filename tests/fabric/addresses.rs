//! What is refused before anything is opened, with an error that names the endpoint and the rule.

use commy_core::{
    MeshName, Status,
    options::{FabricMode, FabricOptions, TlsOptions},
};
use commy_fabric::ZenohFabric;

fn refused(options: &FabricOptions) -> String {
    let mesh = MeshName::new("addresses").expect("a name");
    let error = ZenohFabric::new(&mesh, options, 1 << 20)
        .err()
        .unwrap_or_else(|| panic!("{options:?} is accepted"));
    assert_eq!(error.status(), Status::InvalidArgument, "{error}");
    error.reason().to_owned()
}

fn listening(endpoint: &str) -> FabricOptions {
    FabricOptions {
        listen: vec![endpoint.to_owned()],
        ..FabricOptions::default()
    }
}

fn connecting(endpoint: &str) -> FabricOptions {
    FabricOptions {
        connect: vec![endpoint.to_owned()],
        ..FabricOptions::default()
    }
}

#[test]
fn plain_tcp_off_the_host_is_refused() {
    for address in [
        "0.0.0.0:7447",
        "[::]:7447",
        "192.0.2.1:7447",
        "mesh.example.org:7447",
    ] {
        let endpoint = format!("tcp/{address}");
        for options in [listening(&endpoint), connecting(&endpoint)] {
            let reason = refused(&options);
            assert!(reason.contains(&endpoint), "{reason}");
            assert!(reason.contains("allow_insecure"), "{reason}");
            let allowed = FabricOptions {
                allow_insecure: true,
                ..options
            };
            let mesh = MeshName::new("addresses").expect("a name");
            assert!(ZenohFabric::new(&mesh, &allowed, 1 << 20).is_ok());
        }
    }
}

#[test]
fn plain_tcp_on_the_host_is_allowed() {
    let mesh = MeshName::new("addresses").expect("a name");
    for address in [
        "127.0.0.1:7447",
        "[::1]:7447",
        "localhost:7447",
        "127.9.9.9:0",
    ] {
        let options = listening(&format!("tcp/{address}"));
        assert!(
            ZenohFabric::new(&mesh, &options, 1 << 20).is_ok(),
            "{address}"
        );
    }
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for endpoint in [
        "",
        "tcp",
        "tcp/",
        "tcp/localhost",
        "tcp/:7447",
        "tcp/localhost:70000",
        "tcp/localhost:x",
        "udp/localhost:7447",
        "ws/localhost:7447",
        "unixsock-stream//tmp/x:1",
        "tcp/localhost:7447#bind=1",
        "tls/localhost:7447#verify_name_on_connect=false",
        "tcp/localhost:7447?rel=0",
        "tcp/local host:7447",
    ] {
        refused(&listening(endpoint));
        refused(&connecting(endpoint));
    }
    let long = format!("tcp/{}:7447", "a".repeat(300));
    refused(&connecting(&long));
}

#[test]
fn tls_without_certificates_is_refused() {
    for endpoint in ["tls/localhost:7447", "quic/localhost:7447"] {
        let reason = refused(&listening(endpoint));
        assert!(reason.contains("certificates"), "{reason}");
    }
}

#[test]
fn a_certificate_that_is_not_there_is_refused_by_its_path() {
    let options = FabricOptions {
        tls: Some(TlsOptions {
            ca: "/nowhere/ca.pem".into(),
            certificate: "/nowhere/node.pem".into(),
            key: "/nowhere/node-key.pem".into(),
        }),
        ..listening("tls/localhost:7447")
    };
    assert!(refused(&options).contains("/nowhere/ca.pem"));
}

#[test]
fn a_client_without_a_router_and_multicast_without_an_endpoint_are_refused() {
    refused(&FabricOptions {
        mode: FabricMode::Client,
        ..FabricOptions::default()
    });
    refused(&FabricOptions {
        multicast: true,
        ..FabricOptions::default()
    });
}
