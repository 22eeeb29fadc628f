use super::*;
use std::io::Write as _;

fn loaded(text: &str, variables: &[(&str, &str)]) -> Loaded {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut loaded = Loaded::read_from(Some(file.path()), variables);
    // The file's name differs in every run.
    let name = file.path().display().to_string();
    for mistake in &mut loaded.mistakes {
        mistake.place = mistake.place.replace(&name, "FILE");
    }
    for origin in loaded.given.origins.values_mut() {
        if let mistake::Origin::File { file, .. } = origin {
            *file = "FILE".to_owned();
        }
    }
    loaded
}

fn mistakes(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mistakes = loaded(text, variables).settings().unwrap_err().0;
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn all_mistakes_are_reported_together_with_place_found_and_expected() {
    let text = "[broker]\nurl = 5\nheartbeat = \"soon\"\npublish_channels = \"many\"\ncolour = \"red\"\n\n[brokr]\n";
    let found = mistakes(text, &[("TICKETSMITH_LOG__FORMAT", "xml")]);
    let said = |part: &str| found.iter().any(|mistake| mistake.contains(part));
    assert!(said("FILE:2: broker.url: found "), "{found:#?}");
    assert!(said("FILE:3: broker.heartbeat: found \"soon\""), "{found:#?}");
    assert!(said("FILE:4: broker.publish_channels: "), "{found:#?}");
    assert!(said("FILE:5: broker.colour: "), "{found:#?}");
    assert!(said("FILE:7: brokr: "), "{found:#?}");
    assert!(said("TICKETSMITH_LOG__FORMAT: log.format: "), "{found:#?}");
}

#[test]
fn the_environment_is_over_the_file_and_reads_numbers_where_numbers_are_meant() {
    let text = "[broker]\npublish_channels = 4\n";
    let settings = loaded(text, &[("TICKETSMITH_BROKER__PUBLISH_CHANNELS", "7")])
        .settings()
        .unwrap();
    assert_eq!(settings.broker.publish_channels, 7);
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line() {
    let found = mistakes("[broker]\nurl = \n", &[]);
    assert!(found[0].starts_with("FILE:2: the file: found "), "{found:?}");
}

#[test]
fn a_secret_comes_from_its_file_and_is_never_shown() {
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    secret.write_all(b"amqp://me:hunter2@127.0.0.1:5672/%2f\n").unwrap();
    let path = secret.path().display().to_string();
    let loaded = loaded(&format!("[broker]\nurl_file = {path:?}\n"), &[]);
    assert!(loaded.settings().is_ok());
    let shown = loaded.shown();
    let url = shown.iter().find(|it| it.setting == "broker.url").unwrap();
    assert_eq!(url.from, path);
    assert!(
        url.value.contains("***@127.0.0.1") && !url.value.contains("hunter2"),
        "{}",
        url.value
    );
}

#[test]
fn the_example_holds_every_setting_with_its_real_default() {
    let example: toml::Table = print::EXAMPLE.parse().unwrap();
    let sections: Vec<&str> = example.keys().map(String::as_str).collect();
    assert_eq!(sections, SECTIONS, "the example has every section, in this order");
    let given = loaded(print::EXAMPLE, &[]).settings().unwrap();
    let defaults = loaded("", &[]).settings().unwrap();
    assert_eq!(format!("{given:#?}"), format!("{defaults:#?}"));
}
