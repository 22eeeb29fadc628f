//! What needs a person, in sentences. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemas::HeldCode;
use serde::Serialize;

use crate::console::QueueDepths;
use crate::dead_letters::LetterSummary;
use crate::overview::{Numbers, Stations};
use crate::words::{count, sentence, span};

/// The word for orders that may have been licensed twice.
const DOUBLE: &str = "double?";

/// How something looks at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// Somebody must act.
    Bad,
    /// It may mend itself.
    Wait,
    /// As it should be.
    Good,
}

/// One thing that a person should know of or do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// How urgent it is.
    pub tone: Tone,
    /// One word.
    pub word: String,
    /// What is the matter.
    pub title: String,
    /// What to do, or why nothing needs to be done.
    pub advice: String,
    /// The letter to begin with, if letters are behind it.
    pub letter: Option<String>,
}

impl Task {
    fn new(tone: Tone, word: &str, title: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            tone,
            word: word.to_owned(),
            title: title.into(),
            advice: advice.into(),
            letter: None,
        }
    }
}

/// Says what needs a person, the most urgent first.
pub(crate) fn tasks(
    letters: &[LetterSummary],
    numbers: &Numbers,
    queues: &QueueDepths,
    stations: &Stations,
    now: Timestamp,
) -> Vec<Task> {
    let mut groups: BTreeMap<&str, Vec<&LetterSummary>> = BTreeMap::new();
    for letter in letters {
        groups.entry(&letter.group).or_default().push(letter);
    }
    let mut tasks: Vec<Task> = groups.values().filter_map(|group| of_group(group)).collect();
    // A license that may exist twice is the one thing that gets worse by waiting.
    tasks.sort_by_key(|task| (task.word != DOUBLE, task.title.clone()));
    if queues.unrouted.is_some_and(|waiting| waiting > 0) {
        tasks.push(Task::new(
            Tone::Bad,
            "unrouted",
            "Messages arrive that fit no queue",
            "Somebody publishes under a routing key that nothing is bound to. They are kept among the dead letters.",
        ));
    }
    tasks.extend(of_stations(stations, now));
    if numbers.unknown > 0 {
        tasks.push(Task::new(
            Tone::Wait,
            "unknown",
            format!(
                "{} may or may not have a ticket",
                count(numbers.unknown, "order", "orders")
            ),
            "License Central did not answer in time. Such an order is looked up there, and never sent again blindly.",
        ));
    }
    tasks
}

/// Says what letters of one cause mean. They are newest first.
fn of_group(group: &[&LetterSummary]) -> Option<Task> {
    let newest = group.first()?;
    let many = group.len() as u64;
    let (word, title, advice) = of_class(newest, many)?;
    Some(Task {
        letter: Some(newest.id.clone()),
        ..Task::new(Tone::Bad, word, title, advice)
    })
}

/// The word, the sentence and the advice for so many letters like this one; none if nobody needs to do anything.
fn of_class(newest: &LetterSummary, many: u64) -> Option<(&'static str, String, &'static str)> {
    let orders = count(many, "order", "orders");
    let text = &newest.text;
    Some(match (newest.class.as_str(), newest.code.as_str()) {
        ("refused", "cancelled") => return None,
        ("refused", _) => (
            "refused",
            format!("License Central declined {orders}: {text}"),
            "Mend it there or in Salesforce, then replay.",
        ),
        ("conflicting-request", _) => (
            "conflict",
            format!("{orders} with a ticket came again with other content"),
            "The ticket stays as it is. What is wanted beyond it needs a new revision in Salesforce.",
        ),
        (_, "invalid-request" | "undecodable-event") => (
            "invalid",
            format!("{} could not be read: {text}", count(many, "request", "requests")),
            "Mend what is named where it comes from, and send it again from there.",
        ),
        (_, code) => match code.parse() {
            Ok(code) => held(code, many),
            Err(_) if newest.stage == "report" => (
                "report",
                format!("Salesforce did not take the outcome of {orders}: {text}"),
                "The licenses are issued or refused as they are. Mend the record or the permission, then replay.",
            ),
            Err(_) => (
                "letter",
                format!("{}: {text}", count(many, "dead letter", "dead letters")),
                "Look at the letter for its content and what was tried.",
            ),
        },
    })
}

/// The same for orders that are held.
fn held(code: HeldCode, many: u64) -> (&'static str, String, &'static str) {
    let orders = count(many, "order", "orders");
    match code {
        HeldCode::OutcomeUnknown => (
            "unknown",
            format!("{orders} may or may not have a ticket"),
            "License Central did not answer and could not be asked. Look there; nothing is sent again by itself.",
        ),
        HeldCode::AttemptsExhausted => (
            "held",
            format!("{orders} could not be ordered: every attempt was turned away"),
            "Nothing is at License Central. Replay when it takes orders again.",
        ),
        HeldCode::Poison => (
            "held",
            format!("{orders} broke the worker each time"),
            "This is a mistake in the program. Keep the letter for whoever maintains it.",
        ),
        HeldCode::ForeignOrder => (
            "held",
            format!(
                "License Central already holds {} with other content",
                count(many, "order number", "order numbers")
            ),
            "Compare both orders. Nothing was sent.",
        ),
        HeldCode::SuspectedDouble => (
            DOUBLE,
            format!("{orders} may have been licensed twice"),
            "Look at License Central at once, and withdraw the second ticket if there is one.",
        ),
        HeldCode::InvalidRequest => (
            "invalid",
            format!("{orders} could not be read"),
            "Mend what the letter names where the order comes from, and send it again from there.",
        ),
    }
}

fn of_stations(stations: &Stations, now: Timestamp) -> Vec<Task> {
    let mut tasks = Vec::new();
    if let Some(producer) = stations.producer.as_ref().filter(|producer| !producer.well) {
        let stopped = producer.activity.starts_with("stopped");
        let why = producer
            .trouble
            .as_deref()
            .map(|trouble| format!("{}. ", sentence(trouble)));
        let next = if stopped {
            "No event is read until a person says where to go on."
        } else {
            "It tries again by itself."
        };
        tasks.push(Task::new(
            if stopped { Tone::Bad } else { Tone::Wait },
            if stopped { "stopped" } else { "paused" },
            format!("Events from Salesforce: {}", producer.activity),
            format!("{}{next}", why.unwrap_or_default()),
        ));
    }
    let neighbors = [(&stations.fulfil, "License Central"), (&stations.report, "Salesforce")];
    for (note, neighbor) in neighbors {
        if let Some((since, note)) = note.as_ref().and_then(|note| Some((note.paused_since?, note))) {
            let why = note
                .why
                .as_deref()
                .map(|why| format!("{}. ", sentence(why)))
                .unwrap_or_default();
            tasks.push(Task::new(
                Tone::Wait,
                "paused",
                format!("{neighbor} has been away for {}", span(since, now)),
                format!("{why}It is asked again until it answers; no attempts are used up."),
            ));
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(class: &str, code: &str, group: &str) -> LetterSummary {
        LetterSummary {
            id: format!("{group}0123456789"),
            stage: "fulfil".into(),
            class: class.into(),
            code: code.into(),
            text: "unknown item CM-PRO-2".into(),
            state: "open".into(),
            key: None,
            order_number: None,
            at: Timestamp::UNIX_EPOCH,
            group: group.into(),
        }
    }

    fn told(letters: &[LetterSummary], stations: &Stations) -> Vec<Task> {
        tasks(
            letters,
            &Numbers::default(),
            &QueueDepths::default(),
            stations,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn letters_of_one_cause_are_one_sentence() {
        let letters = [
            letter("refused", "UNKNOWN_ITEM", "a"),
            letter("refused", "UNKNOWN_ITEM", "a"),
        ];
        let tasks = told(&letters, &Stations::default());
        assert_eq!(tasks.len(), 1);
        assert_eq!(
            tasks[0].title,
            "License Central declined 2 orders: unknown item CM-PRO-2"
        );
        assert!(tasks[0].letter.is_some());
    }

    #[test]
    fn every_reason_to_hold_has_its_own_sentence() {
        for code in schemas::HeldCode::ALL {
            let task = &told(&[letter("held", code.as_str(), "a")], &Stations::default())[0];
            assert_ne!(task.word, "letter", "{code}");
        }
    }

    #[test]
    fn what_needs_a_person_comes_before_what_mends_itself() {
        let away = crate::WorkerNote {
            paused_since: Some(Timestamp::UNIX_EPOCH),
            why: None,
            done: 0,
        };
        let stations = Stations {
            fulfil: Some(away),
            ..Stations::default()
        };
        let tasks = told(&[letter("held", "poison", "a")], &stations);
        assert_eq!(
            tasks.iter().map(|task| task.tone).collect::<Vec<_>>(),
            [Tone::Bad, Tone::Wait]
        );
    }

    #[test]
    fn nothing_to_do_is_no_task() {
        assert_eq!(told(&[], &Stations::default()), []);
    }
}
