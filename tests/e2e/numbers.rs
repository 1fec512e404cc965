//! Start-up time, size and memory of the release build, compared with a bare runtime. `make numbers` sets their paths in FUNCTION
//! and BARE_RUNTIME.
//!
//! Both are started in turn on the same machine, so the ratio is meaningful.

use std::time::Duration;

use sample_events::{event_json, storm};

use crate::harness::{Setup, minutes_ago, variable};

const RUNS: usize = 30;
const RECORDS: usize = 20_000;

#[tokio::test]
#[ignore = "measures the released binary: make numbers"]
async fn start_size_and_memory() {
    let (function, bare_runtime) = (variable("FUNCTION").unwrap(), variable("BARE_RUNTIME").unwrap());
    let (mut bare, mut real) = (Vec::new(), Vec::new());
    for run in 0..RUNS + 2 {
        for (command, times) in [(&bare_runtime, &mut bare), (&function, &mut real)] {
            let took = Setup::console().time_to_first_event(command).await;
            // The first two runs only fill the page cache.
            if run >= 2 {
                times.push(took);
            }
        }
    }
    let (bare, real) = (median_millis(bare), median_millis(real));

    let event = event_json(&storm(RECORDS, 5_000, minutes_ago(7)), None);
    let mut world = Setup::console().start().await;
    assert_eq!(world.send(&event).await.counts().records, RECORDS as u64);
    let bytes = std::fs::metadata(&function).unwrap().len();

    println!("process start to the first /next, median of {RUNS} runs in turn");
    println!("  bare runtime          {bare:6.2} ms");
    println!("  flow-alerts           {real:6.2} ms   {:.2} x bare (aim: at most 1.5)", real / bare);
    println!("size of the binary");
    println!("  flow-alerts           {:6.1} MB", bytes as f64 / 1e6);
    println!("one event of {:.2} MB with {RECORDS} rejected pings", event.len() as f64 / 1e6);
    println!("  peak resident memory  {:6.1} MB  (aim: below 64)", world.peak_memory_bytes() as f64 / 1e6);
}

fn median_millis(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}
