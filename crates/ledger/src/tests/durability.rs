//! What a start checks: that commits are kept, that nobody else reads them, that time did not go back.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::support::{ABLE, arrival, at, claim, clock, issued, ledger, refused};
use crate::sqlite::tests::pragma;
use crate::{Accepted, Arrival, Error, Ledger, Settings, State, Verdict};

#[tokio::test]
async fn sqlite_really_runs_with_synchronous_full_and_a_write_ahead_log() {
    let kept = ledger().await;
    let file = kept.settings.file().unwrap();
    assert_eq!(pragma(&file, "synchronous"), "2");
    assert_eq!(pragma(&file, "journal_mode"), "wal");
    assert_eq!(pragma(&file, "foreign_keys"), "1");
    assert_eq!(pragma(&file, "busy_timeout"), "30000");
}

#[tokio::test]
async fn the_file_and_what_stands_beside_it_are_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::sqlite(folder.path().join("ledger.db"));
    std::fs::write(settings.file().unwrap(), b"").unwrap();
    std::fs::set_permissions(settings.file().unwrap(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let ledger = Ledger::open(&settings, "worker-1").await.unwrap();
    ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        seen.push(entry.file_name().into_string().unwrap());
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    seen.sort();
    assert_eq!(
        seen,
        ["ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.db.commits"]
    );
}

#[tokio::test]
async fn a_ledger_that_cannot_be_opened_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |settings: Settings| Ledger::open(&settings, "worker-1").await.unwrap_err();
    let missing = open(Settings::sqlite(folder.path().join("nowhere/ledger.db")))
        .await
        .to_string();
    assert!(
        missing.contains("nowhere/ledger.db") && missing.contains("does the folder"),
        "{missing}"
    );
    let a_folder = open(Settings::sqlite(folder.path())).await.to_string();
    assert!(a_folder.contains("may this user write"), "{a_folder}");
    std::fs::write(
        folder.path().join("text.db"),
        "this is no database, but a long enough text".repeat(200),
    )
    .unwrap();
    let text = open(Settings::sqlite(folder.path().join("text.db"))).await.to_string();
    assert!(text.contains("is it a ledger"), "{text}");
    let url = open(Settings {
        url: "postgres://u:secret@host/x".to_owned(),
        ..Settings::default()
    })
    .await;
    assert!(matches!(&url, Error::Url { .. }));
    assert!(!url.to_string().contains("secret"), "{url}");
}

#[tokio::test]
async fn a_ledger_of_a_newer_release_is_refused() {
    let kept = ledger().await;
    kept.ledger.close().await.unwrap();
    crate::sqlite::tests::pretend_newer(&kept.settings.file().unwrap());
    let error = Ledger::open(&kept.settings, "worker-1").await.unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
}

#[tokio::test]
async fn what_was_committed_survives_a_process_that_just_ends() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&first, issued("FIRST"), at(11)).await.unwrap();
    claim(&kept.ledger, arrival("B", "CM-BASIC", 5)).await;
    // As a killed process leaves it: the log not checkpointed, nothing closed.
    let copy = kept.folder.path().join("killed");
    std::fs::create_dir(&copy).unwrap();
    for suffix in ["", "-wal", ".commits"] {
        let name = format!("ledger.db{suffix}");
        std::fs::copy(kept.folder.path().join(&name), copy.join(&name)).unwrap();
    }
    let reopened = Ledger::open_with_clock(&Settings::sqlite(copy.join("ledger.db")), "worker-2", clock(20))
        .await
        .unwrap();
    assert_eq!(
        reopened.order("N-A").await.unwrap().pop().unwrap().row.state,
        State::Issued
    );
    assert_eq!(
        reopened.order("N-B").await.unwrap().pop().unwrap().row.state,
        State::Calling
    );
    assert_eq!(reopened.since().await.unwrap(), at(0), "that is no time travel");
}

/// Copies the closed ledger away, or puts the copy back.
fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
}

#[tokio::test]
async fn an_old_copy_that_is_put_back_is_noticed_and_its_unfinished_orders_are_looked_up_first() {
    let kept = ledger().await;
    let (file, old) = (kept.settings.file().unwrap(), kept.folder.path().join("old.db"));
    kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    let declined = claim(&kept.ledger, arrival("B", "CM-BASIC", 5)).await;
    kept.ledger.settle(&declined, refused(), at(11)).await.unwrap();
    kept.ledger.close().await.unwrap();
    copy(&file, &old);

    let ledger = Ledger::open_with_clock(&kept.settings, "worker-1", clock(20))
        .await
        .unwrap();
    let called = claim(&ledger, arrival("A", "CM-BASIC", 5)).await;
    ledger.settle(&called, issued("FIRST"), at(21)).await.unwrap();
    ledger.close().await.unwrap();
    copy(&old, &file);

    let restored = Ledger::open_with_clock(&kept.settings, "worker-1", clock(30))
        .await
        .unwrap();
    assert_eq!(restored.since().await.unwrap(), at(30));
    let again = restored.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert!(matches!(again, Verdict::LookUp(_)), "{again:?}");
    let click = Arrival {
        message_id: "second-click".to_owned(),
        ..arrival("B", "CM-BASIC", 5)
    };
    let clicked = restored.claim(click, ABLE).await.unwrap();
    assert!(matches!(clicked, Verdict::LookUp(_)), "{clicked:?}");
    let lost = restored.claim(arrival("C", "CM-BASIC", 25), ABLE).await.unwrap();
    assert!(matches!(lost, Verdict::LookUp(_)), "older than `since`: {lost:?}");
    restored.close().await.unwrap();

    let calm = Ledger::open_with_clock(&kept.settings, "worker-1", clock(40))
        .await
        .unwrap();
    assert_eq!(calm.since().await.unwrap(), at(30), "noticed once");
}

#[tokio::test]
async fn an_ordinary_restart_is_no_time_travel() {
    let kept = ledger().await;
    kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    kept.ledger.close().await.unwrap();
    let again = Ledger::open_with_clock(&kept.settings, "worker-1", clock(20))
        .await
        .unwrap();
    assert_eq!(again.since().await.unwrap(), at(0));
    claim(&again, arrival("A", "CM-BASIC", 5)).await;
}

#[tokio::test]
async fn a_restored_ledger_can_be_told_so() {
    let kept = ledger().await;
    kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    assert_eq!(kept.ledger.restored().await.unwrap(), at(10));
    let verdict = kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert!(matches!(verdict, Verdict::LookUp(_)));
    let older = kept.ledger.accept(arrival("B", "CM-BASIC", 5)).await.unwrap();
    assert!(matches!(older, Accepted::Publish(_)));
}
