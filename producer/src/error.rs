//! What makes the producer give up; everything else it sits out.

/// What went wrong for good.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No position is stored yet, and the settings do not say where a first start begins.
    #[error("salesforce.first_start is not set: found nothing, expected earliest or latest")]
    FirstStartUnknown,
    /// The ledger of this process was closed.
    #[error("the ledger is closed")]
    LedgerClosed,
}
