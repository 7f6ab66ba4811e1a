//! The code of gRPC's service, from a description in Rust: no schema, no protoc.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    if std::env::var_os("CARGO_FEATURE_SERVED").is_none() {
        return;
    }
    let echo = Method::builder()
        .name("echo")
        .route_name("Echo")
        .input_type("crate::systems::grpc::Payload")
        .output_type("crate::systems::grpc::Payload")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let service = Service::builder()
        .name("Echo")
        .package("bench")
        .method(echo)
        .build();
    Builder::new().compile(&[service]);
}
