//! A ledger with orders in it, for the tests of this room.

use jiff::Timestamp;
use ledger::{Arrival, Ending, Ledger, Powers, Verdict};
use schemas::{RequestEvent, Ticket};
use serde_json::json;

/// The ticket that no page may show.
pub(crate) const TICKET: &str = "7KQ2M-AAAAA-BBBBB-CCCCC-DDDDX";

/// What a customer may call itself.
pub(crate) const HOSTILE: &str = r#"<script>alert(1)</script>"' onload=x &amp; 👩‍🚀"#;

/// A ledger with an issued, a refused and a waiting order.
pub(crate) struct Sample {
    pub(crate) ledger: Ledger,
    pub(crate) refused_letter: String,
    _folder: tempfile::TempDir,
}

pub(crate) async fn sample() -> Sample {
    let folder = tempfile::tempdir().unwrap();
    let settings = ledger::Settings::sqlite(folder.path().join("ledger.db"));
    let ledger = Ledger::open(&settings, "console-test").await.unwrap();
    let ticket = Ticket::new(TICKET);
    let web_depot_link = Some(format!("https://depot.example/?ticket={TICKET}"));
    settle(
        &ledger,
        order("PO-1", "Müller & Söhne GmbH"),
        Ending::Issued { ticket, web_depot_link },
    )
    .await;
    let refused = Ending::Refused {
        code: "UNKNOWN_ITEM".into(),
        sentence: "License Central does not know the item <b>CM-PRO-2</b>.".into(),
        detail: "fault UNKNOWN_ITEM: <img src=x onerror=alert(2)>".into(),
    };
    settle(&ledger, order("PO-2", HOSTILE), refused).await;
    ledger
        .accept(Arrival::first(order("PO-3", "Tōkyō Instruments")))
        .await
        .unwrap();
    let letters = ledger.letters(&ledger::LetterFilter::default()).await.unwrap();
    Sample {
        refused_letter: letters[0].letter.id.to_string(),
        ledger,
        _folder: folder,
    }
}

fn order(number: &str, customer: &str) -> RequestEvent {
    let body = json!({
        "specversion": "1.0", "id": format!("event-{number}"), "source": "erp", "type": schemas::REQUEST_TYPE,
        "time": Timestamp::now().to_string(),
        "data": {
            "order": {"id": number, "number": number}, "requested_at": Timestamp::now().to_string(),
            "customer": {"id": "K-17", "name": customer},
            "lines": [{"line_id": "1", "item_id": "CM-PRO-2", "quantity": 3}],
        },
    });
    schemas::read_request(body.to_string().as_bytes()).unwrap()
}

async fn settle(ledger: &Ledger, event: RequestEvent, ending: Ending) {
    let powers = Powers {
        can_find: true,
        alone: false,
    };
    match ledger.claim(Arrival::first(event), powers).await.unwrap() {
        Verdict::Call(claim) => {
            ledger.settle(&claim, ending, Timestamp::now()).await.unwrap();
        }
        verdict => panic!("a fresh order is called: {verdict:?}"),
    }
}
