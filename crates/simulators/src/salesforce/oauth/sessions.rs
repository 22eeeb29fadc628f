//! Access tokens: one per user and app while it is valid.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use tokio::time::Instant;

use crate::salesforce::org::lock;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

/// The org's access tokens, and the key that signs assertions.
pub(in crate::salesforce) struct Sessions {
    pub(super) key: DecodingKey,
    prefix: String,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    /// Tokens that were given out; the value says whether a stream may go on with it.
    former: HashMap<String, bool>,
}

struct Token {
    text: String,
    used: Instant,
}

/// A good token, seen at the start of a call.
#[derive(Debug, Clone)]
pub(in crate::salesforce) struct Session {
    token: String,
}

impl Sessions {
    pub(in crate::salesforce) fn new(org_id: &str, timeout: Duration, key: DecodingKey) -> Self {
        Self {
            key,
            prefix: org_id.get(..15).unwrap_or(org_id).to_owned(),
            timeout,
            state: Mutex::default(),
        }
    }

    /// Returns the current token, and whether it had to be made. It is the same as long as it is valid.
    pub(super) fn sign_in(&self) -> (String, bool) {
        let mut state = lock(&self.state);
        state.time_out(self.timeout);
        if let Some(token) = &mut state.current {
            token.used = Instant::now();
            return (token.text.clone(), false);
        }
        let random: String = (0..96)
            .map(|_| char::from(LETTERS[rand::random_range(0..LETTERS.len())]))
            .collect();
        let text = format!("{}!{random}", self.prefix);
        state.current = Some(Token {
            text: text.clone(),
            used: Instant::now(),
        });
        (text, true)
    }

    /// Looks a token up, which keeps it alive.
    pub(in crate::salesforce) fn find(&self, token: &str) -> Option<Session> {
        let mut state = lock(&self.state);
        state.time_out(self.timeout);
        let current = state.current.as_mut().filter(|current| current.text == token)?;
        current.used = Instant::now();
        Some(Session {
            token: token.to_owned(),
        })
    }

    /// Whether a stream that began with this session may go on: it outlives the token's age, not its revocation.
    pub(in crate::salesforce) fn may_go_on(&self, session: &Session) -> bool {
        lock(&self.state).former.get(&session.token).copied().unwrap_or(true)
    }

    /// Lets all tokens die of age.
    pub(in crate::salesforce) fn expire(&self) {
        lock(&self.state).end(true);
    }

    /// Revokes all tokens.
    pub(in crate::salesforce) fn revoke_all(&self) {
        let mut state = lock(&self.state);
        state.end(false);
        state.former.values_mut().for_each(|may_go_on| *may_go_on = false);
    }

    /// Revokes one token; false if it was none.
    pub(super) fn revoke(&self, token: &str) -> bool {
        let mut state = lock(&self.state);
        let known = state.current.as_ref().is_some_and(|current| current.text == token);
        if known {
            state.end(false);
        }
        known
    }
}

impl State {
    fn time_out(&mut self, timeout: Duration) {
        if self
            .current
            .as_ref()
            .is_some_and(|token| token.used.elapsed() > timeout)
        {
            self.end(true);
        }
    }

    fn end(&mut self, streams_go_on: bool) {
        if let Some(token) = self.current.take() {
            self.former.insert(token.text, streams_go_on);
        }
    }
}

impl std::fmt::Debug for Sessions {
    /// Leaves tokens and key out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
