//! Leases and checkpoints: fenced by an epoch, which grows with every new holder.

use crate::Error;
use crate::checkpoints::{Lease, LeaseSeen};
use crate::rows::{Mark, Marks, Moment};

/// Takes a lease, whoever holds it.
pub(crate) fn take<M: Marks>(marks: &mut M, name: &str, moment: &Moment) -> Result<Lease, M::Failure> {
    let seen = marks.lease(name)?;
    let epoch = seen.map_or(0, |seen| seen.epoch) + 1;
    marks.put_lease(
        name,
        &LeaseSeen {
            epoch,
            holder: Some(moment.process.to_string()),
            beats: 0,
        },
    )?;
    Ok(Lease {
        name: name.to_owned(),
        epoch,
    })
}

/// Takes a lease only if it is still as it was seen.
pub(crate) fn take_after<M: Marks>(
    marks: &mut M,
    name: &str,
    seen: &LeaseSeen,
    moment: &Moment,
) -> Result<Option<Lease>, M::Failure> {
    match marks.lease(name)? {
        Some(current) if current != *seen => Ok(None),
        _ => take(marks, name, moment).map(Some),
    }
}

/// Shows that the holder lives.
pub(crate) fn renew<M: Marks>(marks: &mut M, lease: &Lease) -> Result<(), M::Failure> {
    let seen = mine(marks, lease)?;
    marks.put_lease(
        &lease.name,
        &LeaseSeen {
            beats: seen.beats + 1,
            ..seen
        },
    )
}

/// Gives a lease back, if it is still held.
pub(crate) fn release<M: Marks>(marks: &mut M, lease: &Lease) -> Result<(), M::Failure> {
    match marks.lease(&lease.name)? {
        Some(seen) if seen.epoch == lease.epoch => marks.put_lease(&lease.name, &LeaseSeen { holder: None, ..seen }),
        _ => Ok(()),
    }
}

/// Moves a checkpoint forward, which also shows that the holder lives.
pub(crate) fn move_checkpoint<M: Marks>(
    marks: &mut M,
    lease: &Lease,
    mark: &Mark,
    moment: &Moment,
) -> Result<(), M::Failure> {
    let seen = mine(marks, lease)?;
    marks.put_lease(
        &lease.name,
        &LeaseSeen {
            beats: seen.beats + 1,
            ..seen
        },
    )?;
    match marks.checkpoint_place(&mark.org, &mark.topic)? {
        Some((epoch, place)) if epoch == mark.epoch && place >= mark.place => Ok(()),
        _ => marks.put_checkpoint(mark, moment.now),
    }
}

fn mine<M: Marks>(marks: &mut M, lease: &Lease) -> Result<LeaseSeen, M::Failure> {
    match marks.lease(&lease.name)? {
        Some(seen) if seen.epoch == lease.epoch && seen.holder.is_some() => Ok(seen),
        _ => Err(Error::Fenced {
            what: format!("the lease {}", lease.name),
        }
        .into()),
    }
}
