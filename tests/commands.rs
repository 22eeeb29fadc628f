//! The command line by itself: mistakes in settings and input, help, exit codes.

use crate::harness::Stage;
use std::process::{Command, Output};

fn ticketsmith(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_ticketsmith"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_mistake_in_the_settings_is_named_with_its_line_and_the_exit_code_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ticketsmith.toml");
    let text =
        "[broker]\nheartbeat = \"soon\"\nconfirm_timeout = \"5s\"\n[worker]\nlease = \"10s\"\ncolour = 1\n[ledgr]\n";
    std::fs::write(&file, text).unwrap();
    let output = ticketsmith(&["--config", file.to_str().unwrap(), "config", "check"]);
    assert_eq!(output.status.code(), Some(3));
    let said = errors(&output);
    for part in [
        ":2: broker.heartbeat: found \"soon\"",
        ":6: worker.colour: found ",
        ":7: ledgr: found no such section",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn the_example_settings_show_what_is_in_force_and_no_secret() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/ticketsmith.example.toml");
    let output = Command::new(env!("CARGO_BIN_EXE_ticketsmith"))
        .args(["--config", example, "config", "print", "--json"])
        .env("TICKETSMITH_BROKER__URL", "amqps://me:hunter2@mq.example/lc")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        printed.contains("TICKETSMITH_BROKER__URL") && printed.contains("***@mq.example"),
        "{printed}"
    );
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn a_request_is_checked_without_a_broker_and_every_mistake_is_named() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/samples/license.request.v1.json");
    let right = ticketsmith(&["submit", "--dry-run", sample]);
    assert!(right.status.success(), "{}", errors(&right));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    let body = std::fs::read_to_string(sample)
        .unwrap()
        .replace("\"quantity\": 5", "\"quantity\": 0");
    std::fs::write(&file, body.replace("\"action\": \"create\"", "\"action\": \"destroy\"")).unwrap();
    let wrong = ticketsmith(&["submit", "--dry-run", file.to_str().unwrap()]);
    assert_eq!(wrong.status.code(), Some(4));
    let said = errors(&wrong);
    assert!(
        said.contains("data.lines[0].quantity: found 0") && said.contains("data.action: found \"destroy\""),
        "{said}"
    );
}

#[test]
fn every_command_explains_itself() {
    for command in [
        &["--help"][..],
        &["demo", "--help"],
        &["run", "--help"],
        &["producer", "--help"],
        &["worker", "--help"],
        &["console", "--help"],
        &["submit", "--help"],
        &["orders", "list", "--help"],
        &["orders", "show", "--help"],
        &["dead-letters", "list", "--help"],
        &["dead-letters", "show", "--help"],
        &["dead-letters", "replay", "--help"],
        &["topology", "--help"],
        &["config", "--help"],
        &["simulate", "salesforce", "--help"],
        &["simulate", "license-central", "--help"],
    ] {
        let output = ticketsmith(command);
        assert!(output.status.success(), "{command:?}");
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("Usage:"),
            "{command:?}"
        );
    }
}

#[test]
fn a_ledger_that_is_not_there_is_said_and_not_made() {
    let output = ticketsmith(&["orders", "list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("there is no ledger at ticketsmith.db"),
        "{}",
        errors(&output)
    );
}

#[tokio::test]
async fn the_topology_is_checked_and_what_is_missing_is_named() {
    let stage = Stage::set().await;
    let right = stage.run(&["topology", "check"]);
    assert!(right.status.success(), "{}", errors(&right));
    stage.vhost.renew().await.unwrap();
    let wrong = stage.run(&["topology", "check"]);
    assert!(!wrong.status.success());
    assert!(errors(&wrong).contains("ticketsmith.requests"), "{}", errors(&wrong));
}

#[tokio::test]
async fn a_process_that_may_not_start_says_why() {
    let stage = Stage::set().await;
    stage.vhost.renew().await.unwrap();
    let output = stage.run(&["worker"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("ticketsmith.requests"), "{}", errors(&output));
}
