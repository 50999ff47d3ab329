//! Processes as the kernel reports them: CPU time, memory, and whether other processes were busy.

use std::{collections::HashMap, fs, io::Write as _, path::Path, time::Instant};

use serde_json::{Value, json};

use crate::{Failure, Watched};

/// Linux reports CPU time in hundredths of a second, independent of its timer frequency.
const TICK_MICROS: u64 = 10_000;
/// Parent of the kernel's own threads.
const KERNEL: u32 = 2;

/// Process at one time: its parent, and the CPU time of itself and of its reaped children, in microseconds.
#[derive(Clone, Copy)]
struct Process {
    parent: u32,
    own: u64,
    children: u64,
}

/// All processes at one time.
pub(crate) struct Sample {
    processes: HashMap<u32, Process>,
    stolen: u64,
}

impl Sample {
    pub(crate) fn take() -> Result<Self, Failure> {
        let mut processes = HashMap::new();
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            // A process that has just ended has no file.
            let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
            if let Some(process) = Process::parse(&text) {
                processes.insert(pid, process);
            }
        }
        let stat = fs::read_to_string("/proc/stat")?;
        let stolen = stat.lines().next().and_then(|line| line.split_whitespace().nth(8)?.parse::<u64>().ok()).unwrap_or_default();
        Ok(Self { processes, stolen: stolen * TICK_MICROS })
    }

    /// Returns the CPU microseconds of the process alone.
    pub(crate) fn own(&self, pid: u32) -> u64 {
        self.processes.get(&pid).map_or(0, |process| process.own)
    }

    /// Returns the CPU microseconds of a process and all its descendants.
    fn tree(&self, root: u32) -> u64 {
        self.processes
            .iter()
            .filter(|(pid, _)| self.is_below(**pid, root))
            .map(|(_, process)| process.own + process.children)
            .sum()
    }

    fn is_below(&self, mut pid: u32, root: u32) -> bool {
        while pid != root {
            match self.processes.get(&pid) {
                Some(process) => pid = process.parent,
                None => return false,
            }
        }
        true
    }

    /// Returns the CPU microseconds of all other processes, without the kernel's threads, which work for the known ones.
    pub(crate) fn others(&self, known: &[u32]) -> u64 {
        let is_known = |pid: u32| pid == KERNEL || known.iter().any(|root| self.is_below(pid, *root));
        let busy = |(pid, process): (&u32, &Process)| {
            if is_known(*pid) || process.parent == KERNEL { 0 } else { process.own + process.children }
        };
        self.processes.iter().map(busy).sum::<u64>() + self.stolen
    }
}

impl Process {
    fn parse(text: &str) -> Option<Self> {
        // The name is in parentheses and may contain any character.
        let fields: Vec<u64> =
            text.rsplit_once(')')?.1.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
        let ticks = |at: usize| Some((fields.get(at)? + fields.get(at + 1)?) * TICK_MICROS);
        Some(Self { parent: u32::try_from(*fields.first()?).ok()?, own: ticks(10)?, children: ticks(12)? })
    }
}

/// Returns the resources that the processes used between two samples, per request.
pub(crate) fn between(before: &Sample, after: &Sample, watched: &Watched, micros: u64, requests: u64) -> Value {
    let each = |used: u64| (requests > 0).then(|| ratio(used, requests));
    let since = |count: &dyn Fn(&Sample) -> u64| count(after).saturating_sub(count(before));
    let server = since(&|sample| watched.servers.iter().map(|pid| sample.own(*pid)).sum());
    let mut known = watched.servers.clone();
    known.extend(watched.database);
    known.extend(&watched.known);
    known.push(std::process::id());
    let others = ratio(since(&|sample| sample.others(&known)), micros);
    let mut measured = json!({
        "cpu_us": each(server),
        "generator_busy": ratio(since(&|sample| sample.own(std::process::id())), micros),
        "server_busy": ratio(server, micros),
        "others_busy": others,
        "rss_mb": memory(&watched.servers, "VmRSS:"),
        "hwm_mb": memory(&watched.servers, "VmHWM:"),
    });
    if let Some(database) = watched.database {
        measured["database_cpu_us"] = each(since(&|sample| sample.tree(database))).into();
    }
    measured
}

/// Returns the CPU microseconds of the threads of these servers that serve requests. On SQLite, other threads store them.
pub(crate) fn serving(pids: &[u32]) -> u64 {
    let threads = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten();
    let stat = |entry: std::io::Result<fs::DirEntry>| fs::read_to_string(entry.ok()?.path().join("stat")).ok();
    let is_serving = |text: &String| text.contains("(actix-");
    threads.filter_map(stat).filter(is_serving).filter_map(|text| Process::parse(&text)).map(|thread| thread.own).sum()
}

/// Returns the largest value among these processes, in megabytes.
pub(crate) fn memory(pids: &[u32], field: &str) -> f64 {
    let kilobytes = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with(field))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    ratio(pids.iter().filter_map(kilobytes).max().unwrap_or_default(), 1024)
}

/// Divides numbers that are far below the range in which `f64` becomes inexact.
#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of minutes")]
pub(crate) fn ratio(of: u64, to: u64) -> f64 {
    of as f64 / to as f64
}

/// Returns the median microseconds of a small write and its sync.
pub(crate) fn sync_time(directory: &Path) -> Result<u128, Failure> {
    const TIMES: usize = 200;
    let path = directory.join(format!("sync-time-{}", std::process::id()));
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_all()?;
        times.push(start.elapsed().as_micros());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let text = "77 (a) b (c)) S 5 77 77 0 -1 4194304 1 2 3 4 30 12 7 1 20 0 9 0 1 2";
        let process = Process::parse(text).unwrap();
        assert_eq!((process.parent, process.own, process.children), (5, 420_000, 80_000));
    }

    #[test]
    fn a_tree_is_told_from_the_others() {
        let process = |parent, own| Process { parent, own, children: 0 };
        let processes =
            HashMap::from([(1, process(0, 1)), (2, process(0, 2)), (3, process(2, 4)), (8, process(1, 8)), (9, process(8, 16))]);
        let sample = Sample { processes, stolen: 32 };
        assert_eq!((sample.tree(8), sample.own(8), sample.others(&[8])), (24, 8, 33));
    }
}
