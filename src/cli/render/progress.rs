//! That work goes on, and how far it is: one line on the terminal of standard error, in calls, for
//! calls are what takes time. Nobody sees it where nobody looks.

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::value::count;
use crate::connector::Connector;

/// How often the line is drawn anew.
const DRAWN: Duration = Duration::from_millis(120);

/// The one place of the line, so that the log steps aside for it.
static PLACE: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Does some work, and shows meanwhile what `name` does with its connectors.
pub async fn during<T>(name: &str, connectors: &BTreeMap<String, Connector>, work: impl Future<Output = T>) -> T {
    let before = made(connectors);
    let line = PLACE.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        line.set_style(style);
    }
    let mut drawn = tokio::time::interval(DRAWN);
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = drawn.tick() => {
                let calls = made(connectors).into_iter().map(|(system, calls)| {
                    let calls = calls.saturating_sub(before.get(&system).copied().unwrap_or(0));
                    format!("{system} {}", count(usize::try_from(calls).unwrap_or(usize::MAX), "call"))
                });
                let calls = calls.collect::<Vec<_>>().join(", ");
                line.set_message(format!("{name}: {calls}, {} s", line.elapsed().as_secs()));
                line.tick();
            }
        }
    };
    line.finish_and_clear();
    PLACE.remove(&line);
    done
}

fn made(connectors: &BTreeMap<String, Connector>) -> BTreeMap<String, u64> {
    connectors.iter().map(|(system, connector)| (system.clone(), connector.calls().values().sum())).collect()
}

/// Where the log is written: standard error, beside the line.
pub fn beside() -> impl Write {
    Beside
}

struct Beside;

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        PLACE.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
