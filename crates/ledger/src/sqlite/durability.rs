//! Durability is checked at start, not assumed; and the file, which holds tickets, is its owner's alone.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rusqlite::Connection;

use crate::Error;

/// Readable and writable for its owner only.
const OWNER_ONLY: u32 = 0o600;

/// File systems whose locks or flushes SQLite cannot rely on, by the number that `statfs` gives
/// (<https://man7.org/linux/man-pages/man2/statfs.2.html>).
const NETWORK_FILE_SYSTEMS: [(u64, &str); 9] = [
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFE53_4D42, "SMB 2"),
    (0xFF53_4D42, "CIFS"),
    (0x0102_1997, "9P"),
    (0x5346_414F, "AFS"),
    (0x7375_7245, "CODA"),
    (0x00C3_6400, "CEPH"),
    (0x0BD0_0BD0, "LUSTRE"),
];

/// Refuses a folder on another machine.
pub(super) fn refuse_network_file_systems(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let found = rustix::fs::statfs(folder).map_err(|source| Error::Open {
        path: path.to_path_buf(),
        advice: format!(
            "does the folder {} exist, and may this user enter it?",
            folder.display()
        ),
        source: Some(Box::new(std::io::Error::from(source))),
    })?;
    match network_file_system(found.f_type as u64) {
        None => Ok(()),
        Some(name) => Err(Error::NotDurable {
            path: path.to_path_buf(),
            found: format!("its folder is on a network file system ({name})"),
            advice: "put the file on a local disk, or use PostgreSQL for several machines",
        }),
    }
}

/// Returns the name of a network file system; the kernel's numbers have 32 bits.
pub(super) fn network_file_system(number: u64) -> Option<&'static str> {
    NETWORK_FILE_SYSTEMS
        .iter()
        .find(|(known, _)| *known == number & 0xFFFF_FFFF)
        .map(|(_, name)| *name)
}

/// Creates the file for its owner alone, or takes everybody else's rights; SQLite gives its side files the same mode.
pub(super) fn protect(path: &Path) -> Result<(), Error> {
    let trouble = |source: std::io::Error| Error::Open {
        path: path.to_path_buf(),
        advice: "may this user write the file and its folder?".to_owned(),
        source: Some(Box::new(source)),
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(OWNER_ONLY)
        .open(path)
        .map_err(trouble)?;
    let metadata = file.metadata().map_err(trouble)?;
    if !metadata.is_file() {
        return Err(Error::Open {
            path: path.to_path_buf(),
            advice: "this is no file".to_owned(),
            source: None,
        });
    }
    if metadata.permissions().mode() & 0o177 != 0 {
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))
            .map_err(trouble)?;
    }
    for side in ["-wal", "-shm"] {
        let side = side_file(path, side);
        if side.exists() {
            std::fs::set_permissions(&side, Permissions::from_mode(OWNER_ONLY)).map_err(trouble)?;
        }
    }
    Ok(())
}

/// Returns the name of a file beside the ledger.
pub(super) fn side_file(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads back what makes a commit durable.
pub(super) fn check(path: &Path, connection: &Connection) -> Result<(), Error> {
    let read =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0));
    let not_durable = |found: String| Error::NotDurable {
        path: path.to_path_buf(),
        found,
        advice: "put the file on a local disk that keeps what is flushed",
    };
    let journal = read("journal_mode").map_err(|source| super::opening(path, source.into()))?;
    if journal != rusqlite::types::Value::Text("wal".to_owned()) {
        return Err(not_durable(format!("journal_mode is {journal:?} and cannot be wal")));
    }
    let synchronous = read("synchronous").map_err(|source| super::opening(path, source.into()))?;
    if synchronous != rusqlite::types::Value::Integer(2) {
        return Err(not_durable(format!(
            "synchronous is {synchronous:?} and cannot be FULL"
        )));
    }
    Ok(())
}
