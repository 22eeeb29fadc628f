//! Carries planned faults out on the wire.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;

use super::{
    connection::Cut,
    faults::{Fault, When},
    soap::{
        answer::{self, Answer},
        envelope::Version,
        fault::{Blame, SoapFault, code},
        schema::NAMESPACE,
    },
    soap_endpoint::{Ending, respond},
};

const FOREIGN_TICKET: &str = "T/2026-000042";

/// Does what a fault does instead of the call; none if the call is to be carried out.
pub(crate) fn before_commit(fault: &Fault, version: Version) -> Option<Ending> {
    let fails = |fault| Some(Ending::Respond(respond(answer::fault(version, &fault))));
    match fault {
        Fault::Busy => fails(SoapFault::coded(
            Blame::Receiver,
            code::BUSY,
            "too many requests, try again later",
        )),
        Fault::Refused(message) => fails(SoapFault::coded(Blame::Sender, code::INVALID_DATA, message)),
        Fault::Code(code, When::BeforeCommit) => fails(with_code(code)),
        Fault::ResetBeforeCommit => Some(Ending::Cut(Cut::Reset)),
        Fault::Status(code, When::BeforeCommit, retry_after) => Some(Ending::Respond(status(*code, *retry_after))),
        Fault::Redirect(target) => Some(Ending::Respond(redirect(target))),
        Fault::HtmlPage(When::BeforeCommit) => Some(Ending::Respond(html_page())),
        Fault::Code(_, When::AfterCommit)
        | Fault::Status(_, When::AfterCommit, _)
        | Fault::HtmlPage(When::AfterCommit)
        | Fault::LostAnswer
        | Fault::Truncated
        | Fault::Huge(_)
        | Fault::WrongNamespace
        | Fault::ForeignTicket => None,
    }
}

/// Spoils the answer of a call that was carried out.
pub(crate) fn after_commit(fault: &Fault, mut right: Answer) -> Ending {
    let response = match fault {
        Fault::LostAnswer => return Ending::Cut(Cut::Close),
        Fault::Code(code, _) => respond(answer::fault(right.version, &with_code(code))),
        Fault::Status(code, _, retry_after) => status(*code, *retry_after),
        Fault::HtmlPage(_) => html_page(),
        Fault::Truncated => truncated(&right),
        Fault::Huge(bytes) => huge(right, *bytes),
        Fault::WrongNamespace => {
            right.document = right.document.replace(NAMESPACE, "urn:somebody:else");
            respond(right)
        }
        Fault::ForeignTicket => respond(with_foreign_ticket(right)),
        Fault::Busy | Fault::Refused(_) | Fault::ResetBeforeCommit | Fault::Redirect(_) => respond(right),
    };
    Ending::Respond(response)
}

fn with_code(code: &str) -> SoapFault {
    SoapFault::coded(Blame::Receiver, code, "a planned fault")
}

fn status(code: u16, retry_after: Option<Duration>) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = (status, "a planned answer\n").into_response();
    if let Some(wait) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    }
    response
}

fn redirect(target: &str) -> Response {
    let target = HeaderValue::from_str(target).unwrap_or(HeaderValue::from_static("/elsewhere"));
    (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target)]).into_response()
}

fn html_page() -> Response {
    let page =
        "<!doctype html><html><head><title>Sign in</title></head><body><h1>Please sign in<br></h1></body></html>\n";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// Promises the whole answer and closes the connection after half of it.
fn truncated(right: &Answer) -> Response {
    let whole = Bytes::from(right.document.clone().into_bytes());
    let half = whole.slice(..whole.len() / 2);
    let parts = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            Some(_) => {
                // hyper sends what it has when the body makes it wait; an error at once would throw the half away.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other("planned")), None))
            }
            None => None,
        }
    });
    let mut response = respond(right.clone());
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    *response.body_mut() = Body::from_stream(parts);
    response
}

/// Blows the answer up with white space, chunk by chunk.
fn huge(right: Answer, bytes: usize) -> Response {
    const CHUNK: usize = 64 * 1024;
    let (before, after) = right
        .document
        .split_once("<soap:Body>")
        .unwrap_or((&right.document, ""));
    let (before, after) = (
        Bytes::from(format!("{before}<soap:Body>")),
        Bytes::from(after.to_owned()),
    );
    let blank = Bytes::from(vec![b' '; CHUNK]);
    let blanks = (0..bytes.div_ceil(CHUNK)).map(move |at| blank.slice(..CHUNK.min(bytes - at * CHUNK)));
    let parts = std::iter::once(before).chain(blanks).chain(std::iter::once(after));
    let body = Body::from_stream(stream::iter(parts.map(Ok::<_, Infallible>)));
    let mut response = respond(Answer {
        document: String::new(),
        ..right
    });
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = body;
    response
}

fn with_foreign_ticket(mut answer: Answer) -> Answer {
    let (start, end) = ("<lc:Ticket>", "</lc:Ticket>");
    if let Some((before, rest)) = answer.document.split_once(start)
        && let Some((_, after)) = rest.split_once(end)
    {
        answer.document = format!("{before}{start}{FOREIGN_TICKET}{end}{after}");
    }
    answer
}
