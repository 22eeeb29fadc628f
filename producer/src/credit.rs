//! How many events may be asked for. Pure.

/// Salesforce holds at most this much credit for one stream.
const MOST: usize = 100;

/// Says how much credit to grant, given the free places for events in hand and the credit that is still unused.
///
/// So no event arrives for which there is no place. When to ask for it is the stream's business.
pub(crate) fn to_grant(free: usize, unused: usize) -> usize {
    free.min(MOST).saturating_sub(unused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn credit_fills_the_free_places_and_no_more(free in 0_usize..1000, unused in 0_usize..150) {
            let granted = to_grant(free, unused);
            prop_assert!(unused + granted >= free.min(MOST));
            if granted > 0 {
                prop_assert_eq!(unused + granted, free.min(MOST));
            }
        }
    }
}
