//! The owner's hand on a running pretend org: addresses, credentials, orders, faults.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arrivals::Arrivals;
use super::error::Error;
use super::faults::Faults;
use super::options::Ready;
use super::org::Org;
use super::store::orders::{OrderView, SeedOrder};
use super::store::rows::RowError;

/// A running pretend org. It stops when [`Handle::shutdown`] is called or the handle is dropped.
pub struct Handle {
    /// Where tokens are had.
    pub login_url: String,
    /// Where REST answers.
    pub instance_url: String,
    /// Where Pub/Sub answers: `http://host:port` or `https://host:port`.
    pub pubsub_endpoint: String,
    /// The organization's id, 18 characters.
    pub org_id: String,
    /// The integration user's name.
    pub username: String,
    /// The consumer key.
    pub client_id: String,
    /// The consumer secret.
    pub client_secret: String,
    /// The private key (PEM, mode 0600) that signs JWTs; it goes with the handle.
    pub jwt_key_file: PathBuf,
    /// The topic of license requests.
    pub topic: String,
    /// The authority to trust, under TLS.
    pub ca_file: Option<PathBuf>,
    pub(super) org: Arc<Org>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    /// Holds the key and certificate files; they are removed with it.
    pub(super) _files: tempfile::TempDir,
}

impl Handle {
    /// Returns what a program needs to know to use the org.
    pub fn ready(&self) -> Ready {
        Ready {
            login_url: self.login_url.clone(),
            instance_url: self.instance_url.clone(),
            pubsub_endpoint: self.pubsub_endpoint.clone(),
            org_id: self.org_id.clone(),
            username: self.username.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            jwt_key_file: self.jwt_key_file.clone(),
            topic: self.topic.clone(),
            standard_pricebook_id: self.org.read(|store| store.standard_price_book()),
            ca_file: self.ca_file.clone(),
        }
    }

    /// Writes a draft order with its account, products and lines, and returns the order's id.
    ///
    /// # Errors
    /// [`Error::Refused`] if a field is refused, as REST would refuse it.
    pub fn seed_order(&self, order: &SeedOrder) -> Result<String, Error> {
        self.org.write(|store| store.seed_order(order)).map_err(refused)
    }

    /// Activates a draft order, which publishes its license request. An activated order stays as it is.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such order, or it has no lines.
    pub fn activate(&self, order_id: &str) -> Result<(), Error> {
        self.org.write(|store| store.activate(order_id)).map_err(refused)
    }

    /// Clicks *Activate* on an activated order again: the same revision is published once more, with a new event id.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such order, or it is not activated.
    pub fn double_click(&self, order_id: &str) -> Result<(), Error> {
        self.org.write(|store| store.double_click(order_id)).map_err(refused)
    }

    /// Returns all orders, in the order of their numbers.
    pub fn orders(&self) -> Vec<OrderView> {
        self.org.read(|store| store.order_views())
    }

    /// Returns one order.
    pub fn order(&self, order_id: &str) -> Option<OrderView> {
        self.org.read(|store| store.order_view(order_id))
    }

    /// Plans trouble: what the org does wrong from now on.
    pub fn faults(&self) -> &Faults {
        &self.org.faults
    }

    /// Reads what arrived so far.
    pub fn arrivals(&self) -> Arrivals {
        self.org.seen.arrivals()
    }

    /// Stops listening, ends all connections and waits until they are gone.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn refused(error: RowError) -> Error {
    Error::Refused {
        code: error.code,
        message: error.message,
    }
}
