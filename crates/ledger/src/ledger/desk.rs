//! The operator's desk: letters and orders, shown and sent on their way again.

use jiff::Timestamp;

use super::Ledger;
use crate::Error;
use crate::command::Command;
use crate::letters::{Letter, LetterFilter, LetterId, ListedLetter, PastAttempt, Replayed, ShownLetter};
use crate::orders::{Counts, Entry, OrderFilter, ShownOrder};
use crate::replay::Deed;
use crate::row::Row;
use crate::sqlite::Reader;

impl Ledger {
    /// Lists letters.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn letters(&self, filter: &LetterFilter) -> Result<Vec<ListedLetter>, Error> {
        let filter = filter.clone();
        self.read(move |reader| reader.letters(&filter)).await
    }

    /// Reads one letter with everything known about it; an unambiguous beginning of its identity is enough.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Read`].
    pub async fn letter(&self, id: &str) -> Result<ShownLetter, Error> {
        let beginning = id.to_owned();
        self.read(move |reader| shown_letter(reader, &beginning)).await
    }

    /// Sends a letter's order on its way again: row, letter and audit in one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] if it is not open or something may be at License Central.
    pub async fn replay(&self, id: &LetterId, who: &str, why: &str) -> Result<Replayed, Error> {
        self.ask(deed(id, who, why), Command::Replay).await
    }

    /// Marks a letter without a row as replayed, after its request was published and confirmed.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotCommitted`].
    pub async fn mark_replayed(&self, id: &LetterId, who: &str, why: &str) -> Result<(), Error> {
        self.ask(deed(id, who, why), Command::MarkReplayed).await
    }

    /// Takes a letter out of the mailbox into the archive; false if it was there already.
    ///
    /// # Errors
    /// [`Error::NotCommitted`]: leave it in the mailbox.
    pub async fn collect(&self, letter: Letter) -> Result<bool, Error> {
        self.ask(letter, Command::Collect).await
    }

    /// Lists orders, the latest first.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<Row>, Error> {
        let filter = filter.clone();
        self.read(move |reader| reader.orders(&filter)).await
    }

    /// Reads every row of an order, by request key or by order number, each with its whole timeline.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Read`].
    pub async fn order(&self, key_or_number: &str) -> Result<Vec<ShownOrder>, Error> {
        let name = key_or_number.to_owned();
        self.read(move |reader| shown_order(reader, &name)).await
    }

    /// Counts rows and letters.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn counts(&self) -> Result<Counts, Error> {
        self.read(Reader::counts).await
    }
}

fn deed(letter: &LetterId, who: &str, why: &str) -> Deed {
    Deed {
        letter: letter.clone(),
        who: who.to_owned(),
        why: why.to_owned(),
    }
}

fn shown_letter(reader: &Reader, beginning: &str) -> Result<ShownLetter, Error> {
    let mut found = reader.letters_beginning(beginning)?;
    let (Some(listed), None) = (found.pop(), found.pop()) else {
        let what = if beginning.is_empty() {
            "letter"
        } else {
            "single letter that begins with"
        };
        return Err(Error::NotFound {
            what,
            name: beginning.to_owned(),
        });
    };
    let row = match &listed.letter.key {
        Some(key) => reader.rows(std::slice::from_ref(key))?.pop().flatten(),
        None => None,
    };
    let attempts = match &row {
        Some(row) => reader.timeline(row.id)?.into_iter().filter_map(failed).collect(),
        None => told_by_header(&listed.letter),
    };
    let audit = reader.audit(&[listed.letter.id.to_string()])?;
    Ok(ShownLetter {
        listed,
        attempts,
        audit,
        row,
    })
}

/// Returns what an entry says of a failure.
fn failed(entry: Entry) -> Option<PastAttempt> {
    let Entry { at, event, detail, .. } = entry;
    event.is_failure().then(|| PastAttempt {
        at,
        event: event.to_string(),
        text: detail,
    })
}

/// Returns the failures that a message tells in its header, for a letter without a row.
fn told_by_header(letter: &Letter) -> Vec<PastAttempt> {
    #[derive(serde::Deserialize)]
    struct Told {
        at: Timestamp,
        class: String,
        text: String,
    }
    let header = letter.headers.get("x-ticketsmith-errors").map_or("", String::as_str);
    let told: Vec<Told> = serde_json::from_str(header).unwrap_or_default();
    told.into_iter()
        .map(|Told { at, class, text }| PastAttempt { at, event: class, text })
        .collect()
}

fn shown_order(reader: &Reader, name: &str) -> Result<Vec<ShownOrder>, Error> {
    let rows = reader.order(name)?;
    if rows.is_empty() {
        return Err(Error::NotFound {
            what: "order",
            name: name.to_owned(),
        });
    }
    rows.into_iter().map(|row| with_timeline(reader, row)).collect()
}

fn with_timeline(reader: &Reader, row: Row) -> Result<ShownOrder, Error> {
    let timeline = reader.timeline(row.id)?;
    let of_this = LetterFilter {
        order: Some(row.key.to_string()),
        ..LetterFilter::default()
    };
    let letters = reader.letters(&of_this)?;
    let mut subjects: Vec<String> = letters.iter().map(|listed| listed.letter.id.to_string()).collect();
    subjects.push(row.key.to_string());
    let audit = reader.audit(&subjects)?;
    Ok(ShownOrder {
        row,
        timeline,
        letters,
        audit,
    })
}
