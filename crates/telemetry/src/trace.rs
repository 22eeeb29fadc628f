//! Trace context in the form of <https://www.w3.org/TR/trace-context/>: made at the event, carried in AMQP headers, sent
//! with the SOAP call.

use rand::RngExt as _;

/// Makes the context of a new trace, `00-<trace id>-<span id>-01`.
pub fn new_traceparent() -> String {
    let mut random = rand::rng();
    let (trace, span): (u128, u64) = (random.random_range(1..=u128::MAX), random.random_range(1..=u64::MAX));
    format!("00-{trace:032x}-{span:016x}-01")
}

/// Makes the context of the next step of a trace; of a new trace where the text is no context.
pub fn child(parent: &str) -> String {
    match trace_id(parent) {
        Some(trace) => format!("00-{trace}-{:016x}-01", rand::rng().random_range(1..=u64::MAX)),
        None => new_traceparent(),
    }
}

/// Returns the trace's id, if the text is a context.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let known = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    (known && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_stays_in_the_trace_of_its_parent() {
        let parent = new_traceparent();
        let next = child(&parent);
        assert_eq!(trace_id(&parent), trace_id(&next));
        assert_ne!(parent, next);
    }

    #[test]
    fn rubbish_begins_a_new_trace() {
        for rubbish in [
            "",
            "00",
            "00-xyz-1-01",
            "ff-00000000000000000000000000000001-0000000000000001-01",
        ] {
            assert_eq!(trace_id(rubbish), None, "{rubbish}");
            assert!(trace_id(&child(rubbish)).is_some());
        }
    }
}
