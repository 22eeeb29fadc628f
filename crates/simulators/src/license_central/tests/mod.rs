//! The pretend License Central over real sockets, as a stranger's client meets it.

mod charsets;
mod faults;
mod lists;
mod orders;
mod pages;
mod strictness;
mod wire;

use std::sync::LazyLock;

use reqwest::{Client, Response, StatusCode};

use super::{
    Handle, Mode, Options,
    soap::{
        envelope::{self, Version},
        schema,
        tree::{self, Element},
    },
    start,
};

pub(super) const LC: &str = "urn:ticketsmith:license-central:2026";
pub(super) const BOTH: [Version; 2] = [Version::Soap11, Version::Soap12];

/// Starts a plaintext simulator that keeps what arrives.
pub(super) async fn simulator() -> Handle {
    start(Options {
        mode: Mode::Scripted,
        ..Options::default()
    })
    .await
    .unwrap()
}

/// A client that follows no redirect and keeps no connection, so that it can be shared by tests with their own runtimes.
pub(super) fn client() -> &'static Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .unwrap()
    });
    &CLIENT
}

/// Wraps a body's content in an envelope.
pub(super) fn enveloped(version: Version, content: &str) -> String {
    let namespace = version.namespace();
    format!("<s:Envelope xmlns:s=\"{namespace}\"><s:Header/><s:Body>{content}</s:Body></s:Envelope>")
}

/// The body of an order of one line.
pub(super) fn create_order(number: &str, item_id: &str, quantity: &str) -> String {
    format!(
        "<CreateOrder xmlns=\"{LC}\"><OrderNumber>{number}</OrderNumber>\
         <Customer><CustomerId>0010000001</CustomerId><Name>Müller &amp; Söhne</Name></Customer>\
         <Lines><Line><LineId>1</LineId><ItemId>{item_id}</ItemId><Quantity>{quantity}</Quantity></Line></Lines></CreateOrder>"
    )
}

pub(super) fn find_order(number: &str) -> String {
    format!("<FindOrder xmlns=\"{LC}\"><OrderNumber>{number}</OrderNumber></FindOrder>")
}

/// Posts an envelope with the media type of its version and no action.
pub(super) async fn post(
    simulator: &Handle,
    version: Version,
    envelope: impl Into<reqwest::Body>,
) -> reqwest::Result<Response> {
    let media_type = format!("{}; charset=utf-8", version.media_type());
    client()
        .post(simulator.ready().endpoint)
        .header("content-type", media_type)
        .body(envelope)
        .send()
        .await
}

/// Posts a body's content and reads the answer.
pub(super) async fn ask(simulator: &Handle, version: Version, content: &str) -> Answered {
    Answered::read(
        version,
        post(simulator, version, enveloped(version, content)).await.unwrap(),
    )
    .await
}

/// An answer that is SOAP of the version asked in, and valid by the WSDL; its status, and what is in its body.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) payload: Element,
}

impl Answered {
    pub(super) async fn read(version: Version, response: Response) -> Self {
        let status = response.status();
        let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(media_type, format!("{}; charset=utf-8", version.media_type()));
        let root = tree::parse(&response.text().await.unwrap()).unwrap();
        let payload = envelope::open(version, root).unwrap();
        let answered = Self { status, payload };
        match answered.payload.name.as_str() {
            "Fault" => answered
                .detail()
                .into_iter()
                .for_each(|detail| schema::check(detail).unwrap()),
            _ => schema::check(&answered.payload).unwrap(),
        }
        answered
    }

    /// The text of an element somewhere in the answer.
    pub(super) fn text(&self, name: &str) -> &str {
        &find(&self.payload, name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.payload))
            .text
    }

    fn detail(&self) -> Option<&Element> {
        find(&self.payload, "LicenseCentralFault")
    }

    /// The fault's code in License Central's own words, if it has one.
    pub(super) fn code(&self) -> Option<&str> {
        self.detail().map(|detail| detail.child("Code").unwrap().text.as_str())
    }

    /// The fault's blame and sentence.
    pub(super) fn fault(&self) -> (&str, &str) {
        assert_eq!(self.payload.name, "Fault", "{:?}", self.payload);
        let is_11 = self.payload.child("faultcode").is_some();
        let (code, reason) = if is_11 {
            ("faultcode", "faultstring")
        } else {
            ("Value", "Text")
        };
        (self.text(code).rsplit(':').next().unwrap(), self.text(reason))
    }
}

fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    if element.name == name {
        Some(element)
    } else {
        element.children.iter().find_map(|child| find(child, name))
    }
}

/// Waits until a condition holds, at most ten seconds.
pub(super) async fn until(condition: impl Fn() -> bool) {
    let poll = async {
        while !condition() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), poll)
        .await
        .expect("it never happened");
}
