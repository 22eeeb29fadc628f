//! The order number at License Central, which must be the same for the same order and revision for all time.

/// How an order number is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NumberFormat(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Prefix,
    Number,
    Revision,
}

impl NumberFormat {
    /// Reads a format such as `{prefix}{order.number}-{revision}`; the error says what is expected.
    pub(super) fn parse(format: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = format;
        while let Some((text, tail)) = rest.split_once('{') {
            let (placeholder, tail) = tail.split_once('}').ok_or("a } for every {")?;
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(match placeholder {
                "prefix" => Part::Prefix,
                "order.number" => Part::Number,
                "revision" => Part::Revision,
                other => return Err(format!("{{prefix}}, {{order.number}} or {{revision}}, not {{{other}}}")),
            });
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let count = |wanted: &Part| parts.iter().filter(|part| *part == wanted).count();
        for (part, name) in [
            (Part::Prefix, "{prefix}"),
            (Part::Number, "{order.number}"),
            (Part::Revision, "{revision}"),
        ] {
            if count(&part) != 1 {
                return Err(format!("{name} exactly once, or two orders could share a number"));
            }
        }
        // Order "1", revision 12 and order "11", revision 2 must not both become "112".
        let separated = |three: &[Part]| match three {
            [Part::Number, Part::Text(text), Part::Revision] => text.ends_with(|c: char| !c.is_ascii_digit()),
            [Part::Revision, Part::Text(text), Part::Number] => text.starts_with(|c: char| !c.is_ascii_digit()),
            _ => false,
        };
        if !parts.windows(3).any(separated) {
            let expected = "a character that is no digit between {order.number} and {revision}";
            return Err(format!("{expected}, or two orders could share a number"));
        }
        Ok(Self(parts))
    }

    /// Writes the number of one operation on one order.
    pub(crate) fn write(&self, prefix: &str, number: &str, revision: u32) -> String {
        let piece = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Prefix => prefix.to_owned(),
            Part::Number => number.to_owned(),
            Part::Revision => revision.to_string(),
        };
        self.0.iter().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_put_together_as_the_format_says() {
        let format = NumberFormat::parse("{prefix}{order.number}-{revision}").unwrap();
        assert_eq!(format.write("EU-", "00000123", 2), "EU-00000123-2");
        assert_eq!(format.write("", "{revision}", 1), "{revision}-1");
    }

    #[test]
    fn formats_under_which_two_orders_could_share_a_number_are_refused() {
        for wrong in [
            "{order.number}-{revision}",
            "{prefix}{order.number}",
            "{prefix}{order.number}{revision}",
            "{prefix}{order.number}0{revision}",
            "{order.number}{prefix}{revision}",
            "{prefix}{order.number}-{revision}-{revision}",
            "{prefix}{order.number}-{revision",
            "{prefix}{order.id}-{revision}",
        ] {
            assert!(NumberFormat::parse(wrong).is_err(), "{wrong}");
        }
    }
}
