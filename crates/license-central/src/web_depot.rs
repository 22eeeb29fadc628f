//! The link that a customer follows to redeem a ticket.

use schemas::Ticket;
use url::Url;

/// The longest link that Salesforce's URL field takes.
const MAX_CHARS: usize = 255;

/// Checks a link template; the error says what is expected.
pub(crate) fn check(template: &str) -> Result<(), String> {
    let sample = template.replace("{ticket}", "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA");
    if template.matches("{ticket}").count() != 1 {
        return Err("{ticket} exactly once in the link".to_owned());
    }
    if !is_web_address(&sample) {
        return Err(format!(
            "an http:// or https:// address of at most {MAX_CHARS} characters"
        ));
    }
    Ok(())
}

/// Puts a ticket into a link template, percent-encoded.
pub(crate) fn fill(template: &str, ticket: &Ticket) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(ticket.reveal().as_bytes()).collect();
    // A space becomes "+", which only a query understands; a path needs "%20", which a query understands too.
    template.replace("{ticket}", &encoded.replace('+', "%20"))
}

/// Says whether a link from an answer may be shown to people.
pub(crate) fn is_web_address(link: &str) -> bool {
    let scheme_fits = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    link.chars().count() <= MAX_CHARS && Url::parse(link).is_ok_and(scheme_fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_percent_encoded_into_the_link() {
        let link = fill(
            "https://depot.example/?ticket={ticket}&lang=en",
            &Ticket::new("A B&C/D"),
        );
        assert_eq!(link, "https://depot.example/?ticket=A%20B%26C%2FD&lang=en");
    }

    #[test]
    fn only_web_addresses_with_one_ticket_are_templates() {
        assert!(check("https://depot.example/{ticket}").is_ok());
        for wrong in [
            "https://depot.example/",
            "https://x.example/{ticket}{ticket}",
            "javascript:{ticket}",
            "{ticket}",
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
