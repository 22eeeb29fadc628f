//! Who may do what: the least rights of each process, as data.

use super::{COMPLETIONS, COMPLETIONS_SALESFORCE, DEAD, REPLAY, REQUESTS, RETRY, UNROUTED};

/// What a process does with the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Brings requests in; tells of orders that it had to park.
    Producer,
    /// Works requests off, and looks after what others left unfinished.
    Fulfil,
    /// Works completions off.
    Report,
    /// The console: collects dead letters, replays, submits, resolves.
    Operator,
    /// Watches the queues over the management API (tag `monitoring`); nothing over AMQP.
    Monitor,
}

/// The rights of a role in the vhost, as RabbitMQ takes them: regular expressions over names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// What it may declare and delete.
    pub configure: String,
    /// Which exchanges it may publish to.
    pub write: String,
    /// Which queues it may consume.
    pub read: String,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Producer,
        Self::Fulfil,
        Self::Report,
        Self::Operator,
        Self::Monitor,
    ];

    /// The name of its account in the documents.
    pub fn user(self) -> &'static str {
        match self {
            Self::Producer => "ticketsmith-producer",
            Self::Fulfil => "ticketsmith-fulfil",
            Self::Report => "ticketsmith-report",
            Self::Operator => "ticketsmith-operator",
            Self::Monitor => "ticketsmith-monitor",
        }
    }

    /// The exchanges it publishes to.
    pub fn writes(self) -> &'static [&'static str] {
        match self {
            // It parks events that cannot be translated, and tells Salesforce so with a completion.
            Self::Producer => &[REQUESTS, COMPLETIONS, DEAD],
            // Its recovery sends requests again.
            Self::Fulfil => &[REQUESTS, COMPLETIONS, RETRY, DEAD],
            Self::Report => &[RETRY, DEAD],
            // Letters wait a little when the ledger is away; a resolved order has a completion.
            Self::Operator => &[REQUESTS, COMPLETIONS, REPLAY, RETRY],
            Self::Monitor => &[],
        }
    }

    /// The queues it consumes.
    pub fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Fulfil => &[REQUESTS],
            Self::Report => &[COMPLETIONS_SALESFORCE],
            Self::Operator => &[DEAD, UNROUTED],
            Self::Producer | Self::Monitor => &[],
        }
    }

    /// The queues whose length it asks for without consuming them: recovery sends nothing to a queue that is not empty.
    pub fn measures(self) -> &'static [&'static str] {
        match self {
            Self::Fulfil => &[REQUESTS, COMPLETIONS_SALESFORCE],
            Self::Producer | Self::Report | Self::Operator | Self::Monitor => &[],
        }
    }

    /// Its rights in the vhost. From 4.3 on, asking for a queue's length takes some right on it; `read` would let it
    /// consume, `write` on a queue only lets it bind.
    pub fn rights(self) -> Rights {
        let measured = self
            .measures()
            .iter()
            .copied()
            .filter(|queue| !self.reads().contains(queue));
        let mut writes: Vec<&str> = self.writes().iter().copied().chain(measured).collect();
        writes.dedup();
        Rights {
            configure: "^$".to_owned(),
            write: any_of(&writes),
            read: any_of(self.reads()),
        }
    }
}

/// A regular expression for exactly these names.
fn any_of(names: &[&str]) -> String {
    if names.is_empty() {
        return "^$".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| name.replace('.', "\\.")).collect();
    format!("^({})$", names.join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_accounts_are_those_of_the_roles() {
        let readme = include_str!("../../../../deploy/rabbitmq/README.md");
        for role in Role::ALL {
            let Rights { configure, write, read } = role.rights();
            let line = format!(
                "rabbitmqctl set_permissions -p / {} '{configure}' '{write}' '{read}'",
                role.user()
            );
            assert!(
                readme.contains(&line),
                "deploy/rabbitmq/README.md must hold this line:\n{line}"
            );
        }
    }
}
