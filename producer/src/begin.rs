//! Where a stream begins, and what a stale checkpoint means for it. Pure.

use salesforce::{FirstStart, ReplayId, StaleCheckpoint, Start};

/// What to do before the next stream is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Open it here.
    At(Start),
    /// A person must say where to go on: the checkpoint is stale, and the settings forbid to guess.
    AskAPerson,
    /// Nothing is stored, and nobody said where a first start begins.
    FirstStartUnknown,
}

/// Decides where to begin.
///
/// `stale` is the position that Salesforce refused before: as long as the checkpoint still says that very position, the
/// policy decides. So a stale position is never sent twice, and nothing but the policy may skip events.
pub(crate) fn beginning(
    checkpoint: Option<&ReplayId>,
    stale: Option<&ReplayId>,
    first_start: Option<FirstStart>,
    policy: StaleCheckpoint,
) -> Beginning {
    match (checkpoint, first_start) {
        (Some(position), _) if Some(position) == stale => match policy {
            StaleCheckpoint::Earliest => Beginning::At(Start::Earliest),
            StaleCheckpoint::Latest => Beginning::At(Start::Latest),
            StaleCheckpoint::Stop => Beginning::AskAPerson,
        },
        (Some(position), _) => Beginning::At(Start::After(position.clone())),
        (None, Some(FirstStart::Earliest)) => Beginning::At(Start::Earliest),
        (None, Some(FirstStart::Latest)) => Beginning::At(Start::Latest),
        (None, None) => Beginning::FirstStartUnknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> ReplayId {
        ReplayId::new([byte; 10])
    }

    #[test]
    fn a_checkpoint_is_where_to_go_on_whatever_a_first_start_would_do() {
        for first in [None, Some(FirstStart::Earliest), Some(FirstStart::Latest)] {
            let found = beginning(Some(&id(1)), None, first, StaleCheckpoint::Earliest);
            assert_eq!(found, Beginning::At(Start::After(id(1))));
        }
    }

    #[test]
    fn a_first_start_does_not_guess() {
        let first = |setting| beginning(None, None, setting, StaleCheckpoint::Earliest);
        assert_eq!(first(None), Beginning::FirstStartUnknown);
        assert_eq!(first(Some(FirstStart::Earliest)), Beginning::At(Start::Earliest));
        assert_eq!(first(Some(FirstStart::Latest)), Beginning::At(Start::Latest));
    }

    #[test]
    fn a_stale_position_is_never_sent_again_and_never_silently_skipped() {
        let stale = |policy| beginning(Some(&id(1)), Some(&id(1)), Some(FirstStart::Latest), policy);
        assert_eq!(stale(StaleCheckpoint::Earliest), Beginning::At(Start::Earliest));
        assert_eq!(stale(StaleCheckpoint::Latest), Beginning::At(Start::Latest));
        assert_eq!(stale(StaleCheckpoint::Stop), Beginning::AskAPerson);
    }

    #[test]
    fn a_checkpoint_that_moved_past_a_stale_one_is_used() {
        let found = beginning(Some(&id(2)), Some(&id(1)), None, StaleCheckpoint::Stop);
        assert_eq!(found, Beginning::At(Start::After(id(2))));
    }
}
