//! Formatting, lints and every test, with one line at the end.

use crate::{
    node::Node,
    setup,
    steps::{Times, answers, cargo, must, target, watched},
};
use anyhow::bail;

/// How many tests passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs everything, or the tests whose names hold the filter.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let filter = arguments.iter().find(|it| !it.starts_with("--")).map(String::as_str);
    if let Some(unknown) = arguments.iter().find(|it| it.starts_with("--") && *it != "--no-setup") {
        bail!("test knows no option {unknown}; see cargo xtask help");
    }
    let mut times = Times::default();
    if !arguments.iter().any(|it| it == "--no-setup") {
        times.step("set-up", setup::install_all)?;
    }
    if filter.is_none() {
        times.step("formatting", || must(cargo(&["fmt", "--all", "--check"])))?;
        let lints = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ];
        times.step("lints", || must(cargo(&lints)))?;
    }
    times.step("build", || {
        must(cargo(&["build", "--quiet", "--workspace", "--all-targets"]))
    })?;
    let ticketsmith = target().join("debug").join("ticketsmith");
    let node = times.step("a private RabbitMQ node for the tests", || Node::start(&ticketsmith))?;
    let nextest = answers("cargo-nextest", "--version");
    let (succeeded, printed) = times.step("tests", || {
        let mut command = if nextest {
            cargo(&[
                "nextest",
                "run",
                "--workspace",
                "--no-fail-fast",
                "--status-level",
                "fail",
                "--final-status-level",
                "slow",
            ])
        } else {
            cargo(&["test", "--workspace", "--no-fail-fast"])
        };
        command.args(filter).stderr(std::process::Stdio::inherit());
        // nextest writes its report to standard error; both streams are read as one.
        merged(&mut command);
        command.envs(node.variables.clone());
        watched(command)
    })?;
    drop(node);
    let count = if nextest {
        nextest_count(&printed)
    } else {
        libtest_count(&printed)
    };
    times.print();
    println!("\n{} passed, {} failed", count.passed, count.failed);
    if succeeded && count.failed == 0 && count.passed > 0 {
        Ok(())
    } else {
        bail!("not every test passed")
    }
}

/// Lets a shell join the two streams of the command, in the order in which they were written.
fn merged(command: &mut std::process::Command) {
    let mut joined = std::process::Command::new("sh");
    joined
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        joined.current_dir(folder);
    }
    *command = joined;
}

/// Reads `Summary [  12.3s] 40 tests run: 39 passed, 1 failed, 0 skipped`.
fn nextest_count(printed: &str) -> Count {
    let summary = printed
        .lines()
        .rev()
        .find(|line| line.contains("tests run:") || line.contains("test run:"));
    let counts = summary
        .and_then(|line| line.split_once("run:"))
        .map_or("", |(_, counts)| counts);
    let number = |word: &str| {
        let part = counts.split(',').find(|part| part.contains(word));
        part.and_then(|part| part.split_whitespace().next()?.parse::<u64>().ok())
            .unwrap_or(0)
    };
    Count {
        passed: number("passed"),
        failed: number("failed") + number("timed out"),
    }
}

/// Adds up every `test result: ok. 3 passed; 0 failed; …`.
fn libtest_count(printed: &str) -> Count {
    let mut count = Count::default();
    for line in printed.lines().filter(|line| line.starts_with("test result:")) {
        let number = |word: &str| {
            let part = line.split([';', '.']).find(|part| part.trim_end().ends_with(word));
            part.and_then(|part| part.split_whitespace().next()?.parse::<u64>().ok())
                .unwrap_or(0)
        };
        count.passed += number("passed");
        count.failed += number("failed");
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_the_report_of_nextest() {
        let report =
            "noise\n     Summary [  12.3s] 40 tests run: 38 passed (2 slow), 1 failed, 1 timed out, 3 skipped\n";
        assert_eq!(nextest_count(report), Count { passed: 38, failed: 2 });
        assert_eq!(nextest_count("nothing"), Count::default());
    }

    #[test]
    fn the_counts_of_several_libtest_binaries_are_added_up() {
        let report =
            "test result: ok. 3 passed; 0 failed; 0 ignored\nx\ntest result: FAILED. 2 passed; 1 failed; 0 ignored\n";
        assert_eq!(libtest_count(report), Count { passed: 5, failed: 1 });
    }
}
