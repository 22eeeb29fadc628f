//! Sorts an answer: a result, or one of the error classes.

mod charset;
mod element;
mod envelope;
mod fault;
mod found;
#[cfg(test)]
mod tests;
mod xml;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use schemas::Ticket;

pub(crate) use element::Element;
pub(crate) use xml::read as read_xml;

use crate::client::{Found, Issued};
use crate::error::Error;
use crate::profile::{Call, FindOrder, Name, Profile, Sorted};
use crate::transport::Answer;
use envelope::Content;

/// Reads the answer to `create_order`.
pub(crate) fn create_order(profile: &Profile, order: &str, answer: Answer) -> Result<Issued, Error> {
    let operation = &profile.create_order;
    let reading = Reading {
        profile,
        order,
        status: answer.status,
    };
    let result = reading.result(&operation.call, answer)?;
    reading.same_order(&result, operation.order_number.as_deref())?;
    Ok(Issued {
        ticket: reading.ticket(&result, &operation.ticket)?,
        web_depot_link: reading.optional(&result, operation.web_depot_link.as_deref())?,
    })
}

/// Reads the answer to `find_order`.
pub(crate) fn find_order(
    profile: &Profile,
    operation: &FindOrder,
    number: &str,
    answer: Answer,
) -> Result<Option<Found>, Error> {
    let reading = Reading {
        profile,
        order: number,
        status: answer.status,
    };
    match reading.content(answer)? {
        Content::Fault(fault) if operation.not_found.faults.contains(&fault.code) => Ok(None),
        content => {
            let result = reading.expect(&operation.call, content)?;
            found::read(&reading, operation, &result)
        }
    }
}

/// Reads the answer to `probe`.
pub(crate) fn probe(profile: &Profile, answer: Answer) -> Result<(), Error> {
    let reading = Reading {
        profile,
        order: "(none)",
        status: answer.status,
    };
    reading.result(&profile.probe, answer).map(|_| ())
}

/// The reading of one answer.
struct Reading<'a> {
    profile: &'a Profile,
    order: &'a str,
    status: StatusCode,
}

impl Reading<'_> {
    /// Returns the element that the operation's answer must hold.
    fn result(&self, call: &Call, answer: Answer) -> Result<Element, Error> {
        let content = self.content(answer)?;
        self.expect(call, content)
    }

    /// Returns what the SOAP body holds, unless a listed fault or status already says what happened.
    fn content(&self, answer: Answer) -> Result<Content, Error> {
        let retry_after = answer.retry_after();
        let listed = self.profile.verdicts.of_status(self.status);
        let content = if self.status.is_redirection() {
            return Err(Error::Redirected { status: self.status });
        } else {
            self.read(answer)
        };
        // A fault is License Central's own word, so it goes before the status.
        if let Ok(Content::Fault(fault)) = &content
            && let Some(sorted) = self.profile.verdicts.of_fault(&fault.code)
        {
            return Err(self.sorted(sorted, &fault.code, Some(fault), retry_after));
        }
        match listed {
            Some(sorted) => Err(self.sorted(sorted, &format!("http status {}", self.status), None, retry_after)),
            None => content,
        }
    }

    fn read(&self, answer: Answer) -> Result<Content, Error> {
        let body = answer.body?;
        let header = |name| {
            answer
                .headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(self.foreign(format!(
                "the answer is compressed ({}), which was not asked for",
                short(encoding)
            )));
        }
        let media_type = header(CONTENT_TYPE);
        envelope::read(&body, media_type, &self.profile.verdicts.fault).map_err(|problem| self.foreign(problem))
    }

    fn expect(&self, call: &Call, content: Content) -> Result<Element, Error> {
        match content {
            Content::Fault(fault) => Err(Error::Fault {
                code: short(&fault.code),
                status: self.status,
            }),
            Content::Element(element) if !call.answer.fits(element.namespace.as_deref(), &element.name) => {
                let (found, expected) = (short(&element.name), &call.answer);
                Err(self.foreign(format!(
                    "the SOAP body holds {found}, not the {expected} of the profile"
                )))
            }
            Content::Element(_) if self.status != StatusCode::OK => {
                Err(self.foreign("a result with a status other than 200".to_owned()))
            }
            Content::Element(element) => Ok(element),
        }
    }

    fn sorted(
        &self,
        sorted: &Sorted,
        reason: &str,
        fault: Option<&fault::Fault>,
        retry_after: Option<std::time::Duration>,
    ) -> Error {
        match sorted {
            Sorted::NotAccepted => Error::Busy {
                reason: short(reason),
                retry_after,
            },
            Sorted::Unknown => Error::Fault {
                code: short(reason),
                status: self.status,
            },
            Sorted::Refused { report, sentence } => Error::Refused {
                order: self.order.to_owned(),
                fault: short(reason),
                code: report.clone(),
                sentence: fault::sentence(sentence, self.order, fault),
            },
        }
    }

    /// Refuses an answer that speaks of another order, for example out of a cache.
    fn same_order(&self, element: &Element, path: Option<&[Name]>) -> Result<(), Error> {
        // Both as XML Schema's "token" type sees them, which many servers declare.
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match self.optional(element, path)? {
            Some(number) if words(&number) != words(self.order) => Err(Error::ForeignOrder {
                order: self.order.to_owned(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    fn ticket(&self, element: &Element, path: &[Name]) -> Result<Ticket, Error> {
        let missing = || self.foreign("the answer holds no ticket where the profile expects it".to_owned());
        let text = self.optional(element, Some(path))?.ok_or_else(missing)?;
        self.profile
            .ticket
            .read(&text)
            .map(Ticket::new)
            .map_err(|shape| Error::ForeignTicket {
                order: self.order.to_owned(),
                shape,
            })
    }

    /// Returns the one text at a path; nothing, or nothing in it, is `None`, several are an error.
    fn optional(&self, element: &Element, path: Option<&[Name]>) -> Result<Option<String>, Error> {
        let Some(path) = path else { return Ok(None) };
        let all = element.all(path);
        let [one] = all.as_slice() else {
            if all.is_empty() {
                return Ok(None);
            }
            let name = path.last().map_or_else(String::new, ToString::to_string);
            return Err(self.foreign(format!("the answer holds {name} {} times", all.len())));
        };
        let text = one.trimmed();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    }

    fn foreign(&self, problem: String) -> Error {
        Error::Foreign {
            status: self.status,
            problem,
        }
    }
}

/// Cuts a foreign word so that it fits into a message and stays on its line.
fn short(text: &str) -> String {
    const MAX_CHARS: usize = 64;
    let cut: String = text.chars().take(MAX_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().count() > MAX_CHARS {
        format!("{cut}…")
    } else {
        cut
    }
}
