//! A virtual host of its own for each test, on the one node that all tests of a run share.

use super::{Error, Management, Node, Options};
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use url::Url;

/// Names the running node that tests share, as `cargo xtask test` starts it.
pub const TEST_AMQP: &str = "TICKETSMITH_TEST_AMQP";
/// Names that node's management API.
pub const TEST_MANAGEMENT: &str = "TICKETSMITH_TEST_RABBITMQ_MANAGEMENT";

/// The node of this process: the one that is named, or one of our own, which ends with the process.
enum Shared {
    Named { amqp: String, management: Management },
    Own(Box<Node>),
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// An empty virtual host that nobody else uses. It goes with the node.
#[derive(Debug, Clone)]
pub struct Vhost {
    name: String,
    url: String,
    management: Management,
}

impl Vhost {
    /// Makes one, on the node that the variables name or else on a node of this process.
    ///
    /// # Errors
    /// When there is no node, or it refuses.
    pub async fn make() -> Result<Self, Error> {
        let name = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (url, management) = match SHARED.get_or_try_init(shared).await? {
            Shared::Own(node) => (node.vhost_url(&name), node.management().clone()),
            Shared::Named { amqp, management } => {
                let mut url = Url::parse(amqp).map_err(|_| Error::BadAddress(amqp.clone()))?;
                url.set_path(&name);
                (url.to_string(), management.clone())
            }
        };
        management.create_vhost(&name).await?;
        Ok(Self { name, url, management })
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its AMQP address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the node's management API.
    pub fn management(&self) -> &Management {
        &self.management
    }

    /// Imports definitions. Quicker than declaring, which waits until new queues survive a killed node.
    ///
    /// # Errors
    /// When they are no JSON, or the node refuses.
    pub async fn import(&self, definitions: &str) -> Result<(), Error> {
        let definitions = serde_json::from_str(definitions).map_err(|_| Error::BadAddress(definitions.to_owned()))?;
        self.management.import_definitions(&self.name, definitions).await
    }

    /// Removes it and everybody's connections to it, and makes it anew, empty.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn renew(&self) -> Result<(), Error> {
        self.remove().await?;
        self.management.create_vhost(&self.name).await
    }

    /// Removes it with everybody's connections to it.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn remove(&self) -> Result<(), Error> {
        self.management.delete_vhost(&self.name).await
    }
}

async fn shared() -> Result<Shared, Error> {
    match (named(TEST_AMQP), named(TEST_MANAGEMENT)) {
        (Some(amqp), Some(management)) => Ok(Shared::Named {
            amqp,
            management: Management::new(&management)?,
        }),
        _ => Ok(Shared::Own(Box::new(Node::start(Options::default()).await?))),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness of the tests names its node here; the program never does"
)]
fn named(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
