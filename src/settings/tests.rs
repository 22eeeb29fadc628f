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
    let mistakes = loaded(text, variables).settings(&[Role::Broker]).unwrap_err().0;
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
fn what_a_parser_complains_of_is_told_as_what_is_expected() {
    let text =
        "[broker]\nheartbeat = 10\n[salesforce]\nlogin_url = \"nonsense\"\n[console]\nlisten = \"0.0.0.0:99999\"\n";
    let found = loaded(text, &[]).settings(&[Role::All]).unwrap_err().0;
    let said = |part: &str| found.iter().any(|mistake| mistake.to_string().contains(part));
    assert!(
        said("broker.heartbeat: found integer `10`, expected a string"),
        "{found:#?}"
    );
    assert!(
        said("salesforce.login_url: found \"nonsense\", expected a whole address"),
        "{found:#?}"
    );
    assert!(
        said("console.listen: found \"0.0.0.0:99999\", expected an address with its port"),
        "{found:#?}"
    );
}

#[test]
fn the_environment_is_over_the_file_and_reads_numbers_where_numbers_are_meant() {
    let text = "[broker]\npublish_channels = 4\n";
    let settings = loaded(text, &[("TICKETSMITH_BROKER__PUBLISH_CHANNELS", "7")])
        .settings(&[Role::Broker])
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
    assert!(loaded.settings(&[Role::Broker]).is_ok());
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
    // License Central's one setting without a default, so that the rest of its section can be compared.
    let endpoint = [("TICKETSMITH_LICENSE_CENTRAL__ENDPOINT", "https://lc.example/soap")];
    let given = loaded(print::EXAMPLE, &endpoint).settings(&[Role::Broker]).unwrap();
    let defaults = loaded("", &endpoint).settings(&[Role::Broker]).unwrap();
    assert_eq!(format!("{given:#?}"), format!("{defaults:#?}"));
}

/// A section's field names, as serde lists them when it meets one that it does not know.
fn fields_of(section: &str) -> Vec<String> {
    let found = mistakes(&format!("[{section}]\nno_such_setting = 1\n"), &[]);
    let list = found
        .iter()
        .find_map(|mistake| mistake.split_once("expected ").map(|(_, list)| list.to_owned()));
    let list = list.unwrap_or_else(|| panic!("{found:?}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_example_names_every_setting_that_a_section_has() {
    for section in SECTIONS {
        let start = print::EXAMPLE.find(&format!("[{section}]")).unwrap();
        let text = &print::EXAMPLE[start..];
        let text = &text[..text[1..].find("\n[").map_or(text.len(), |end| end + 1)];
        let fields = fields_of(section);
        assert!(!fields.is_empty(), "{section}");
        for field in fields {
            let named = text
                .lines()
                .any(|line| line.trim_start_matches("# ").starts_with(&field));
            assert!(named, "{section}.{field} is not in the example");
        }
    }
}

#[test]
fn what_one_role_does_not_use_may_be_unfinished() {
    let loaded = loaded("[broker]\nheartbeat = \"20s\"\n", &[]);
    assert!(loaded.settings(&[Role::Broker]).is_ok());
    let whole = loaded.settings(&[Role::All]).unwrap_err().0;
    let missing: Vec<&str> = whole.iter().map(|mistake| mistake.setting.as_str()).collect();
    for setting in ["license_central.endpoint", "salesforce.first_start", "salesforce.auth"] {
        assert!(missing.contains(&setting), "{setting}: {missing:?}");
    }
}

#[test]
fn a_lease_that_is_too_short_for_the_call_is_refused_across_sections() {
    let text = "[license_central]\nendpoint = \"http://127.0.0.1/\"\ncall_timeout = \"60s\"\n";
    let found = loaded(text, &[]).settings(&[Role::Fulfil]).unwrap_err();
    assert!(
        found
            .to_string()
            .contains("worker.lease: found 1m 30s, expected at least twice"),
        "{found}"
    );
}

#[test]
fn values_that_are_wrong_by_themselves_do_not_hide_those_that_are_wrong_together() {
    let text = "[broker]\nheartbeat = \"soon\"\nconfirm_timeout = \"5s\"\ntiers = [\"30s\", \"5s\"]\n[ledger]\nurl = \"postgres://h/l\"\n\
                [license_central]\nca_file = \"/nope.pem\"\nprofile = \"/nonexistent\"\nendpoint = \"http://127.0.0.1/\"\n[worker]\nlease = \"10s\"\ncolour = 1\n";
    let found: Vec<String> = loaded(text, &[])
        .settings(&[Role::All])
        .unwrap_err()
        .0
        .into_iter()
        .map(|it| it.setting)
        .collect();
    for setting in [
        "broker.heartbeat",
        "broker.confirm_timeout",
        "broker.tiers",
        "ledger.url",
        "license_central.ca_file",
        "license_central.profile",
        "salesforce.first_start",
        "worker.lease",
        "worker.colour",
    ] {
        assert!(found.iter().any(|it| it.starts_with(setting)), "{setting}: {found:#?}");
    }
    assert_eq!(found.iter().filter(|it| *it == "broker.heartbeat").count(), 1);
}
