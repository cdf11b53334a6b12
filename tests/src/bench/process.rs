//! What a process has used: time of the processors, and memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The ticks of `/proc/<pid>/stat`.
const TICKS_PER_SECOND: u64 = 100;

/// A process that is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process(pub(super) u32);

impl Process {
    /// This one.
    pub(super) fn own() -> Self {
        Self(std::process::id())
    }

    /// The processor time used so far. What the scheduler counts for each thread is exact, but forgets threads that
    /// have ended; the counter of the whole process forgets nothing, but counts ticks. Each of them never says too
    /// much.
    pub(super) fn cpu(self) -> Result<Duration> {
        Ok(self.of_threads()?.max(self.of_process()?))
    }

    fn of_threads(self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0)).context("the process is gone")? {
            // A thread may end while it is looked at.
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanos += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanos))
    }

    fn of_process(self) -> Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0))?;
        // The name, in brackets, may hold anything.
        let (_, fields) = text.rsplit_once(") ").context("no stat")?;
        let ticks: u64 = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }

    /// The same, with its children: a database that has a process for each connection.
    pub(super) fn cpu_of_all(self) -> Result<Duration> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.0)).unwrap_or_default();
        let mut children = children.split_whitespace().filter_map(|child| child.parse().ok());
        children.try_fold(self.cpu()?, |sum, child| {
            // A child may end while it is looked at.
            Ok(sum + Self(child).cpu().unwrap_or_default())
        })
    }

    /// The memory it holds now, in bytes: what lies in memory, of what is shared only its share.
    pub(super) fn memory(self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

/// How many files this process may have open.
pub(super) fn open_files() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/limits")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).context("no limit of open files")?;
    let soft = line.split_whitespace().next().unwrap_or_default();
    Ok(soft.parse().unwrap_or(u64::MAX))
}

/// The machine, for the head of a table.
pub(super) fn machine() -> serde_json::Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let info = read("/proc/cpuinfo");
    let models =
        info.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name));
    let models: Vec<&str> = models.collect();
    let memory = read("/proc/meminfo");
    let kib = memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0);
    serde_json::json!({
        "cpu": models.first().unwrap_or(&"unknown"),
        "cores": std::thread::available_parallelism().map_or(models.len(), std::num::NonZero::get),
        "memoryMiB": kib / 1024,
        "kernel": read("/proc/sys/kernel/osrelease"),
        "load": read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_memory_are_seen() {
        let before = Process::own().cpu().unwrap();
        let mut filled = vec![0_u8; 32 << 20];
        let memory = Process::own().memory().unwrap();
        while Process::own().cpu().unwrap() - before < Duration::from_millis(30) {
            filled.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        let later = Process::own().memory().unwrap();
        assert!(later >= memory + (16 << 20));
    }
}
