//! Reads a dead letter out of a message: ours, the broker's, or a stranger's.

use broker::{Delivery, topology};
use ledger::{Letter, LetterId, Stage};
use schemas::InvalidRequest;

/// Makes the letter of a message from the mailbox, or of one that fits no queue.
///
/// The same message gives the same letter, however often it is delivered.
pub(crate) fn letter_from(delivery: &Delivery) -> Letter {
    let envelope = &delivery.envelope;
    let about = About::of(&envelope.body);
    let mut letter = Letter {
        id: LetterId::of(&envelope.message_id, Stage::Fulfil, u64::from(envelope.attempt)),
        stage: Stage::Fulfil,
        class: String::new(),
        code: String::new(),
        text: String::new(),
        key: about.key,
        version: None,
        order_number: about.order_number,
        source: about.source,
        message_id: Some(envelope.message_id.clone()),
        body: envelope.body.clone().into(),
        headers: envelope.headers.clone(),
        created_at: envelope.timestamp,
    };
    if let Some(reason) = delivery.dead_reason() {
        letter.id = LetterId::from_text(reason.letter_id);
        letter.stage = reason.stage.parse().unwrap_or(Stage::Fulfil);
        letter.class = reason.class;
        letter.code = reason.code;
        letter.text = reason.text;
        letter.key = reason.request_key.and_then(|key| key.parse().ok()).or(letter.key);
    } else {
        describe(delivery, &mut letter);
    }
    letter
}

/// Says in words what the broker did with a message that carries no reason of ours.
fn describe(delivery: &Delivery, letter: &mut Letter) {
    if let Some(death) = &delivery.broker_death {
        letter.stage = if death.queue == topology::COMPLETIONS_SALESFORCE {
            Stage::Report
        } else {
            Stage::Fulfil
        };
        letter.class = "broker".to_owned();
        letter.code = death.reason.clone();
        letter.text = format!(
            "the broker moved it out of the queue {} ({}, {} times)",
            death.queue, death.reason, death.count
        );
    } else if delivery.queue == topology::UNROUTED {
        letter.class = "unrouted".to_owned();
        letter.code = "unrouted".to_owned();
        letter.text = format!(
            "published to {} under {:?}, to which no queue is bound",
            delivery.exchange, delivery.routing_key
        );
    } else {
        letter.class = "foreign".to_owned();
        letter.code = "foreign".to_owned();
        letter.text = "somebody else put it into the mailbox, without a reason".to_owned();
    }
    letter.id = LetterId::of(
        &format!("{}/{}", delivery.queue, delivery.envelope.message_id),
        letter.stage,
        u64::from(delivery.envelope.attempt),
    );
}

/// What the body itself says about its order.
#[derive(Default)]
struct About {
    key: Option<schemas::RequestKey>,
    order_number: Option<String>,
    source: Option<String>,
}

impl About {
    fn of(body: &[u8]) -> Self {
        if let Ok(completion) = schemas::read_completion(body) {
            return Self {
                key: Some(completion.data.request_key),
                order_number: Some(completion.data.order.number),
                source: Some(completion.source.to_string()),
            };
        }
        match schemas::read_request(body) {
            Ok(request) => Self {
                key: Some(request.key()),
                order_number: Some(request.data.order.number),
                source: Some(request.source.to_string()),
            },
            Err(InvalidRequest { known: Some(known), .. }) => Self {
                key: Some(known.key()),
                order_number: Some(known.order.number),
                source: Some(known.source.to_string()),
            },
            Err(InvalidRequest { known: None, .. }) => Self::default(),
        }
    }
}
