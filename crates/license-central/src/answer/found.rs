//! Reads a found order.

use super::Reading;
use super::element::Element;
use crate::client::{Found, FoundLine};
use crate::error::Error;
use crate::profile::{FindOrder, FoundLines};

/// Reads the answer to a look-up. "Not found" leads to the order being sent again, so it is believed only when the
/// answer is clear: a path that misses (a typing error in a profile, a new version there) must not look like it.
pub(super) fn read(reading: &Reading<'_>, operation: &FindOrder, result: &Element) -> Result<Option<Found>, Error> {
    if let Some((path, text)) = &operation.not_found.element
        && reading.optional(result, Some(path))?.as_deref() == Some(text.as_str())
    {
        return Ok(None);
    }
    let orders = result.all(&operation.order);
    let order = match orders.as_slice() {
        [] if result.is_empty() => return Ok(None),
        // Some servers write <Order xsi:nil="true"/> for none.
        [order] if order.is_empty() && result.children.len() == 1 => return Ok(None),
        [order] => *order,
        [] => return Err(reading.foreign("the answer is neither empty nor an order".to_owned())),
        several => return Err(reading.foreign(format!("the answer holds {} orders", several.len()))),
    };
    reading.same_order(order, operation.order_number.as_deref())?;
    Ok(Some(Found {
        ticket: reading.ticket(order, &operation.ticket)?,
        web_depot_link: reading.optional(order, operation.web_depot_link.as_deref())?,
        customer_id: reading.optional(order, operation.customer_id.as_deref())?,
        accepted: match reading.optional(order, operation.accepted.as_deref())? {
            Some(text) => Some(number(reading, &text, "how often the order was accepted")?),
            None => None,
        },
        lines: match &operation.lines {
            Some(paths) => Some(lines(reading, order, paths)?),
            None => None,
        },
    }))
}

fn lines(reading: &Reading<'_>, order: &Element, paths: &FoundLines) -> Result<Vec<FoundLine>, Error> {
    let read = |line: &Element| {
        let item = reading.optional(line, Some(&paths.item_id))?;
        let quantity = reading.optional(line, Some(&paths.quantity))?;
        let missing = || reading.foreign("a line of the order without item or quantity".to_owned());
        let (item_id, quantity) = item.zip(quantity).ok_or_else(missing)?;
        Ok(FoundLine {
            item_id,
            quantity: number(reading, &quantity, "a quantity")?,
        })
    };
    order.all(&paths.line).into_iter().map(read).collect()
}

fn number<T: std::str::FromStr>(reading: &Reading<'_>, text: &str, what: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|_| reading.foreign(format!("{what} that is no number")))
}
