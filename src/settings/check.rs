//! What the rooms say about their sections, and what no section can see alone.

use super::{Settings, mistake::Mistake, source::Given};
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
    fn add(&mut self, setting: String, found: impl Into<String>, expected: impl Into<String>) {
        self.mistakes.push(Mistake::new(
            self.given.origin(&setting).to_string(),
            setting,
            found,
            expected,
        ));
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
        if let Err(error) = settings.ledger.file() {
            self.add("ledger.url".to_owned(), error.to_string(), "sqlite://FILE");
        }
    }

    fn license_central(&mut self, settings: &Settings) {
        let Some(license_central) = &settings.license_central else {
            let expected = "the address of License Central's SOAP service, such as https://lc.example/soap";
            return self.add("license_central.endpoint".to_owned(), "nothing", expected);
        };
        for mistake in &license_central.mistakes() {
            self.add(
                format!("license_central.{}", mistake.field),
                &*mistake.found,
                &*mistake.expected,
            );
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
