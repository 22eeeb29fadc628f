//! `ticketsmith dead-letters list | show | replay`.

use super::{DONE, desk::Desk, table};
use crate::settings::Loaded;
use clap::{Args, Subcommand};
use console::{LetterDetail, LetterFilter, LetterState, LetterSummary, ReplayDone, Stage};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  ticketsmith dead-letters list
  ticketsmith dead-letters list --state overtaken --stage fulfil --json
  ticketsmith dead-letters show 3f2a9c
  ticketsmith dead-letters replay 3f2a9c --why \"the item was added at License Central\"";

/// What could not be done: list, show, replay.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum DeadLetters {
    /// List dead letters, the latest first.
    List(List),
    /// Show a dead letter: why, its message, what was tried.
    Show {
        /// The letter's id, or its beginning.
        id: String,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Send a dead letter's order on its way again. Refused where License Central may already hold it.
    Replay {
        /// The letter's id, or its beginning.
        id: String,
        /// Why; goes to the audit.
        #[arg(long)]
        why: String,
        /// Who does it; goes to the audit. Without it: the name of the system's account.
        #[arg(long)]
        who: Option<String>,
        /// Print a JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// List dead letters, the latest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only letters in this state: open, replayed, overtaken or discarded.
    #[arg(long, default_value = "open", value_parser = state)]
    state: LetterState,
    /// Letters in any state.
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Only letters of this stage: translate, fulfil or report.
    #[arg(long, value_parser = stage)]
    stage: Option<Stage>,
    /// Only letters of this order number or request key.
    #[arg(long)]
    order: Option<String>,
    /// Only letters whose text, code or order contains this.
    #[arg(long)]
    text: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

impl DeadLetters {
    pub(crate) async fn run(self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        let desk = Desk::with_broker(loaded).await?;
        if let Err(error) = desk.console.collect_now().await {
            eprintln!("The mailbox of dead letters could not be emptied ({error}); this is what the ledger knows.");
        }
        match self {
            Self::List(list) => {
                let json = list.json;
                let letters = desk.console.letters(&list.filter()).await?;
                if json {
                    super::print_json(&letters)?
                } else {
                    print_list(&letters)
                }
            }
            Self::Show { id, json } => {
                let letter = desk.console.letter(&id).await?;
                if json {
                    super::print_json(&letter)?
                } else {
                    print_one(&letter)?
                }
            }
            Self::Replay { id, why, who, json } => {
                let who = who.unwrap_or_else(account);
                let done = desk.console.replay(&id, &who, &why).await?;
                if json {
                    super::print_json(&done)?
                } else {
                    print_replay(&done)
                }
            }
        }
        desk.close().await?;
        Ok(DONE)
    }
}

impl List {
    fn filter(self) -> LetterFilter {
        LetterFilter {
            state: (!self.all).then_some(self.state),
            stage: self.stage,
            class: None,
            order: self.order,
            text: self.text,
            limit: self.limit,
        }
    }
}

fn state(text: &str) -> Result<LetterState, String> {
    text.parse()
        .map_err(|_| "one of open, replayed, overtaken, discarded".to_owned())
}

fn stage(text: &str) -> Result<Stage, String> {
    text.parse().map_err(|_| "one of translate, fulfil, report".to_owned())
}

/// The name of the system's account, as the kernel knows it.
fn account() -> String {
    let id = std::process::Command::new("id").arg("-un").output().ok();
    let name = id.and_then(|it| String::from_utf8(it.stdout).ok()).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "unknown".to_owned()
    } else {
        name.to_owned()
    }
}

fn print_list(letters: &[LetterSummary]) {
    if letters.is_empty() {
        return println!("No dead letters.");
    }
    let mut rows = table::with_headings(&["Letter", "Order", "Stage", "Code", "Why", "State", "When"]);
    for letter in letters {
        rows.add_row([
            letter.short_id().to_owned(),
            table::harmless(letter.order_number.as_deref().unwrap_or("–")),
            letter.stage.clone(),
            table::harmless(&letter.code),
            table::harmless(&letter.text),
            letter.state.clone(),
            table::when(letter.at),
        ]);
    }
    println!("{rows}\nMore: ticketsmith dead-letters show LETTER");
}

fn print_one(letter: &LetterDetail) -> anyhow::Result<()> {
    let summary = &letter.summary;
    println!("Dead letter {} ({})", summary.id, summary.state);
    let unknown = || "–".to_owned();
    for (name, value) in [
        ("order", summary.order_number.clone().unwrap_or_else(unknown)),
        ("key", summary.key.clone().unwrap_or_else(unknown)),
        ("stage", summary.stage.clone()),
        ("class", summary.class.clone()),
        ("code", summary.code.clone()),
        ("why", summary.text.clone()),
        ("when", table::when(summary.at)),
        ("message", letter.message_id.clone().unwrap_or_else(unknown)),
    ] {
        println!("  {name:8} {}", table::harmless(&value));
    }
    if let Some(order) = &letter.order {
        println!("  {:8} the order is {} now", "now", order.standing.word());
    }
    for (name, value) in &letter.headers {
        println!("  header   {}: {}", table::harmless(name), table::harmless(value));
    }
    for attempt in &letter.attempts {
        println!(
            "  tried    {} {} {}",
            table::when(attempt.at),
            attempt.event,
            table::harmless(&attempt.text)
        );
    }
    for deed in &letter.deeds {
        let (who, why) = (table::harmless(&deed.who), table::harmless(&deed.why));
        println!("  done     {} {} by {who}: {why}", table::when(deed.at), deed.action);
    }
    println!("\n{}", serde_json::to_string_pretty(&letter.body)?);
    if summary.state == "open" {
        println!(
            "\nMend the cause, then: ticketsmith dead-letters replay {} --why \"…\"",
            summary.short_id()
        );
    }
    Ok(())
}

fn print_replay(done: &ReplayDone) {
    let what = done.key.as_deref().unwrap_or("its message");
    if done.published {
        println!("On its way again: {what} ({}).", done.sent);
    } else {
        println!(
            "Noted: {what} ({}). RabbitMQ did not confirm; it is sent within minutes by a worker.",
            done.sent
        );
    }
}
