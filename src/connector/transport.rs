//! How a request leaves the house and its answer comes in. The only file that knows the HTTP library.
//!
//! Whatever goes wrong is a value: no answer, a late one, one that is too long. Nothing here judges
//! what an answer means, follows a redirect or tries twice.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::config::address::is_loopback;
use crate::config::system::{Limits, Method};

/// A request as it goes out. It holds secrets, so it shows only its method and its path.
#[derive(Clone)]
pub struct WireRequest {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.split('?').next().unwrap_or_default();
        write!(f, "{} {path}", self.method.text())
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireAnswer {
    /// A whole answer.
    Answer {
        /// The status code.
        status: u16,
        /// Headers, with their names in lower case.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// No connection came about: the system never saw the request.
    Unreachable {
        /// Why.
        text: String,
    },
    /// The request may have arrived, its answer did not.
    Lost {
        /// Why.
        text: String,
    },
    /// The answer did not come in time.
    Timeout,
    /// The answer is longer than we take.
    TooLong {
        /// Its status code.
        status: u16,
    },
}

/// An answer to come.
pub type Answering = Pin<Box<dyn Future<Output = WireAnswer> + Send>>;

/// The ways a request may go.
#[derive(Clone)]
pub enum Transport {
    /// Over the network.
    Http(reqwest::Client),
    /// To a function of this process, under whatever time it runs.
    InProcess(Arc<dyn Fn(WireRequest) -> Answering + Send + Sync>),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::InProcess(_) => "InProcess",
        })
    }
}

impl Transport {
    /// The network.
    ///
    /// # Errors
    /// When the machine cannot set up its side of TLS.
    pub fn http(base_url: &str, limits: &Limits) -> Result<Self, String> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(limits.connect_ms))
            .tcp_nodelay(true)
            .user_agent(concat!("depara/", env!("CARGO_PKG_VERSION")));
        if is_loopback(base_url) {
            builder = builder.no_proxy();
        }
        builder.build().map(Self::Http).map_err(|error| chain(&error))
    }

    /// Sends a request and waits for the whole answer.
    pub async fn send(&self, request: WireRequest, limits: &Limits) -> WireAnswer {
        let answering: Answering = match self {
            Self::Http(client) => Box::pin(over_http(client.clone(), request, limits.body_max)),
            Self::InProcess(answer) => answer(request),
        };
        let answer = tokio::time::timeout(Duration::from_millis(limits.timeout_ms), answering).await;
        let answer = answer.unwrap_or(WireAnswer::Timeout);
        if let WireAnswer::Answer { status, body, .. } = &answer
            && length(body) > limits.body_max
        {
            return WireAnswer::TooLong { status: *status };
        }
        answer
    }
}

fn length(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

async fn over_http(client: reqwest::Client, request: WireRequest, body_max: u64) -> WireAnswer {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
    };
    let mut outgoing = client.request(method, &request.url);
    for (name, value) in &request.headers {
        outgoing = outgoing.header(name, value);
    }
    if let Some(body) = request.body {
        outgoing = outgoing.body(body);
    }
    match outgoing.send().await {
        Ok(response) => receive(response, body_max).await,
        Err(error) => no_answer(error),
    }
}

fn no_answer(error: reqwest::Error) -> WireAnswer {
    let error = error.without_url();
    let text = chain(&error);
    if error.is_connect() || error.is_builder() {
        WireAnswer::Unreachable { text }
    } else if error.is_timeout() {
        WireAnswer::Timeout
    } else {
        WireAnswer::Lost { text }
    }
}

async fn receive(mut response: reqwest::Response, body_max: u64) -> WireAnswer {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return WireAnswer::Answer { status, headers, body },
            Err(error) => return WireAnswer::Lost { text: chain(&error.without_url()) },
        }
        if length(&body) > body_max {
            return WireAnswer::TooLong { status };
        }
    }
}

/// An error with all its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const LIMITS: Limits = Limits { timeout_ms: 60_000, connect_ms: 10_000, body_max: 100, pages_max: 1 };

    /// Answers one connection with these bytes and closes it.
    async fn once(bytes: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 1024];
            assert!(stream.read(&mut heard).await.unwrap() > 0);
            stream.write_all(bytes.as_bytes()).await.unwrap();
        });
        address
    }

    async fn ask(url: String) -> WireAnswer {
        let transport = Transport::http(&url, &LIMITS).unwrap();
        let body = Some(b"{}".to_vec());
        transport.send(WireRequest { method: Method::Post, url, headers: Vec::new(), body }, &LIMITS).await
    }

    #[tokio::test]
    async fn a_whole_answer_comes_whole_and_a_redirect_is_an_answer() {
        let url = once("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nok").await;
        let WireAnswer::Answer { status, headers, body } = ask(url).await else { panic!() };
        assert_eq!((status, body.as_slice()), (302, b"ok".as_slice()));
        assert!(headers.contains(&("location".to_owned(), "/x".to_owned())));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_lost() {
        for bytes in ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"a\":"] {
            let answer = ask(once(bytes).await).await;
            assert!(matches!(answer, WireAnswer::Lost { .. }), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_over_the_limit_is_refused_while_it_comes() {
        let url = once(concat!(
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
            "0123456789012345678901234567890123456789012345678901234567890123456789",
            "0123456789012345678901234567890123456789012345678901234567890123456789"
        ));
        assert_eq!(ask(url.await).await, WireAnswer::TooLong { status: 200 });
    }

    #[tokio::test]
    async fn a_closed_door_is_unreachable_and_its_text_names_no_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/?key=hidden", listener.local_addr().unwrap());
        drop(listener);
        let WireAnswer::Unreachable { text } = ask(url).await else { panic!() };
        assert!(!text.contains("hidden"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_late() {
        let never = Transport::InProcess(Arc::new(|_| Box::pin(std::future::pending())));
        let request = WireRequest { method: Method::Get, url: "http://x".to_owned(), headers: Vec::new(), body: None };
        assert_eq!(never.send(request, &LIMITS).await, WireAnswer::Timeout);
    }
}
