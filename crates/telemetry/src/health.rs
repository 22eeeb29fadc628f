//! Whether a process is alive and ready, check by check.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The readiness of a process: a named check for each neighbour. Ready means that every check passes.
#[derive(Debug, Clone, Default)]
pub struct Health {
    checks: Arc<Mutex<BTreeMap<String, Result<(), String>>>>,
}

/// Sets one named check.
#[derive(Debug, Clone)]
pub struct Check {
    health: Health,
    name: String,
}

impl Health {
    /// Adds a check, which fails with `starting` until it is set.
    pub fn check(&self, name: &str) -> Check {
        let check = Check {
            health: self.clone(),
            name: name.to_owned(),
        };
        check.fail("starting");
        check
    }

    /// Lists every check and why it fails.
    pub fn report(&self) -> Vec<(String, Result<(), String>)> {
        let checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks
            .iter()
            .map(|(name, state)| (name.clone(), state.clone()))
            .collect()
    }

    /// Says whether every check passes.
    pub fn is_ready(&self) -> bool {
        self.report().iter().all(|(_, state)| state.is_ok())
    }

    fn set(&self, name: &str, state: Result<(), String>) {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), state);
    }
}

impl Check {
    /// Notes that the check passes.
    pub fn pass(&self) {
        self.health.set(&self.name, Ok(()));
    }

    /// Notes why the check fails, in a sentence without secrets.
    pub fn fail(&self, reason: &str) {
        self.health.set(&self.name, Err(reason.to_owned()));
    }
}
