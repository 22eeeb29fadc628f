//! Checks the topology.

use super::{
    Role, Topology,
    apply::{Look, Scout},
};
use crate::{Error, Settings, dial::Dial};
use lapin::Connection;
use std::fmt;

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It does not exist.
    Missing {
        /// Which exchange or queue.
        what: String,
    },
    /// The account may not even look at it.
    Forbidden {
        /// Which exchange or queue.
        what: String,
    },
    /// It exists with other arguments.
    Differs {
        /// Which exchange or queue.
        what: String,
        /// What the broker said: the first argument that differs.
        detail: String,
    },
    /// A policy overrules it.
    Policy {
        /// Which queue.
        what: String,
        /// The policy's key.
        key: String,
        /// The policy's value.
        value: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what } => write!(f, "{what} is missing"),
            Self::Forbidden { what } => write!(f, "the account may not look at {what}"),
            Self::Differs { what, detail } => write!(f, "{what} differs: {detail}"),
            Self::Policy { what, key, value } => write!(f, "a policy sets {key} = {value} on {what}"),
        }
    }
}

impl Topology {
    /// Checks everything, arguments included. It takes an account that may declare; nothing is declared, though. Policies
    /// are not seen from here: see [`Topology::check_policies`].
    ///
    /// # Errors
    /// When the broker cannot be reached, or something is not as it must be: all of it is reported together.
    pub async fn check(&self, settings: &Settings) -> Result<(), Error> {
        let connection = Dial::new(settings)?.connect("topology").await?;
        let checked = self.check_all(&connection).await;
        let _ = connection.close(200, "done".into()).await;
        checked
    }

    async fn check_all(&self, connection: &Connection) -> Result<(), Error> {
        let mut scout = Scout::new(connection);
        for exchange in &self.exchanges {
            let look = scout.exchange(exchange).await?;
            if scout.is_there(look, format!("exchange {}", exchange.name)) {
                // Declaring what exists changes nothing: it compares.
                scout.declare_exchange(exchange).await?;
            }
        }
        for queue in &self.queues {
            let look = scout.queue(&queue.name).await?;
            if scout.is_there(look, format!("queue {}", queue.name)) {
                scout.declare_queue(queue).await?;
            }
        }
        scout.no_finding()
    }

    /// Checks that what a role writes to and reads from exists. More than that its account may not see (from 4.3 on).
    pub(crate) async fn check_role(&self, connection: &Connection, role: Role) -> Result<(), Error> {
        let mut scout = Scout::new(connection);
        for exchange in self
            .exchanges
            .iter()
            .filter(|exchange| role.writes().contains(&exchange.name))
        {
            let look = scout.exchange(exchange).await?;
            scout.is_there(look, format!("exchange {}", exchange.name));
        }
        for queue in role.reads() {
            let look = scout.queue(queue).await?;
            scout.is_there(look, format!("queue {queue}"));
        }
        scout.no_finding()
    }
}

impl Scout<'_> {
    fn is_there(&mut self, look: Look, what: String) -> bool {
        match look {
            Look::There => return true,
            Look::Missing => self.findings.push(Finding::Missing { what }),
            Look::Forbidden => self.findings.push(Finding::Forbidden { what }),
        }
        false
    }
}
