//! Requests, moments and a ledger in a temporary file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemas::{Action, Customer, LicenseRequest, OrderLine, OrderRef, Reply, RequestEvent, Source, Ticket};

use crate::arrival::Incoming;
use crate::rows::Moment;
use crate::{Arrival, Claim, Clock, Ending, Ledger, Powers, Settings, Verdict};

/// A worker with every power.
pub(crate) const ABLE: Powers = Powers {
    can_find: true,
    alone: false,
};

/// Returns a time, in seconds after the ledger was created.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Returns a request for one item, of an order that is its id.
pub(crate) fn request(order: &str, item: &str, requested: i64) -> RequestEvent {
    RequestEvent {
        specversion: "1.0".to_owned(),
        id: format!("event-{order}-{requested}"),
        source: Source::salesforce(),
        kind: schemas::REQUEST_TYPE.to_owned(),
        subject: Some(order.to_owned()),
        time: Some(at(requested)),
        datacontenttype: Some("application/json".to_owned()),
        data: LicenseRequest {
            order: OrderRef {
                id: order.to_owned(),
                number: format!("N-{order}"),
                org: Some("org-1".to_owned()),
            },
            revision: 1,
            action: Action::Create,
            customer: Customer {
                id: "C-1".to_owned(),
                name: "Ünal & Söhne".to_owned(),
                email: None,
            },
            lines: vec![OrderLine {
                line_id: "1".to_owned(),
                item_id: item.to_owned(),
                quantity: 1,
                terms: BTreeMap::new(),
            }],
            requested_at: at(requested),
            reply: Some(Reply::Completion),
        },
    }
}

/// Returns a first arrival of a request.
pub(crate) fn arrival(order: &str, item: &str, requested: i64) -> Arrival {
    Arrival::first(request(order, item, requested))
}

/// Returns an arrival made ready for the rules.
pub(crate) fn incoming(order: &str, item: &str, requested: i64) -> Incoming {
    arrival(order, item, requested).into()
}

/// Returns a moment of a process; the ledger saw everything since second 0.
pub(crate) fn moment(second: i64) -> Moment {
    Moment {
        now: at(second),
        monotonic: Duration::from_secs(second.unsigned_abs()),
        since: at(0),
        process: Arc::from("worker-1"),
    }
}

/// Returns a ticket.
pub(crate) fn ticket(word: &str) -> Ticket {
    Ticket::new(format!("{word}-AAAAA-BBBBB-CCCCC-DDDDD"))
}

/// Returns a call that ended in a ticket.
pub(crate) fn issued(word: &str) -> Ending {
    Ending::Issued {
        ticket: ticket(word),
        web_depot_link: Some("https://depot.example/".to_owned()),
    }
}

/// Returns a call that was declined.
pub(crate) fn refused() -> Ending {
    Ending::Refused {
        code: "UNKNOWN_ITEM".to_owned(),
        sentence: "License Central does not know the item.".to_owned(),
        detail: "item CM-X".to_owned(),
    }
}

/// Returns a call that was surely not processed, to be tried again or not.
pub(crate) fn not_accepted(wait: Option<u64>) -> Ending {
    Ending::NotAccepted {
        wait: wait.map(Duration::from_secs),
        error: "busy".to_owned(),
    }
}

/// A ledger in a temporary file that goes with it; its wall clock stands at second 10.
pub(crate) struct Kept {
    pub(crate) ledger: Ledger,
    pub(crate) settings: Settings,
    pub(crate) folder: tempfile::TempDir,
}

/// Returns clocks whose wall stands still.
pub(crate) fn clock(second: i64) -> Clock {
    Clock::new(move || at(second), move || Duration::from_secs(second.unsigned_abs()))
}

/// Opens a new ledger that was created at second 0.
pub(crate) async fn ledger() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::sqlite(folder.path().join("ledger.db"));
    let created = Ledger::open_with_clock(&settings, "creator", clock(0)).await.unwrap();
    created.close().await.unwrap();
    let ledger = Ledger::open_with_clock(&settings, "worker-1", clock(10)).await.unwrap();
    Kept {
        ledger,
        settings,
        folder,
    }
}

/// Claims a request that must be called.
pub(crate) async fn claim(ledger: &Ledger, arrival: Arrival) -> Claim {
    match ledger.claim(arrival, ABLE).await.unwrap() {
        Verdict::Call(claim) => claim,
        other => panic!("expected a call, found {other:?}"),
    }
}
