//! From a delivery to an arrival, or to the letter that says why not.

use broker::{Delivery, REPLAY_HEADER, topology};
use ledger::{Arrival, Letter, LetterId, Stage};
use schemas::{HeldCode, InvalidRequest, read_request};

use crate::failure;

/// Reads a delivered request.
pub(super) fn read(delivery: &Delivery) -> Result<Arrival, Box<InvalidRequest>> {
    let envelope = &delivery.envelope;
    let event = read_request(&envelope.body).map_err(Box::new)?;
    let redelivered = delivery.redelivered || delivery.delivery_count > 0;
    let marked = delivery.exchange == topology::REPLAY || envelope.headers.contains_key(REPLAY_HEADER);
    Ok(Arrival {
        event,
        message_id: envelope.message_id.clone(),
        redelivered,
        attempt: envelope.attempt,
        // A replay wishes for one call; when it comes a second time the call may have been made.
        replay: marked && !redelivered,
        traceparent: envelope.traceparent.clone(),
    })
}

/// Writes the letter of a body that is no license request.
pub(super) fn letter(delivery: &Delivery, invalid: &InvalidRequest) -> Letter {
    let envelope = &delivery.envelope;
    let id = LetterId::of(&envelope.message_id, Stage::Fulfil, u64::from(envelope.attempt));
    Letter {
        id,
        stage: Stage::Fulfil,
        class: "invalid".to_owned(),
        code: HeldCode::InvalidRequest.as_str().to_owned(),
        text: failure::bounded(invalid.to_string()),
        key: invalid.known.as_ref().map(schemas::KnownOrder::key),
        version: None,
        order_number: invalid.known.as_ref().map(|known| known.order.number.clone()),
        source: invalid.known.as_ref().map(|known| known.source.to_string()),
        message_id: Some(envelope.message_id.clone()),
        body: envelope.body.clone().into(),
        headers: envelope.headers.clone(),
        created_at: jiff::Timestamp::now(),
    }
}
