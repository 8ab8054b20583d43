//! Puts a sandbox behind a socket.
//!
//! Asks the sandbox under its lock, which is never held across an await; what takes time (a slow
//! answer) is waited for outside. A lost answer closes the connection without a byte. Three paths are
//! the house's own: `GET /_sandbox` tells the tally and the injected faults, `POST /_sandbox/fault`
//! adds a fault rule in its text form, `POST /_sandbox/hook` registers a listener by hand. Calls to
//! listeners go over plain HTTP, one after the other.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request as HttpRequest, StatusCode};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{Answer, Hook, Request, Sandbox};

/// A sandbox shared between its socket and whoever acts inside it.
pub type Shared = Arc<Mutex<dyn Sandbox>>;

/// Where a served sandbox gets its moments from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The largest body taken, in bytes.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// How long a listener may take.
const LISTENER_WAIT: Duration = Duration::from_secs(10);

/// How often it is looked whether a call to a listener is due.
const LOOK_WAIT: Duration = Duration::from_millis(100);

/// How long a stop waits for answers under way.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// A sandbox being served; stops when dropped.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Served {
    /// The address as the beginning of a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops, and waits a little for answers under way.
    pub async fn stop(self) {
        drop(self.stop);
        let task = self.task;
        let abort = task.abort_handle();
        if tokio::time::timeout(STOP_WAIT, task).await.is_err() {
            abort.abort();
        }
    }
}

/// Serves a sandbox at `address` (port 0 takes a free one).
///
/// # Errors
///
/// When the address cannot be listened to.
pub async fn serve(sandbox: Shared, address: SocketAddr, clock: Clock) -> io::Result<Served> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let house = House { sandbox, clock };
    let telling = tokio::spawn(tell(house.clone()));
    let app = Router::new().fallback(handle).with_state(house).into_make_service_with_connect_info::<Cut>();
    let task = tokio::spawn(async move {
        let until = async move {
            // A dropped sender is the stop: both results mean the same.
            drop(stopped.await);
        };
        let served = axum::serve(Cuttable(listener), app).with_graceful_shutdown(until).await;
        if let Err(error) = served {
            tracing::error!(%error, "Sandbox stopped serving.");
        }
        telling.abort();
    });
    Ok(Served { address, stop, task })
}

#[derive(Clone)]
struct House {
    sandbox: Shared,
    clock: Clock,
}

impl House {
    fn lock(&self) -> MutexGuard<'_, dyn Sandbox + 'static> {
        // A panic under the lock is a failed test already; the sandbox goes on.
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn handle(
    State(house): State<House>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: HttpRequest<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "body too large");
    };
    if parts.uri.path().starts_with("/_sandbox") {
        return own_path(&house, &parts, &body);
    }
    let request = read_request(&parts, &body);
    let now = (house.clock)();
    let answer = house.lock().deliver(now, &request);
    if answer.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
    }
    if answer.lost {
        cut.0.store(true, Ordering::Release);
    }
    write_answer(answer)
}

/// Makes the calls to listeners that are due, as long as the sandbox is served.
async fn tell(house: House) {
    loop {
        let due = house.lock().due_hooks((house.clock)());
        if due.is_empty() {
            tokio::time::sleep(LOOK_WAIT).await;
        }
        for hook in due {
            let posted = tokio::time::timeout(LISTENER_WAIT, post(&hook)).await;
            let well = matches!(posted, Ok(Ok(true)));
            house.lock().hook_answered((house.clock)(), &hook, well);
        }
    }
}

/// Makes one call; true when the listener took it.
async fn post(hook: &Hook) -> io::Result<bool> {
    let plain = hook.url.strip_prefix("http://").ok_or(io::ErrorKind::Unsupported)?;
    let (host, path) = plain.split_once('/').unwrap_or((plain, ""));
    let mut text = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in &hook.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = hook.body.len();
    text.push_str(&format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{}", hook.body));
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(text.as_bytes()).await?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).await?;
    Ok(status.starts_with(b"HTTP/1.1 2"))
}

fn read_request(parts: &Parts, body: &Bytes) -> Request {
    let headers = parts
        .headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str().to_owned(), value.to_owned())));
    Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
    }
}

fn write_answer(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn own_path(house: &House, parts: &Parts, body: &Bytes) -> Response {
    match (parts.method.as_str(), parts.uri.path()) {
        ("GET", "/_sandbox") => {
            let mut response = plain(StatusCode::OK, &state(&mut *house.lock()));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert("content-type", json);
            response
        }
        ("POST", "/_sandbox/fault") => {
            let text = String::from_utf8_lossy(body);
            match house.lock().faults().add_text(&text) {
                Ok(()) => plain(StatusCode::OK, "added\n"),
                Err(error) => plain(StatusCode::BAD_REQUEST, &format!("{error}\n")),
            }
        }
        ("POST", "/_sandbox/hook") => {
            let url = String::from_utf8_lossy(body);
            if house.lock().register_hook(url.trim()) {
                return plain(StatusCode::OK, "registered\n");
            }
            plain(StatusCode::BAD_REQUEST, "this system has calls of its own for it\n")
        }
        _ => plain(StatusCode::NOT_FOUND, "GET /_sandbox, POST /_sandbox/fault or POST /_sandbox/hook\n"),
    }
}

fn state(sandbox: &mut dyn Sandbox) -> String {
    let injected = sandbox.faults().injected().clone();
    let tally = sandbox.tally();
    let state = serde_json::json!({
        "sandbox": sandbox.name(),
        "calls": tally.calls,
        "writes": tally.writes,
        "broken": tally.broken,
        "injected": injected,
    });
    format!("{state}\n")
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(text.to_owned()));
    *response.status_mut() = status;
    response
}

/// A listener whose connections can be cut by a handler.
struct Cuttable(TcpListener);

impl Listener for Cuttable {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "Connection keeps its delay.");
        }
        (CuttableStream { stream, cut: Cut::default() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// Set, the connection closes instead of sending another byte.
#[derive(Clone, Debug, Default)]
struct Cut(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Cuttable>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Cuttable>) -> Self {
        stream.io().cut.clone()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Cut,
}

impl CuttableStream {
    fn open(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "answer lost on purpose"));
        }
        Ok(())
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.open()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.open()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Faults, Tally};

    /// Answers its count of calls; loses the answer of `/lost`.
    #[derive(Default)]
    struct Counter {
        tally: Tally,
        faults: Faults,
    }

    impl Sandbox for Counter {
        fn name(&self) -> &'static str {
            "counter"
        }
        fn answer(&mut self, _: Timestamp, request: &Request) -> Answer {
            *self.tally.calls.entry(request.path.clone()).or_default() += 1;
            let headers = [("x-query".to_owned(), request.query.clone())].into();
            let lost = request.path == "/lost";
            Answer { status: 200, headers, body: request.body.clone(), lost, delay_ms: 1 }
        }
        fn tally(&self) -> &Tally {
            &self.tally
        }
        fn faults(&mut self) -> &mut Faults {
            &mut self.faults
        }
    }

    async fn ask(address: SocketAddr, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = body.len();
        let text = format!("{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A cut connection may end in a reset: what was read before it is the answer.
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn serves_loses_and_stops() {
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let sandbox = Arc::new(Mutex::new(Counter::default()));
        let served = serve(sandbox, ([127, 0, 0, 1], 0).into(), clock).await.unwrap();
        let address = served.address;

        let answer = ask(address, "POST /a?b=c", "hello").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("x-query: b=c") && answer.ends_with("hello"), "{answer}");

        assert_eq!(ask(address, "POST /lost", "x").await, "");

        assert!(ask(address, "POST /_sandbox/fault", "truncate").await.contains("added"));
        let refused = ask(address, "POST /_sandbox/fault", "nonsense").await;
        assert!(refused.contains("400") && refused.contains("known: `refuse`"), "{refused}");
        let state = ask(address, "GET /_sandbox", "").await;
        assert!(state.contains(r#""calls":{"/a":1,"/lost":1}"#), "{state}");

        let refused = ask(address, "POST /_sandbox/hook", "http://x").await;
        assert!(refused.contains("400"), "{refused}");
        served.stop().await;
        assert!(TcpStream::connect(address).await.is_err());
    }

    /// Takes one connection, answers it and gives what it said.
    async fn hear(listener: &TcpListener, status: &str) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        while !heard.ends_with('}') {
            let mut chunk = [0; 1024];
            let length = stream.read(&mut chunk).await.unwrap();
            heard.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
        }
        stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
        heard
    }

    #[tokio::test]
    async fn a_listener_is_told_and_told_again_until_it_takes_the_call() {
        let clock: Clock = Arc::new(|| Timestamp::UNIX_EPOCH);
        let mut omie = crate::sandbox::Omie::new(1);
        omie.switches.hook_retry_s = 0;
        let served = serve(Arc::new(Mutex::new(omie)), ([127, 0, 0, 1], 0).into(), clock).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/omie", listener.local_addr().unwrap());
        assert!(ask(served.address, "POST /_sandbox/hook", &url).await.contains("registered"));
        for status in ["503 Busy", "204 No Content"] {
            let heard = hear(&listener, status).await;
            assert!(heard.starts_with("POST /hooks/omie HTTP/1.1"), "{heard}");
            assert!(heard.ends_with(r#"{"ping":"omie"}"#), "{heard}");
        }
        served.stop().await;
    }
}
