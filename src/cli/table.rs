//! Tables for people: narrow enough for a terminal, and harmless whatever a customer is called.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};

/// Where the output is no terminal, tables are this wide.
const WIDTH: u16 = 100;

/// Begins a table with these headings.
pub(crate) fn with_headings(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    table.set_header(headings);
    table
}

/// Takes what a terminal would obey out of a text: control characters, and marks that turn the writing direction.
pub(crate) fn harmless(text: &str) -> String {
    let obeyed = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if obeyed(character) { '\u{fffd}' } else { character })
        .collect()
}

/// Writes a time so that people can read it, to the second.
pub(crate) fn when(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        assert_eq!(harmless("A\u{1b}[31mB\u{202e}C\nD"), "A\u{fffd}[31mB\u{fffd}C\u{fffd}D");
        assert_eq!(harmless("Müller & Söhne 東京"), "Müller & Söhne 東京");
    }
}
