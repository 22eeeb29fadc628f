//! What an ended call says about its end.

use std::sync::Arc;

use tonic::{Code, Status};

use super::AT;
use super::codes::EventCode;
use crate::{Class, Error};

/// Turns the status of an ended call into an error.
pub(super) fn from_status(status: Status) -> Error {
    let trailer = |key| {
        status
            .metadata()
            .get(key)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let message = one_line(status.message());
    // A proxy may strip the trailers; the text still tells.
    let code = match trailer("error-code").filter(|code| !code.is_empty()) {
        Some(text) => EventCode::from_error_code(text),
        None => EventCode::from_message(&message),
    };
    if code.is_none() && std::error::Error::source(&status).is_some() {
        // Not an answer at all: the connection was not made, or broke.
        return Error::Unreachable {
            at: AT,
            source: Arc::new(status),
        };
    }
    let class = code.map_or_else(|| class(status.code()), EventCode::class);
    let rpc_id = trailer("rpc-id").or_else(|| message.rsplit_once("rpcId: ").map(|(_, id)| id.trim()));
    let rpc_id = rpc_id
        .filter(|id| !id.is_empty())
        .map(|id| id.chars().take(80).collect());
    Error::PubSub {
        code,
        status: status.code().description(),
        message,
        rpc_id,
        class,
    }
}

/// Sorts a status that came without Salesforce's own code: mostly the network or a proxy between.
fn class(code: Code) -> Class {
    match code {
        Code::Unauthenticated => Class::Reauthenticate,
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented => Class::Configuration,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Class::Transient,
    }
}

fn one_line(text: &str) -> String {
    text.chars()
        .take(400)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
