//! Numbers and times as people read them. Pure.

use jiff::Timestamp;

/// Writes a number with a comma every three digits.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// Writes `1 order`, `2 orders`.
pub(crate) fn count(many: u64, one: &str, more: &str) -> String {
    format!("{} {}", number(many), if many == 1 { one } else { more })
}

/// Says how long it is from one moment to another.
pub(crate) fn span(then: Timestamp, now: Timestamp) -> String {
    match now.as_second().saturating_sub(then.as_second()).max(0) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Says how long ago something was.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    if now.as_second() - then.as_second() < 2 {
        "just now".to_owned()
    } else {
        format!("{} ago", span(then, now))
    }
}

/// Begins a sentence with a capital.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_like_a_persons() {
        assert_eq!(
            [0, 7, 418, 2_418, 1_234_567].map(number),
            ["0", "7", "418", "2,418", "1,234,567"]
        );
        assert_eq!(
            [count(1, "order", "orders"), count(1_000, "order", "orders")],
            ["1 order", "1,000 orders"]
        );
        let at = |second| Timestamp::from_second(second).unwrap();
        let told = [0, 5, 119, 7_200, 864_000].map(|second| ago(at(0), at(second)));
        assert_eq!(told, ["just now", "5 s ago", "1 min ago", "2 h ago", "10 days ago"]);
        assert_eq!(ago(at(9), at(0)), "just now", "another machine's clock may be ahead");
    }
}
