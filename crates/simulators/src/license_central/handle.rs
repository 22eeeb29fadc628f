//! The handle on a running pretend License Central.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc};

use serde::Serialize;
use tempfile::NamedTempFile;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use super::{
    arrivals::Arrival,
    faults::Faults,
    order::{Book, Item, Order},
    site::Site,
};

/// A running pretend License Central; dropping it stops it.
#[derive(Debug)]
pub struct Handle {
    pub(super) address: SocketAddr,
    pub(super) site: Arc<Site>,
    pub(super) ca_file: Option<NamedTempFile>,
    pub(super) serving: JoinHandle<()>,
    pub(super) stop: DropGuard,
}

impl Handle {
    /// Says where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lists its addresses, as they are printed for others.
    #[must_use]
    pub fn ready(&self) -> Ready {
        let at = |path: &str| format!("{}://{}{path}", self.site.scheme, self.site.authority);
        Ready {
            endpoint: at("/soap"),
            wsdl_url: at("/soap?wsdl"),
            web_depot_url: at("/webdepot"),
            items_url: at("/items"),
            books_url: at("/books"),
            ca_file: self.ca_file.as_ref().map(|file| file.path().to_path_buf()),
        }
    }

    /// Gives the plans for what is to go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.site.faults
    }

    /// Lists every SOAP request since the start, in the order of arrival; empty in [`Mode::Auto`].
    #[must_use]
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.site.arrivals.all()
    }

    /// Counts the calls in progress now, per order number.
    #[must_use]
    pub fn in_progress(&self) -> BTreeMap<String, u32> {
        self.site.arrivals.in_progress()
    }

    /// Says for which order numbers several calls were in progress at the same time, and how many at most.
    #[must_use]
    pub fn overlaps(&self) -> BTreeMap<String, u32> {
        self.site.arrivals.overlaps()
    }

    /// Says what was really issued, per order number.
    #[must_use]
    pub fn books(&self) -> BTreeMap<String, Book> {
        self.site.store.books()
    }

    /// Finds an order with all its lines and license states.
    #[must_use]
    pub fn order(&self, number: &str) -> Option<Order> {
        self.site.store.order(number)
    }

    /// Makes an item known.
    pub fn add_item(&self, item_id: impl Into<String>, name: impl Into<String>) {
        self.site.store.add_item(Item {
            item_id: item_id.into(),
            name: name.into(),
        });
    }

    /// Stops taking connections, lets requests in progress end for two seconds, and returns when all is closed.
    pub async fn shutdown(self) {
        drop(self.stop);
        // It only fails if it panicked, and then it is down as well.
        let _ = self.serving.await;
    }
}

/// What `ticketsmith simulate license-central --json` prints when ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// Where SOAP calls go.
    pub endpoint: String,
    /// Where the WSDL is.
    pub wsdl_url: String,
    /// Where people redeem tickets.
    pub web_depot_url: String,
    /// The known items.
    pub items_url: String,
    /// What was really issued.
    pub books_url: String,
    /// Under TLS: the certificate to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}
