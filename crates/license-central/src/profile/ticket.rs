//! What a ticket looks like.

/// How tickets are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TicketRule {
    pub(super) shapes: Vec<Shape>,
    pub(super) fold_case: bool,
    pub(super) foreign: ForeignTicket,
}

/// What happens to a ticket of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignTicket {
    /// The outcome is unknown: something answered, but it is not what we know as License Central.
    Unknown,
    /// It is taken as it is.
    Accept,
}

/// A ticket's shape: `X` is a letter or digit, `A` a letter, `9` a digit, everything else stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape(String);

/// The longest ticket that Salesforce's text field takes.
const MAX_CHARS: usize = 64;

impl Shape {
    /// Reads a shape; the error says what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let good = (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        if !good || !text.contains(['X', 'A', '9']) {
            let expected = "a shape such as XXXXX-XXXXX (X letter or digit, A letter, 9 digit)";
            return Err(format!("{expected} of at most {MAX_CHARS} characters"));
        }
        Ok(Self(text.to_owned()))
    }

    fn fits(&self, ticket: &str, fold_case: bool) -> bool {
        let letter = |c: char| c.is_ascii_uppercase() || (!fold_case && c.is_ascii_lowercase());
        let fits = |(shape, c): (char, char)| match shape {
            'X' => letter(c) || c.is_ascii_digit(),
            'A' => letter(c),
            '9' => c.is_ascii_digit(),
            other => other == c,
        };
        self.0.chars().count() == ticket.chars().count() && self.0.chars().zip(ticket.chars()).all(fits)
    }
}

impl TicketRule {
    /// Returns the ticket in its one form, or a masked description of a foreign one.
    pub(crate) fn read(&self, text: &str) -> Result<String, String> {
        let ticket = if self.fold_case {
            text.to_ascii_uppercase()
        } else {
            text.to_owned()
        };
        if self.shapes.iter().any(|shape| shape.fits(&ticket, self.fold_case)) {
            return Ok(ticket);
        }
        let usable = (1..=MAX_CHARS).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
        match self.foreign {
            ForeignTicket::Accept if usable => Ok(text.to_owned()),
            ForeignTicket::Accept | ForeignTicket::Unknown => Err(masked(text)),
        }
    }
}

/// Shows the shape of a text and nothing else of it.
fn masked(text: &str) -> String {
    const SHOWN: usize = 40;
    let mask = |c: char| match c {
        '0'..='9' => '9',
        'A'..='Z' => 'A',
        'a'..='z' => 'a',
        '-' | ' ' | '.' | ':' | '/' | '_' => c,
        _ => '?',
    };
    let length = text.chars().count();
    let shape: String = text.chars().take(SHOWN).map(mask).collect();
    if length > SHOWN {
        format!("{shape}… ({length} characters)")
    } else {
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(shape: &str, fold_case: bool, foreign: ForeignTicket) -> TicketRule {
        TicketRule {
            shapes: vec![Shape::parse(shape).unwrap()],
            fold_case,
            foreign,
        }
    }

    #[test]
    fn a_ticket_is_folded_to_upper_case() {
        let five_by_five = rule("XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", true, ForeignTicket::Unknown);
        assert_eq!(
            five_by_five.read("ab3de-fghij-klmno-pqrst-uvwx1").unwrap(),
            "AB3DE-FGHIJ-KLMNO-PQRST-UVWX1"
        );
    }

    #[test]
    fn a_foreign_ticket_is_described_and_not_shown() {
        let five_by_five = rule("XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", true, ForeignTicket::Unknown);
        assert_eq!(five_by_five.read("Secret-42"), Err("Aaaaaa-99".to_owned()));
        assert_eq!(
            five_by_five.read("ABCDE-FGHIJ-KLMNO-PQRST-UVWXÄ"),
            Err("AAAAA-AAAAA-AAAAA-AAAAA-AAAA?".to_owned())
        );
        assert!(five_by_five.read("").is_err());
    }

    #[test]
    fn a_profile_may_take_tickets_of_any_shape_but_not_of_any_character() {
        let lenient = rule("AAA-999", false, ForeignTicket::Accept);
        assert_eq!(lenient.read("ticket/1").unwrap(), "ticket/1");
        assert_eq!(lenient.read("abc-123").unwrap(), "abc-123");
        assert!(lenient.read("with space").is_err());
        assert!(lenient.read(&"x".repeat(65)).is_err());
    }
}
