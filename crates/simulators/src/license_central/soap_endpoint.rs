//! `/soap`: the WSDL for a GET, a call for a POST.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Body,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::{
    arrivals::Arrival,
    connection::{Cut, Scissors},
    misbehavior,
    site::Site,
    soap::{
        answer::{self, Answer},
        envelope::Version,
        fault::{Blame, SoapFault, code},
        media_type::MediaType,
        message::{self, Message, Refusal},
        read::Call,
    },
    wsdl,
};

/// The longest request that is read.
const MAX_BODY: usize = 1024 * 1024;
/// How much more of a longer one is taken off the wire, so that its sender gets to read the fault.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// How a call ends on the wire.
pub(crate) enum Ending {
    Respond(Response),
    Cut(Cut),
}

/// Serves the WSDL to who asks for it.
pub(crate) async fn wsdl(State(site): State<Arc<Site>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default().to_ascii_lowercase();
    let name = query.split(['=', '&']).next().unwrap_or_default();
    if matches!(name, "wsdl" | "singlewsdl") {
        let document = wsdl::at(&format!("{}/soap", site.base(&headers)));
        return ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], document).into_response();
    }
    let hint = "this is a SOAP endpoint: POST an envelope, or GET ?wsdl\n";
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], hint).into_response()
}

/// Answers a SOAP call, or misbehaves as planned.
pub(crate) async fn call(
    State(site): State<Arc<Site>>,
    Extension(scissors): Extension<Scissors>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = MediaType::read(media_type.unwrap_or_default());
    let guess = Version::of_media_type(&media_type.essence).unwrap_or(Version::Soap11);
    let body = match read_body(body).await {
        Ok(Some(body)) => body,
        Ok(None) => {
            let message = format!("the request is longer than {MAX_BODY} bytes");
            let mut response = respond(answer::fault(guess, &SoapFault::new(Blame::Sender, message)));
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
            return response;
        }
        Err(error) => {
            let message = format!("the request's body broke off: {error}");
            return respond(answer::fault(guess, &SoapFault::new(Blame::Sender, message)));
        }
    };
    // On a task of its own, because a call that has arrived is carried out whether or not its sender waits for the answer.
    let work = tokio::spawn(answer_call(site, parts.headers, media_type, guess, body));
    match work.await {
        Ok(Ending::Respond(response)) => response,
        Ok(Ending::Cut(how)) => {
            scissors.cut(how);
            std::future::pending().await
        }
        Err(_) => respond(answer::fault(
            guess,
            &SoapFault::coded(Blame::Receiver, "INTERNAL", "something broke in here"),
        )),
    }
}

async fn answer_call(
    site: Arc<Site>,
    headers: HeaderMap,
    media_type: MediaType,
    guess: Version,
    body: Bytes,
) -> Ending {
    let Message { version, call } = message::read(&headers, &media_type, &body);
    site.arrivals.record(|| Arrival {
        headers: headers.clone(),
        body: body.clone(),
        version,
        operation: call.as_ref().ok().map(Call::operation),
        order_number: call.as_ref().ok().and_then(Call::order_number).map(str::to_owned),
    });
    let version = version.unwrap_or(guess);
    match call {
        Ok(call) => carry_out(&site, &headers, version, call).await,
        Err(Refusal::Content(fault)) => Ending::Respond(respond(answer::fault(version, &fault))),
        Err(Refusal::Transport(fault)) => {
            let mut response = respond(answer::fault(version, &fault));
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Ending::Respond(response)
        }
    }
}

async fn carry_out(site: &Site, headers: &HeaderMap, version: Version, call: Call) -> Ending {
    let _in_progress = call.order_number().map(|number| site.arrivals.begin(number));
    let suffering = site.faults.take(call.operation(), call.order_number());
    wait(suffering.before_commit).await;
    if let Some(ending) = suffering
        .fault
        .as_ref()
        .and_then(|fault| misbehavior::before_commit(fault, version))
    {
        return ending;
    }
    let answer = commit(site, headers, version, call);
    wait(suffering.after_commit).await;
    match suffering.fault {
        Some(fault) => misbehavior::after_commit(&fault, answer),
        None => Ending::Respond(respond(answer)),
    }
}

async fn wait(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

fn commit(site: &Site, headers: &HeaderMap, version: Version, call: Call) -> Answer {
    match call {
        Call::CreateOrder(order) => match site.store.create(&order) {
            Ok(ticket) => answer::created(version, &order.number, &ticket, &site.ticket_url(headers, &ticket)),
            Err(item) => {
                let fault = SoapFault::coded(
                    Blame::Sender,
                    code::UNKNOWN_ITEM,
                    format!("the item {item} is not known"),
                );
                answer::fault(version, &fault.about_item(&item))
            }
        },
        Call::FindOrder { number } => {
            let found = site.store.find(&number);
            let found = found
                .as_ref()
                .map(|order| (order, site.ticket_url(headers, &order.ticket)));
            answer::found(version, found.as_ref().map(|(order, url)| (*order, url.as_str())))
        }
        Call::GetVersion => answer::version(version),
    }
}

/// Puts an answer on the wire.
pub(crate) fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, answer.content_type())], answer.document).into_response()
}

/// Reads a body, or drains it and gives none if it is too long.
async fn read_body(mut body: Body) -> Result<Option<Bytes>, axum::Error> {
    let (mut read, mut length) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            length += data.len();
            if length <= MAX_BODY {
                read.extend_from_slice(&data);
            }
            if length > MAX_DRAINED {
                break;
            }
        }
    }
    Ok((length <= MAX_BODY).then(|| read.freeze()))
}
