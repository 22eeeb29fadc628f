//! What it means when Salesforce does not answer a REST call with 200.

use serde::Deserialize;

use super::{AT, rows};
use crate::http_client::Answer;
use crate::{Class, Error};

/// One error of a whole call; Salesforce sends an array of them.
#[derive(Deserialize)]
struct Reason {
    #[serde(default, rename = "errorCode")]
    code: String,
    #[serde(default)]
    message: String,
}

/// Says whether the token was not accepted. Usually 401, but 403 was seen as well.
pub(super) fn is_session(answer: &Answer) -> bool {
    answer.status == 401 || (answer.status == 403 && reason(answer).is_some_and(|it| it.code == "INVALID_SESSION_ID"))
}

/// The error for a token that was minted for this call and yet not accepted.
pub(super) fn session(answer: &Answer) -> Error {
    let Reason { code, message } = reason(answer).unwrap_or(Reason {
        code: format!("status {}", answer.status),
        message: answer.looks(),
    });
    Error::SessionRefused { code, message }
}

/// Lets 200 pass and turns everything else into an error.
pub(super) fn accepted(answer: Answer) -> Result<Answer, Error> {
    let status = answer.status;
    if status == 200 {
        return Ok(answer);
    }
    match reason(&answer) {
        Some(Reason { code, message }) => {
            let class = class(status, &code);
            Err(Error::Refused {
                status,
                code,
                message,
                class,
            })
        }
        None if (300..400).contains(&status) => Err(Error::ForeignAnswer {
            at: AT,
            status,
            what: "a redirect, which is not followed".to_owned(),
        }),
        None => Err(Error::ForeignAnswer {
            at: AT,
            status,
            what: answer.looks(),
        }),
    }
}

fn reason(answer: &Answer) -> Option<Reason> {
    let reasons: Vec<Reason> = serde_json::from_slice(&answer.body).ok()?;
    let Reason { code, message } = reasons.into_iter().next()?;
    Some(Reason {
        code: rows::one_line(&code, 80),
        message: rows::one_line(&message, 400),
    })
}

/// Sorts a refused call: first by Salesforce's code, then by the status.
fn class(status: u16, code: &str) -> Class {
    match rows::class(code, "") {
        Class::Configuration if status >= 500 || matches!(status, 408 | 409 | 429) => Class::Transient,
        class => class,
    }
}
