//! The tables of one language, and how its figures stand to what commy aims at.

use super::Measured;
use super::plot::per_second;
use crate::bench::peers::figures::Figure;
use crate::bench::peers::recovery::Loss;
use crate::bench::peers::turns::Outcome;

pub(super) const ECHO_SMALL: &str = "echo_16_p50_us";
const ECHO_LARGE: &str = "echo_1048576_p50_us";
pub(super) const CALLS: &str = "calls_16_by_64_per_second";
const NONE: &str = "–";

/// A table, ready to be written down.
pub(super) struct Table {
    pub(super) title: &'static str,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What commy aims at beside one peer, and what came out.
pub(super) struct Goal {
    pub(super) text: String,
    /// The median over the rounds of the ratio in each.
    pub(super) ratio: String,
    pub(super) limit: String,
    pub(super) is_met: bool,
}

pub(super) fn of(language: &Measured) -> Vec<Table> {
    let systems = &language.systems;
    let mut tables = vec![
        Table {
            title: "Calls: p50 and p99 of an echo, and calls a second with 64 under way",
            head: vec!["", "16 B", "64 KiB", "1 MiB", "64 in flight, 16 B"],
            rows: rows(systems, |it| {
                vec![
                    latency(it, "echo_16"),
                    latency(it, "echo_65536"),
                    latency(it, "echo_1048576"),
                    rate(it, CALLS),
                ]
            }),
        },
        Table {
            title: "Events of 16 B: p50 and p99 there and back, and events a second",
            head: vec!["", "there and back", "events/s, at most 512 unacknowledged"],
            rows: rows(systems, |it| {
                if !it.figures.contains_key("event_16_p50_us") {
                    return Vec::new();
                }
                vec![
                    latency(it, "event_16"),
                    rate(it, "events_16_by_512_per_second"),
                ]
            }),
        },
        Table {
            title: "Whom a call of 16 B wakes: how often a thread sleeps until it is woken, by process \
                    and thread",
            head: vec!["", "in all", "threads"],
            rows: rows(systems, |it| {
                let wakes = it.wakes.0.iter();
                let threads = wakes.map(|(thread, wakes)| format!("{thread} {wakes:.1}"));
                // The bar is in a thread's name, and between the cells of a table.
                let threads = threads.collect::<Vec<_>>().join(", ").replace('|', "\\|");
                vec![format!("{:.1}", it.wakes.all()), threads]
            }),
        },
        Table {
            title: "A server that waits, and what is installed",
            head: vec!["", "resident memory", "threads", "installed", "import"],
            rows: rows(systems, |it| {
                let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
                let import = it.import.as_ref();
                vec![
                    mib(it.idle.resident_bytes),
                    it.idle.threads.to_string(),
                    import.map_or(NONE.to_owned(), |it| mib(it.installed_bytes)),
                    import.map_or(NONE.to_owned(), |it| {
                        format!("{:.0} ms", it.milliseconds.median)
                    }),
                ]
            }),
        },
    ];
    if !language.recovery.is_empty() {
        tables.push(recovery(language));
    }
    tables.extend(crossings(systems));
    tables
}

pub(super) fn goals(language: &Measured) -> Vec<Goal> {
    let goal = |peer: &str, figure: &str, what: &str, most: f64| {
        let find = |name: &str| language.systems.iter().find(|system| system.name == name);
        let (commy, peer) = (find("commy")?, find(peer)?);
        let mine = commy.figures.get(figure)?;
        let ratio = mine.ratio_to(peer.figures.get(figure)?)?;
        let is_rate = figure.ends_with("per_second");
        Some(Goal {
            text: format!("{}: {what}, commy to {}", language.title, peer.title),
            ratio: format!("{ratio:.2}"),
            limit: format!("{} {most}", if is_rate { "at least" } else { "at most" }),
            is_met: if is_rate {
                ratio >= most
            } else {
                ratio <= most
            },
        })
    };
    let small = "p50 of an echo of 16 B";
    let goals = match language.name {
        "python" => vec![
            goal("pyzmq", ECHO_SMALL, small, 1.0),
            goal("nats", CALLS, "calls a second, 64 in flight", 1.0),
            goal("zenoh", ECHO_LARGE, "p50 of an echo of 1 MiB", 0.5),
        ],
        "rust" => vec![
            goal("zenoh", ECHO_SMALL, small, 1.2),
            goal("grpc", ECHO_SMALL, small, 0.5),
        ],
        _ => Vec::new(),
    };
    goals.into_iter().flatten().collect()
}

/// A row a system that has such figures.
fn rows(systems: &[Outcome], cells: impl Fn(&Outcome) -> Vec<String>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for system in systems {
        let cells = cells(system);
        if cells.is_empty() {
            continue;
        }
        let mut row = vec![system.title.to_owned()];
        row.extend(cells);
        rows.push(row);
    }
    rows
}

fn recovery(language: &Measured) -> Table {
    let cell = |loss: &Loss| {
        let times = loss.milliseconds.rounds.len();
        if loss.unfinished == times {
            return format!("not within {:.0} s", loss.patience_ms / 1e3);
        }
        let (ms, calls) = (loss.milliseconds.median, loss.calls.median);
        format!("{ms:.0} ms, {calls:.0} calls")
    };
    let systems = language.systems.iter();
    Table {
        title: "Two servers, a call each 5 ms, one is lost: until the last call without an answer, \
                and how many there were",
        head: vec!["", "killed", "stopped (SIGSTOP)"],
        rows: systems
            .filter_map(|system| {
                let recovery = language.recovery.get(system.name)?;
                let cells = [&recovery.killed, &recovery.stopped].map(cell);
                Some([vec![system.title.to_owned()], cells.to_vec()].concat())
            })
            .collect(),
    }
}

fn crossings(systems: &[Outcome]) -> Option<Table> {
    let commy = systems.first().filter(|it| !it.crossings.is_empty())?;
    let cell = |kind| {
        commy
            .crossings
            .get(kind)
            .map_or(NONE.to_owned(), nanoseconds)
    };
    Some(Table {
        title: "Crossing into commy's runtime, in one process",
        head: vec![
            "",
            "a plain call (`is_running`)",
            "an awaited one (`publish` to nobody)",
            "a call to one's own handler",
        ],
        rows: vec![vec![
            commy.title.to_owned(),
            cell("sync"),
            cell("awaited"),
            cell("callback"),
        ]],
    })
}

fn latency(system: &Outcome, measure: &str) -> String {
    let quantile = |name| system.figures.get(&format!("{measure}_{name}_us"));
    match (quantile("p50"), quantile("p99")) {
        (Some(p50), Some(p99)) => format!("{} / {}", time(p50.median), time(p99.median)),
        _ => NONE.to_owned(),
    }
}

fn rate(system: &Outcome, figure: &str) -> String {
    let figure = system.figures.get(figure);
    figure.map_or(NONE.to_owned(), |it| per_second(it.median))
}

/// A time that is given in µs, with as many digits as mean something.
pub(super) fn time(us: f64) -> String {
    match us {
        us if us < 10.0 => format!("{us:.1} µs"),
        us if us < 1000.0 => format!("{us:.0} µs"),
        us if us < 10_000.0 => format!("{:.2} ms", us / 1e3),
        us => format!("{:.1} ms", us / 1e3),
    }
}

fn nanoseconds(figure: &Figure) -> String {
    match figure.median {
        ns if ns < 1000.0 => format!("{ns:.0} ns"),
        ns => time(ns / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_has_as_many_digits_as_mean_something() {
        let shown = [2.34, 223.4, 1234.0, 12_345.0].map(time);
        assert_eq!(shown, ["2.3 µs", "223 µs", "1.23 ms", "12.3 ms"]);
    }
}
