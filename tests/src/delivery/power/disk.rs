//! A disk as a power failure may leave it: what was synced is there; of what was only written, any part may be.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use rand::Rng as _;
use rand::rngs::StdRng;

/// The names of the files, in the order of their numbers in the record.
const NAMES: [&str; 3] = ["kefu.db", "kefu.db-wal", "kefu.db-journal"];
/// What a disk writes at once.
const SECTOR: usize = 512;
/// The bytes of an entry without its data.
const HEAD: usize = 16;

/// What was done to a file (`disk.c`).
#[derive(Debug)]
pub(super) struct Entry<'r> {
    what: u8,
    file: usize,
    offset: usize,
    data: &'r [u8],
    /// Where it ends in the record.
    pub(super) end: u64,
}

/// Reads a record.
pub(super) fn read(record: &[u8]) -> Result<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < record.len() {
        let head = record.get(at..at + HEAD).context("half an entry")?;
        let offset = usize::try_from(u64::from_le_bytes(head[8..16].try_into()?))?;
        let length = usize::try_from(u32::from_le_bytes(head[4..8].try_into()?))?;
        at += HEAD + length;
        let data = record.get(at - length..at).context("half an entry")?;
        entries.push(Entry { what: head[0], file: head[1].into(), offset, data, end: at as u64 });
    }
    Ok(entries)
}

/// What becomes of the writes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// None has reached the disk.
    Lost,
    /// All have.
    Kept,
    /// Some sectors of some have.
    Torn,
}

#[derive(Debug)]
enum Write<'r> {
    Data(usize, &'r [u8]),
    Length(usize),
}

#[derive(Debug, Default)]
struct File<'r> {
    exists: bool,
    synced: Vec<u8>,
    pending: Vec<Write<'r>>,
}

/// The disk at some moment.
#[derive(Debug, Default)]
pub(super) struct Disk<'r>([File<'r>; 3]);

impl<'r> Disk<'r> {
    /// One more thing was done.
    pub(super) fn take(&mut self, entry: &Entry<'r>) -> Result<()> {
        let file = self.0.get_mut(entry.file).context("no such file")?;
        match entry.what {
            b'o' => file.exists = true,
            b'w' => file.pending.push(Write::Data(entry.offset, entry.data)),
            b't' => file.pending.push(Write::Length(entry.offset)),
            b's' => file.pending.drain(..).for_each(|write| apply(&mut file.synced, &write)),
            b'u' => *file = File::default(),
            what => bail!("an entry of the kind {what}"),
        }
        Ok(())
    }

    /// Writes the files as they are found after a power failure now.
    pub(super) fn save(&self, folder: &Path, unsynced: Unsynced, rng: &mut StdRng) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, file) in NAMES.iter().zip(&self.0).filter(|(_, file)| file.exists) {
            let mut content = file.synced.clone();
            for write in &file.pending {
                match (unsynced, write) {
                    (Unsynced::Lost, _) => {}
                    (Unsynced::Kept, write) => apply(&mut content, write),
                    (Unsynced::Torn, Write::Length(_)) if rng.random_bool(0.5) => apply(&mut content, write),
                    (Unsynced::Torn, Write::Length(_)) => {}
                    (Unsynced::Torn, Write::Data(offset, data)) => tear(&mut content, *offset, data, rng),
                }
            }
            std::fs::write(folder.join(name), content)?;
        }
        Ok(())
    }
}

fn apply(content: &mut Vec<u8>, write: &Write<'_>) {
    match write {
        Write::Length(length) => content.resize(*length, 0),
        Write::Data(offset, data) => {
            let end = offset + data.len();
            content.resize(content.len().max(end), 0);
            content[*offset..end].copy_from_slice(data);
        }
    }
}

/// Writes some of the sectors.
fn tear(content: &mut Vec<u8>, offset: usize, data: &[u8], rng: &mut StdRng) {
    let mut at = 0;
    while at < data.len() {
        let end = data.len().min(at + SECTOR - (offset + at) % SECTOR);
        if rng.random_bool(0.5) {
            apply(content, &Write::Data(offset + at, &data[at..end]));
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::{Disk, Entry, Unsynced, read};

    fn entry(what: u8, offset: usize, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![what, 0, 0, 0];
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend((offset as u64).to_le_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn what_is_synced_stays_and_nothing_else_has_to() {
        let (old, new) = ([1; 1024], [2; 1024]);
        let record = [entry(b'o', 0, &[]), entry(b'w', 0, &old), entry(b's', 0, &[]), entry(b'w', 512, &new)].concat();
        let entries: Vec<Entry<'_>> = read(&record).unwrap();
        assert_eq!(entries.last().unwrap().end, record.len() as u64);
        let mut disk = Disk::default();
        entries.iter().for_each(|entry| disk.take(entry).unwrap());
        let folder = std::env::temp_dir().join(format!("kefu-disk-{:016x}", rand::random::<u64>()));
        let mut rng = StdRng::seed_from_u64(1);
        let mut image = |unsynced| {
            disk.save(&folder, unsynced, &mut rng).unwrap();
            std::fs::read(folder.join("kefu.db")).unwrap()
        };
        assert_eq!(image(Unsynced::Lost), old);
        assert_eq!(image(Unsynced::Kept), [[1; 512], [2; 512], [2; 512]].concat());
        let torn: std::collections::HashSet<_> = (0..64).map(|_| image(Unsynced::Torn)).collect();
        assert_eq!(torn.len(), 4, "each of two sectors is there or not");
        assert!(torn.iter().all(|image| image[..512] == old[..512]));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(read(&record[..record.len() - 1]).is_err());
    }
}
