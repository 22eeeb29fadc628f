//! Looks into the file for the tests of this room.

use std::path::Path;

use crate::Ledger;
use crate::tests::support::{arrival, clock};

/// Reads a setting back from the writer's own connection.
pub(crate) fn pragma(file: &Path, name: &str) -> String {
    let (writer, _reader) = super::open(file, "test", &clock(10)).unwrap();
    let value: rusqlite::types::Value = writer
        .connection
        .pragma_query_value(None, name, |row| row.get(0))
        .unwrap();
    match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    }
}

/// Reads how many commits the ledger counts.
pub(crate) fn commits(file: &Path) -> i64 {
    super::connect(file)
        .unwrap()
        .query_row("SELECT commits FROM ledger", [], |row| row.get(0))
        .unwrap()
}

/// Writes a migration into the history that this release does not have.
pub(crate) fn pretend_newer(file: &Path) {
    let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
               VALUES (9999, 'from_the_future', '2030-01-01T00:00:00Z', '1')";
    super::connect(file).unwrap().execute(sql, []).unwrap();
}

/// Accepts the order `damaged`, and makes its row unreadable.
pub(crate) async fn damage(file: &Path, ledger: &Ledger) {
    ledger.accept(arrival("damaged", "CM-BASIC", 5)).await.unwrap();
    let connection = super::connect(file).unwrap();
    connection
        .execute(
            "UPDATE requests SET message_ids = 'no JSON' WHERE order_number = 'N-damaged'",
            [],
        )
        .unwrap();
}

#[test]
fn network_file_systems_are_known_by_their_number() {
    use super::durability::network_file_system;
    assert_eq!(network_file_system(0x6969), Some("NFS"));
    assert_eq!(
        network_file_system(0xFFFF_FFFF_FF53_4D42),
        Some("CIFS"),
        "sign-extended"
    );
    assert_eq!(network_file_system(0xEF53), None, "ext4");
}
