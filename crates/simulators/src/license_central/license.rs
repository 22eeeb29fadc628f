//! One license on a ticket and the states a customer takes it through in the WebDepot.

/// Where a license is. A new one is not yet collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LicenseState {
    /// On the ticket only.
    #[default]
    NotCollected,
    /// Handed to a container, which has not said so yet.
    Collected,
    /// The container's receipt has come.
    Confirmed,
    /// Given back; it can be collected again, into another container too.
    Returned,
}

/// What a person can do with a license in the WebDepot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenseAction {
    /// Collects it into a container.
    Activate,
    /// Brings the container's receipt.
    Confirm,
    /// Gives it back.
    Return,
}

impl LicenseState {
    /// Says the state in the words of the WebDepot.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotCollected => "not yet collected",
            Self::Collected => "collected",
            Self::Confirmed => "confirmed",
            Self::Returned => "returned",
        }
    }

    /// Lists what can be done now.
    #[must_use]
    pub fn actions(self) -> &'static [LicenseAction] {
        match self {
            Self::NotCollected | Self::Returned => &[LicenseAction::Activate],
            Self::Collected => &[LicenseAction::Confirm, LicenseAction::Return],
            Self::Confirmed => &[LicenseAction::Return],
        }
    }

    /// Says whether a container holds it.
    #[must_use]
    pub fn is_in_container(self) -> bool {
        matches!(self, Self::Collected | Self::Confirmed)
    }

    /// Finds the state after an action, if the action fits.
    #[must_use]
    pub fn after(self, action: LicenseAction) -> Option<Self> {
        self.actions().contains(&action).then_some(match action {
            LicenseAction::Activate => Self::Collected,
            LicenseAction::Confirm => Self::Confirmed,
            LicenseAction::Return => Self::Returned,
        })
    }
}

impl LicenseAction {
    /// Names it in a form.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Confirm => "confirm",
            Self::Return => "return",
        }
    }

    /// Finds it by the name in a form.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Activate, Self::Confirm, Self::Return]
            .into_iter()
            .find(|action| action.name() == name)
    }

    /// Says it on a button.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Confirm => "Confirm receipt",
            Self::Return => "Return",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_license_goes_round_and_skips_no_state() {
        let mut state = LicenseState::default();
        for (action, next) in [
            (LicenseAction::Activate, LicenseState::Collected),
            (LicenseAction::Confirm, LicenseState::Confirmed),
            (LicenseAction::Return, LicenseState::Returned),
            (LicenseAction::Activate, LicenseState::Collected),
        ] {
            state = state.after(action).unwrap();
            assert_eq!(state, next);
        }
        assert_eq!(LicenseState::NotCollected.after(LicenseAction::Confirm), None);
        assert_eq!(LicenseState::NotCollected.after(LicenseAction::Return), None);
        assert_eq!(LicenseState::Confirmed.after(LicenseAction::Activate), None);
    }
}
