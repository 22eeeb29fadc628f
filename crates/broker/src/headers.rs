//! The names of our message headers, and those of the broker that must never be sent on.

/// Marks a message that an operator sent again; its value is the id of the letter it comes from.
pub const REPLAY_HEADER: &str = "x-ticketsmith-replay";

pub(crate) const ATTEMPT: &str = "x-ticketsmith-attempt";
pub(crate) const ERRORS: &str = "x-ticketsmith-errors";
pub(crate) const TRACEPARENT: &str = "traceparent";
/// The content type of a foreign message that had another one than ours.
pub(crate) const CONTENT_TYPE: &str = "x-ticketsmith-content-type";

pub(crate) const LETTER_ID: &str = "x-ticketsmith-letter-id";
pub(crate) const LETTER_STAGE: &str = "x-ticketsmith-letter-stage";
pub(crate) const LETTER_CLASS: &str = "x-ticketsmith-letter-class";
pub(crate) const LETTER_CODE: &str = "x-ticketsmith-letter-code";
pub(crate) const LETTER_TEXT: &str = "x-ticketsmith-letter-text";
pub(crate) const LETTER_KEY: &str = "x-ticketsmith-letter-key";
pub(crate) const LETTER: [&str; 6] = [
    LETTER_ID,
    LETTER_STAGE,
    LETTER_CLASS,
    LETTER_CODE,
    LETTER_TEXT,
    LETTER_KEY,
];

pub(crate) const DELIVERY_COUNT: &str = "x-delivery-count";
pub(crate) const DEATH: &str = "x-death";

/// The most bytes of other people's headers that are carried on: a frame holds 128 KiB, ours need their part.
pub(crate) const MOST_FOREIGN_BYTES: usize = 32 * 1024;

/// Says whether a header is the broker's own and must not be published again.
///
/// With `x-death` kept, 3.10 takes a message that comes round for a cycle and loses it; forged counts are shown to
/// consumers; `CC` and `BCC` would send a copy wherever a stranger likes.
pub(crate) fn is_the_brokers(name: &str) -> bool {
    let prefixes = ["x-death", "x-first-death", "x-last-death"];
    prefixes.iter().any(|prefix| name.starts_with(prefix))
        || [DELIVERY_COUNT, "x-acquired-count", "CC", "BCC"].contains(&name)
}

/// Says whether a header has a field of its own in the envelope.
pub(crate) fn has_a_field(name: &str) -> bool {
    [ATTEMPT, ERRORS, TRACEPARENT].contains(&name)
}
