//! What the rooms say about their sections, and what no section can see alone.

use super::{
    Settings,
    mistake::Mistake,
    source::{self, Given},
};
use std::time::Duration;

/// Which part of the settings a command uses; what it does not use may be unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything: `run`, `config check`.
    All,
    /// RabbitMQ only.
    Broker,
    /// RabbitMQ and the ledger.
    Console,
    /// Reads events and publishes requests.
    Producer,
    /// Speaks to License Central.
    Fulfil,
    /// Writes to Salesforce.
    Report,
}

/// Collects what one room says about its section.
struct Checks<'a> {
    given: &'a Given,
    mistakes: &'a mut Vec<Mistake>,
}

/// Adds every mistake that one of the roles would stumble over.
pub(crate) fn all(settings: &Settings, roles: &[Role], given: &Given, mistakes: &mut Vec<Mistake>) {
    let mut checks = Checks { given, mistakes };
    let any = |wanted: &[Role]| roles.iter().any(|role| wanted.contains(role));
    checks.files();
    checks.broker(settings);
    if roles != [Role::Broker] {
        checks.ledger(settings);
    }
    if any(&[Role::All, Role::Producer]) {
        checks.each("", settings.producer.mistakes());
        checks.each("salesforce.", settings.salesforce.subscription_mistakes());
    }
    if any(&[Role::All, Role::Producer, Role::Report]) {
        checks.each("salesforce.", settings.salesforce.connection_mistakes());
    }
    if any(&[Role::All, Role::Fulfil]) {
        checks.license_central(settings);
        checks.client(settings);
    }
    if any(&[Role::All, Role::Fulfil, Role::Report]) {
        let call_limit = settings
            .license_central
            .as_ref()
            .map_or(Duration::ZERO, |it| it.call_timeout);
        checks.each("", settings.worker.mistakes(call_limit, &settings.broker.tiers));
    }
    if any(&[Role::All, Role::Console]) {
        checks.console(settings);
    }
}

impl Checks<'_> {
    /// Adds a mistake, unless the setting has one already: then its default was checked, not what stands there.
    fn add(&mut self, setting: String, found: impl Into<String>, expected: impl Into<String>) {
        let within = |other: &str| other == setting || other.starts_with(&format!("{setting}."));
        if !self.mistakes.iter().any(|mistake| within(&mistake.setting)) {
            let place = self.given.origin(&setting).to_string();
            self.mistakes.push(Mistake::new(place, setting, found, expected));
        }
    }

    /// Every file that is named must be there; what is in it is its room's business.
    fn files(&mut self) {
        let mut values = Vec::new();
        source::flatten(&self.given.values, "", &mut values);
        for (setting, value) in values {
            if let Some(path) = value.as_str().filter(|_| setting.ends_with("_file"))
                && let Err(error) = std::fs::File::open(path)
            {
                self.add(setting, format!("{path}: {error}"), "a readable file");
            }
        }
    }

    fn each(&mut self, prefix: &str, mistakes: Vec<(String, String, String)>) {
        for (field, found, expected) in mistakes {
            self.add(format!("{prefix}{field}"), found, expected);
        }
    }

    fn broker(&mut self, settings: &Settings) {
        for mistake in settings.broker.mistakes() {
            self.add(format!("broker.{}", mistake.field), mistake.found, mistake.expected);
        }
    }

    fn ledger(&mut self, settings: &Settings) {
        match settings.ledger.file() {
            Err(ledger::Error::Url { found, expected }) => self.add("ledger.url".to_owned(), found, expected),
            Err(error) => self.add("ledger.url".to_owned(), error.to_string(), "sqlite://FILE"),
            Ok(_) => {}
        }
    }

    fn license_central(&mut self, settings: &Settings) {
        let Some(license_central) = &settings.license_central else {
            let expected = "the address of License Central's SOAP service, such as https://lc.example/soap";
            return self.add("license_central.endpoint".to_owned(), "nothing", expected);
        };
        if let license_central::ProfileChoice::Folder(folder) = &license_central.profile
            && !folder.join("profile.toml").is_file()
        {
            let found = format!("no profile.toml in {}", folder.display());
            self.add(
                "license_central.profile".to_owned(),
                found,
                "default, or a folder with profile.toml and its templates",
            );
        }
        for mistake in &license_central.mistakes() {
            self.add(
                format!("license_central.{}", mistake.field),
                &*mistake.found,
                &*mistake.expected,
            );
        }
    }

    /// Reads the profile and the certificates, as `worker` will.
    fn client(&mut self, settings: &Settings) {
        let Some(Err(error)) = settings.license_central.as_ref().map(license_central::Client::new) else {
            return;
        };
        match error {
            license_central::Error::Profile(mistakes) => {
                for mistake in &mistakes {
                    let found = format!("{}: {}: {}", mistake.place, mistake.field, mistake.found);
                    self.mistakes.push(Mistake::new(
                        self.given.origin("license_central.profile").to_string(),
                        "license_central.profile",
                        found,
                        &*mistake.expected,
                    ));
                }
            }
            // The settings' own mistakes are listed already.
            license_central::Error::Settings(_) => {}
            other => {
                let cause = std::error::Error::source(&other)
                    .map(|cause| format!(": {cause}"))
                    .unwrap_or_default();
                self.add(
                    "license_central".to_owned(),
                    format!("{other}{cause}"),
                    "a profile and certificates that can be used",
                );
            }
        }
    }

    fn console(&mut self, settings: &Settings) {
        let address = settings.console.listen;
        if !address.ip().is_loopback() {
            let expected = "a loopback address such as 127.0.0.1:8620, because the pages have no sign-in yet";
            self.add("console.listen".to_owned(), address.to_string(), expected);
        }
    }
}
