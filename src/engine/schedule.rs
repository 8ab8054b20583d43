//! The service: every mapping of every account at its own pace, one cycle of each at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::{Options, Report, Runner};

/// Runs every mapping until `stop` turns true: the first cycles at once, the next ones by their
/// schedules. Each report goes to `reports`. A cycle under way finishes the step in hand.
pub async fn serve(
    runners: Vec<Runner>,
    stop: watch::Receiver<bool>,
    stopping: Arc<AtomicBool>,
    reports: mpsc::Sender<Report>,
) {
    let mut services = JoinSet::new();
    for runner in runners {
        services.spawn(one(runner, stop.clone(), reports.clone()));
    }
    drop(reports);
    let mut watched = stop;
    let until_stop = async move {
        while !*watched.borrow() {
            if watched.changed().await.is_err() {
                break;
            }
        }
        stopping.store(true, Ordering::SeqCst);
    };
    tokio::join!(until_stop, async { while services.join_next().await.is_some() {} });
}

async fn one(mut runner: Runner, mut stop: watch::Receiver<bool>, reports: mpsc::Sender<Report>) {
    let every_ms = runner.mapping.schedule.every_ms.max(1_000);
    while !*stop.borrow() {
        let began_ms = runner.clock.now_ms();
        let report = runner.cycle(Options::default()).await;
        if reports.send(report).await.is_err() {
            return;
        }
        let took_ms = u64::try_from(runner.clock.now_ms().saturating_sub(began_ms)).unwrap_or(0);
        let rest_ms = every_ms.saturating_sub(took_ms);
        tokio::select! {
            () = runner.clock.sleep_ms(rest_ms) => {}
            _ = stop.changed() => {}
        }
    }
}
