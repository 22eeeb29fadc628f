//! The tables, and how they are brought up to date.

use std::path::Path;

use rusqlite::Connection;

use crate::Error;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Applies the migrations that are missing; a ledger of a newer release is refused.
pub(super) fn bring_up_to_date(path: &Path, connection: &mut Connection) -> Result<(), Error> {
    embedded::migrations::runner()
        .run(connection)
        .map(|_report| ())
        .map_err(|source| Error::Migration {
            path: path.to_path_buf(),
            source: Box::new(source),
        })
}
