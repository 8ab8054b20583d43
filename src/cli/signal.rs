//! Being told to stop: SIGTERM from whoever looks after services, SIGINT from the keyboard.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::connector::Connector;

/// No call is made from now on but what the step in hand needs.
pub(super) fn wind_down<'a>(connectors: impl Iterator<Item = &'a Connector>) {
    tracing::info!("told to stop: the step in hand is finished");
    connectors.for_each(Connector::close);
}

/// Listens from the moment it is made, so that no signal is lost between two waits.
pub(super) struct Signals {
    term: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to listen; from now on neither signal ends the process by itself.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits until told to stop.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
