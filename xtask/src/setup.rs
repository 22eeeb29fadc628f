//! Installs the Debian packages that the demo and the tests need. It says so first; where it cannot, it says what to do.

use crate::steps::{answers, must};
use anyhow::bail;
use std::{path::Path, process::Command};

/// A package and the file by which its presence is seen.
struct Package {
    name: &'static str,
    file: &'static str,
    purpose: &'static str,
}

const RABBITMQ: Package = Package {
    name: "rabbitmq-server",
    file: "/usr/lib/rabbitmq/bin/rabbitmq-server",
    purpose: "the demo and the tests start private RabbitMQ nodes from it",
};

/// Installs whatever is missing.
pub(crate) fn install_all() -> anyhow::Result<()> {
    let missing: Vec<&Package> = [&RABBITMQ]
        .into_iter()
        .filter(|package| !Path::new(package.file).exists())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        println!("Missing: {} ({}).", package.name, package.purpose);
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    let by_hand = format!("apt-get update && apt-get install --yes {}", names.join(" "));
    if !answers("apt-get", "--version") {
        bail!(
            "this is no Debian or Ubuntu system. Install {} yourself, or use a running broker: --amqp URL",
            names.join(" ")
        );
    }
    let Some(prefix) = root_prefix() else {
        bail!("not root, and sudo asks for a password. Run this once, then try again:\n  sudo sh -c '{by_hand}'");
    };
    println!(
        "Installing now: {by_hand}\n(The package's own service is not used; each node here is private, with its own port and data.)"
    );
    let run = |arguments: &[&str]| {
        let mut words = prefix
            .iter()
            .copied()
            .chain(["apt-get"])
            .chain(arguments.iter().copied());
        let mut command = Command::new(words.next().unwrap_or("apt-get"));
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        must(command)
    };
    run(&["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    run(&install.iter().chain(&names).copied().collect::<Vec<_>>())
}

/// The words before a command that needs root, or nothing where root cannot be had.
fn root_prefix() -> Option<&'static [&'static str]> {
    let own_id = Command::new("id").arg("-u").output().ok()?;
    if own_id.stdout.starts_with(b"0") {
        return Some(&[]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).output();
    sudo.is_ok_and(|it| it.status.success()).then_some(&["sudo", "-n"])
}
