//! The service: every mapping of every account at its own pace, one cycle of each at a time.

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use std::sync::Arc;

use super::turn::{Shared, turn};
use super::{Options, Report};

/// Runs every mapping until `stop` turns true: the first cycles at once, the next ones by their
/// schedules. Each report goes to `reports`. A cycle under way goes on to its end, unless the stop of
/// its runner is set as well: then it ends with the step in hand.
pub async fn serve(all: Vec<Arc<Shared>>, stop: watch::Receiver<bool>, reports: mpsc::Sender<Report>) {
    let mut services = JoinSet::new();
    for runner in &all {
        services.spawn(one(Arc::clone(runner), all.clone(), stop.clone(), reports.clone()));
    }
    drop(reports);
    while let Some(ended) = services.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a mapping is served no more until the next start");
        }
    }
}

async fn one(
    runner: Arc<Shared>,
    all: Vec<Arc<Shared>>,
    mut stop: watch::Receiver<bool>,
    reports: mpsc::Sender<Report>,
) {
    let (every_ms, clock) = {
        let runner = runner.lock().await;
        (runner.mapping.schedule.every_ms.max(1_000), runner.clock.clone())
    };
    while !*stop.borrow() {
        let began_ms = clock.now_ms();
        for report in turn(&runner, &all, Options::default()).await {
            if reports.send(report).await.is_err() {
                return;
            }
        }
        let took_ms = u64::try_from(clock.now_ms().saturating_sub(began_ms)).unwrap_or(0);
        let rest_ms = every_ms.saturating_sub(took_ms);
        tokio::select! {
            biased;
            () = clock.sleep_ms(rest_ms) => {}
            _ = stop.changed() => {}
        }
    }
}
