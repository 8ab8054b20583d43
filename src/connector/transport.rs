//! How a request leaves the house and its answer comes in. The only file that knows the HTTP library.
//!
//! Whatever goes wrong is a value: no answer, a late one, one that is too long. Nothing here judges
//! what an answer means, follows a redirect or tries twice.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

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
        match answer.unwrap_or(WireAnswer::Timeout) {
            WireAnswer::Answer { status, body, .. } if length(&body) > limits.body_max => {
                WireAnswer::TooLong { status }
            }
            other => other,
        }
    }
}

fn length(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}

fn is_loopback(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start))
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
