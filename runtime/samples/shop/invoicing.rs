//! The outside server: plain HTTP over plain sockets, in a thread of its own. It knows nothing of
//! commy; anything that answers at an address would do.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use commy::Endpoint;

/// A server with a health page, and with invoices at `/invoices/ORDER`.
pub(crate) struct Invoicing {
    address: SocketAddr,
    is_closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Invoicing {
    pub(crate) fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let is_closing = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&is_closing);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if closing.load(Ordering::Relaxed) {
                    break;
                }
                // A client that breaks off is no reason to stop serving the others.
                let _ = stream.and_then(serve);
            }
        });
        Ok(Self {
            address,
            is_closing,
            thread,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server, and frees its port.
    pub(crate) fn close(self) -> io::Result<()> {
        self.is_closing.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for a client.
        TcpStream::connect(self.address)?;
        self.thread
            .join()
            .map_err(|_| io::Error::other("the server panicked"))
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path.strip_prefix("/invoices/") {
        Some(order) => ("200 OK", format!("invoice for {order}")),
        None if path == "/health" => ("200 OK", "up".into()),
        None => ("404 Not Found", String::new()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Asks the server at an endpoint for the invoice of an order.
pub(crate) fn dial(endpoint: &Endpoint, order: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect((endpoint.host(), endpoint.port()))?;
    write!(
        stream,
        "GET /invoices/{order} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        endpoint.host()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200 ") => Ok(body.to_owned()),
        _ => Err(io::Error::other(answer)),
    }
}
