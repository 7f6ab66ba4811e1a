//! gRPC by tonic: a unary call in plain text, with one field of bytes. It has no topics.

use anyhow::{Result, bail};
use bytes::Bytes;
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};

use crate::measure::{self, TIMEOUT, answer};

mod generated {
    include!(concat!(env!("OUT_DIR"), "/bench.Echo.rs"));
}
use generated::echo_client::EchoClient;
use generated::echo_server::{Echo, EchoServer};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Payload {
    #[prost(bytes = "bytes", tag = "1")]
    bytes: Bytes,
}

struct Answerer;

#[tonic::async_trait]
impl Echo for Answerer {
    async fn echo(&self, request: Request<Payload>) -> Result<Response<Payload>, Status> {
        let bytes = answer(request.into_inner().bytes);
        Ok(Response::new(Payload { bytes }))
    }
}

pub(crate) async fn serve(address: &str) -> Result<()> {
    let address = address.parse()?;
    let server = Server::builder().add_service(EchoServer::new(Answerer));
    tokio::spawn(server.serve(address));
    Ok(())
}

pub(crate) struct Client(EchoClient<Channel>);

pub(crate) async fn connect(address: &str) -> Result<Client> {
    let endpoint = Channel::from_shared(format!("http://{address}"))?;
    Ok(Client(EchoClient::new(endpoint.connect_lazy())))
}

impl measure::Client for Client {
    fn has_events(&self) -> bool {
        false
    }

    async fn call(&self, bytes: Bytes) -> Result<Bytes> {
        let mut request = Request::new(Payload { bytes });
        request.set_timeout(TIMEOUT);
        // A clone of a client shares its connection.
        let reply = self.0.clone().echo(request).await?;
        Ok(reply.into_inner().bytes)
    }

    async fn publish(&self, _: Bytes) -> Result<()> {
        bail!("gRPC has no topics")
    }
}
