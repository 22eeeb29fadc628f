//! The client: what can be asked of License Central, and what it answers.

use schemas::{Customer, OrderLine, Ticket};
use tokio::time::Instant;

use crate::answer;
use crate::error::Error;
use crate::profile::{Operation, Profile};
use crate::render::{self, CheckedOrder};
use crate::settings::{ProfileChoice, Settings};
use crate::transport::{Outgoing, Transport};
use crate::web_depot;

/// An order as License Central shall see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The order number at License Central, made by [`Client::order_number`].
    pub number: String,
    /// Who receives the licenses.
    pub customer: Customer,
    /// What is licensed.
    pub lines: Vec<OrderLine>,
}

/// A ticket that was just issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The ticket, a bearer secret.
    pub ticket: Ticket,
    /// Where a customer redeems it.
    pub web_depot_link: Option<String>,
}

/// An order that License Central already holds.
///
/// `None` means that the profile does not say where that stands, or that the answer leaves it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The ticket, a bearer secret.
    pub ticket: Ticket,
    /// Where a customer redeems it.
    pub web_depot_link: Option<String>,
    /// Who received the licenses.
    pub customer_id: Option<String>,
    /// What was licensed, in License Central's order; one item may stand on several lines.
    pub lines: Option<Vec<FoundLine>>,
    /// How many times License Central accepted an order of this number; more than one is a double.
    pub accepted: Option<u32>,
}

/// One line of a found order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLine {
    /// The item.
    pub item_id: String,
    /// How many licenses of it.
    pub quantity: u64,
}

/// Speaks to one License Central. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    profile: std::sync::Arc<Profile>,
    prefix: String,
    web_depot_link: Option<String>,
}

impl Client {
    /// Reads the profile and the certificates; connects to nothing yet.
    ///
    /// # Errors
    /// When the settings or the profile are mistaken (all mistakes of each at once) or a file cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(Error::Settings(mistakes));
        }
        let profile = match &settings.profile {
            ProfileChoice::BuiltIn => Profile::built_in(settings.soap)?,
            ProfileChoice::Folder(folder) => Profile::load(folder, settings.soap)?,
        };
        let web_depot_link = settings
            .web_depot_link
            .clone()
            .or_else(|| profile.web_depot_link.clone());
        Ok(Self {
            transport: Transport::new(settings)?,
            profile: std::sync::Arc::new(profile),
            prefix: settings.order_number_prefix.clone(),
            web_depot_link,
        })
    }

    /// Returns the number under which License Central knows an order: the same for the same order and revision.
    pub fn order_number(&self, number: &str, revision: u32) -> String {
        self.profile.order_number.write(&self.prefix, number, revision)
    }

    /// Says whether the profile can look orders up.
    pub fn can_find(&self) -> bool {
        self.profile.find_order.is_some()
    }

    /// Orders licenses and returns their ticket.
    ///
    /// The request is sent at most once, whatever happens to connections, and not at all if `deadline` has passed when
    /// its body is about to be written: a process that was frozen and woken late does not send. The wait for the answer
    /// is bounded by the call time-out, not by the deadline.
    ///
    /// # Errors
    /// [`Error::class`] says what is known about the order. After [`crate::Class::Unknown`] it must be looked up, never
    /// sent again blindly: License Central takes a repeated order number as a wish for more licenses.
    pub async fn create_order(
        &self,
        order: &Order,
        deadline: Instant,
        traceparent: Option<&str>,
    ) -> Result<Issued, Error> {
        let profile = &self.profile;
        let checked = CheckedOrder::new(order, &profile.limits)?;
        let body = render::create_order(profile, &checked)?;
        let outgoing = Outgoing {
            body,
            soap: profile.soap,
            action: &profile.create_order.call.action,
            deadline: Some(deadline),
            traceparent,
        };
        let answer = self.transport.call(outgoing).await?;
        let issued = answer::create_order(profile, &order.number, answer)?;
        Ok(Issued {
            web_depot_link: self.link(issued.web_depot_link, &issued.ticket),
            ticket: issued.ticket,
        })
    }

    /// Looks an order up by the number that [`Client::order_number`] made; `None` means that License Central clearly
    /// said it has none.
    ///
    /// # Errors
    /// When there is no clear answer, or the profile has no such operation ([`Error::Unsupported`]).
    pub async fn find_order(&self, number: &str) -> Result<Option<Found>, Error> {
        let profile = &self.profile;
        let operation = profile
            .find_order
            .as_ref()
            .ok_or(Error::Unsupported(Operation::FindOrder))?;
        let body = render::find_order(profile, number)?;
        let outgoing = Outgoing {
            body,
            soap: profile.soap,
            action: &operation.call.action,
            deadline: None,
            traceparent: None,
        };
        let answer = self.transport.call(outgoing).await?;
        let Some(mut found) = answer::find_order(profile, operation, number, answer)? else {
            return Ok(None);
        };
        found.web_depot_link = self.link(found.web_depot_link, &found.ticket);
        Ok(Some(found))
    }

    /// Asks License Central for something without effect: whether it can be reached, lets us in and speaks this profile.
    ///
    /// # Errors
    /// When it does not answer as the profile expects.
    pub async fn probe(&self) -> Result<(), Error> {
        let profile = &self.profile;
        let body = render::probe(profile)?;
        let outgoing = Outgoing {
            body,
            soap: profile.soap,
            action: &profile.probe.action,
            deadline: None,
            traceparent: None,
        };
        let answer = self.transport.call(outgoing).await?;
        answer::probe(profile, answer)
    }

    /// Prefers the answer's own link; one that is no web address is left out, the ticket is worth more.
    fn link(&self, answered: Option<String>, ticket: &Ticket) -> Option<String> {
        let template = || Some(web_depot::fill(self.web_depot_link.as_deref()?, ticket));
        answered
            .filter(|link| web_depot::is_web_address(link))
            .or_else(template)
    }
}
