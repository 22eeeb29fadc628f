//! The error codes of the Pub/Sub API, as its `error-code` trailer tells them.
//!
//! <https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html>
#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

use crate::Class;

/// What the Pub/Sub API says about an ended call, apart from the gRPC status, which tells much less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Salesforce's, and `suffix` shows them")]
pub enum EventCode {
    ServiceUnavailable,
    ServiceAuthError,
    ServiceAuthHeadersInvalid,
    ServiceAuthRefreshInvalid,
    ServiceProtectionStreamLimitTriggered,
    ServiceProtectionTriggered,
    ServiceTenantLicense,
    ConcurrentClientLimitExceeded,
    TopicNotFound,
    TopicMetaPermission,
    TopicApiUnavailable,
    TopicValidationEmpty,
    SchemaApiUnavailable,
    SchemaValidationFailed,
    SchemaMetaPermission,
    FetchReplayIdCorrupted,
    FetchReplayIdValidationFailed,
    FetchRequestedEventsInvalid,
    FetchTopicMismatch,
    FetchReplayRepeated,
    FetchOverflow,
    FetchRequestInvalid,
    SubscriptionTopicCannotSubscribe,
    SubscriptionLimitExceeded,
    SubscriptionInternalError,
    PublishStreamSweeperTimeout,
    PublishEventCountInvalid,
    PublishTopicMismatch,
    PublishTopicValidationEmpty,
    PublishAuthRefreshInvalid,
    ManagedAlreadyActive,
    ManagedConfigStopped,
    ManagedConfigDeleted,
    ManagedDeveloperNameNotFound,
    ManagedSubscriptionIdNotFound,
    ManagedSubscriptionIdInvalid,
    ManagedIdOrDeveloperNameEmpty,
    ManagedFetchRequestEventsInvalid,
    ManagedFetchRequestInvalid,
    ManagedFetchRequestCommitRequestRestricted,
    ManagedFetchRequestAuthRequestRestricted,
}

impl EventCode {
    /// Every code there is.
    pub const ALL: [Self; 41] = [
        Self::ServiceUnavailable,
        Self::ServiceAuthError,
        Self::ServiceAuthHeadersInvalid,
        Self::ServiceAuthRefreshInvalid,
        Self::ServiceProtectionStreamLimitTriggered,
        Self::ServiceProtectionTriggered,
        Self::ServiceTenantLicense,
        Self::ConcurrentClientLimitExceeded,
        Self::TopicNotFound,
        Self::TopicMetaPermission,
        Self::TopicApiUnavailable,
        Self::TopicValidationEmpty,
        Self::SchemaApiUnavailable,
        Self::SchemaValidationFailed,
        Self::SchemaMetaPermission,
        Self::FetchReplayIdCorrupted,
        Self::FetchReplayIdValidationFailed,
        Self::FetchRequestedEventsInvalid,
        Self::FetchTopicMismatch,
        Self::FetchReplayRepeated,
        Self::FetchOverflow,
        Self::FetchRequestInvalid,
        Self::SubscriptionTopicCannotSubscribe,
        Self::SubscriptionLimitExceeded,
        Self::SubscriptionInternalError,
        Self::PublishStreamSweeperTimeout,
        Self::PublishEventCountInvalid,
        Self::PublishTopicMismatch,
        Self::PublishTopicValidationEmpty,
        Self::PublishAuthRefreshInvalid,
        Self::ManagedAlreadyActive,
        Self::ManagedConfigStopped,
        Self::ManagedConfigDeleted,
        Self::ManagedDeveloperNameNotFound,
        Self::ManagedSubscriptionIdNotFound,
        Self::ManagedSubscriptionIdInvalid,
        Self::ManagedIdOrDeveloperNameEmpty,
        Self::ManagedFetchRequestEventsInvalid,
        Self::ManagedFetchRequestInvalid,
        Self::ManagedFetchRequestCommitRequestRestricted,
        Self::ManagedFetchRequestAuthRequestRestricted,
    ];

    /// Returns Salesforce's name without the prefix `sfdc.platform.eventbus.grpc.`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::ServiceUnavailable => "service.unavailable",
            Self::ServiceAuthError => "service.auth.error",
            Self::ServiceAuthHeadersInvalid => "service.auth.headers.invalid",
            Self::ServiceAuthRefreshInvalid => "service.auth.refresh.invalid",
            Self::ServiceProtectionStreamLimitTriggered => "service.protection.stream.limit.triggered",
            Self::ServiceProtectionTriggered => "service.protection.triggered",
            Self::ServiceTenantLicense => "service.tenant.license",
            Self::ConcurrentClientLimitExceeded => "concurrent.client.limit.exceeded",
            Self::TopicNotFound => "topic.not.found",
            Self::TopicMetaPermission => "topic.meta.permission",
            Self::TopicApiUnavailable => "topic.api.unavailable",
            Self::TopicValidationEmpty => "topic.validation.empty",
            Self::SchemaApiUnavailable => "schema.api.unavailable",
            Self::SchemaValidationFailed => "schema.validation.failed",
            Self::SchemaMetaPermission => "schema.meta.permission",
            Self::FetchReplayIdCorrupted => "subscription.fetch.replayid.corrupted",
            Self::FetchReplayIdValidationFailed => "subscription.fetch.replayid.validation.failed",
            Self::FetchRequestedEventsInvalid => "subscription.fetch.requested.events.invalid",
            Self::FetchTopicMismatch => "subscription.fetch.topic.mismatch",
            Self::FetchReplayRepeated => "subscription.fetch.replay.repeated",
            Self::FetchOverflow => "subscription.fetch.overflow",
            Self::FetchRequestInvalid => "subscription.fetch.request.invalid",
            Self::SubscriptionTopicCannotSubscribe => "subscription.topic.cannot.subscribe",
            Self::SubscriptionLimitExceeded => "subscription.limit.exceeded",
            Self::SubscriptionInternalError => "subscription.internal.error",
            Self::PublishStreamSweeperTimeout => "publish.stream.sweeper.timeout",
            Self::PublishEventCountInvalid => "publish.event.count.invalid",
            Self::PublishTopicMismatch => "publish.topic.mismatch",
            Self::PublishTopicValidationEmpty => "publish.topic.validation.empty",
            Self::PublishAuthRefreshInvalid => "publish.auth.refresh.invalid",
            Self::ManagedAlreadyActive => "managed.subscription.already.active",
            Self::ManagedConfigStopped => "managed.subscription.config.stopped",
            Self::ManagedConfigDeleted => "managed.subscription.config.deleted",
            Self::ManagedDeveloperNameNotFound => "managed.subscription.developer.name.not.found",
            Self::ManagedSubscriptionIdNotFound => "managed.subscription.subscription.id.not.found",
            Self::ManagedSubscriptionIdInvalid => "managed.subscription.subscription.id.invalid",
            Self::ManagedIdOrDeveloperNameEmpty => "managed.subscription.id.or.developer.name.empty",
            Self::ManagedFetchRequestEventsInvalid => "managed.subscription.fetch.request.events.invalid",
            Self::ManagedFetchRequestInvalid => "managed.subscription.fetch.request.invalid",
            Self::ManagedFetchRequestCommitRequestRestricted => {
                "managed.subscription.fetch.request.commit.request.restricted"
            }
            Self::ManagedFetchRequestAuthRequestRestricted => {
                "managed.subscription.fetch.request.auth.request.restricted"
            }
        }
    }

    /// Says what a call that ended so means for the next one.
    pub fn class(self) -> Class {
        match self {
            Self::ServiceUnavailable
            | Self::ServiceProtectionStreamLimitTriggered
            | Self::ServiceProtectionTriggered
            | Self::TopicApiUnavailable
            | Self::SchemaApiUnavailable
            | Self::FetchReplayRepeated
            | Self::FetchOverflow
            | Self::SubscriptionInternalError
            | Self::PublishStreamSweeperTimeout
            | Self::ManagedAlreadyActive => Class::Transient,
            Self::ServiceAuthError | Self::ServiceAuthRefreshInvalid | Self::PublishAuthRefreshInvalid => {
                Class::Reauthenticate
            }
            Self::ConcurrentClientLimitExceeded | Self::SubscriptionLimitExceeded => Class::Quota,
            // The second is documented for "no id given", which never happens here: then it means our id as well.
            Self::FetchReplayIdCorrupted | Self::FetchReplayIdValidationFailed => Class::StaleCheckpoint,
            Self::ServiceAuthHeadersInvalid
            | Self::ServiceTenantLicense
            | Self::TopicNotFound
            | Self::TopicMetaPermission
            | Self::TopicValidationEmpty
            | Self::SchemaValidationFailed
            | Self::SchemaMetaPermission
            | Self::FetchRequestedEventsInvalid
            | Self::FetchTopicMismatch
            | Self::FetchRequestInvalid
            | Self::SubscriptionTopicCannotSubscribe
            | Self::PublishEventCountInvalid
            | Self::PublishTopicMismatch
            | Self::PublishTopicValidationEmpty
            | Self::ManagedConfigStopped
            | Self::ManagedConfigDeleted
            | Self::ManagedDeveloperNameNotFound
            | Self::ManagedSubscriptionIdNotFound
            | Self::ManagedSubscriptionIdInvalid
            | Self::ManagedIdOrDeveloperNameEmpty
            | Self::ManagedFetchRequestEventsInvalid
            | Self::ManagedFetchRequestInvalid
            | Self::ManagedFetchRequestCommitRequestRestricted
            | Self::ManagedFetchRequestAuthRequestRestricted => Class::Configuration,
        }
    }

    /// Reads the `error-code` trailer. Matched by its end, and the longest name wins: some end in others.
    pub(super) fn from_error_code(text: &str) -> Option<Self> {
        Self::longest(|suffix| text.ends_with(suffix))
    }

    /// Guesses the code from the status message, for when the trailer is missing.
    pub(super) fn from_message(text: &str) -> Option<Self> {
        Self::longest(|suffix| text.contains(suffix)).or_else(|| {
            let sentences = [
                ("Replay ID validation failed", Self::FetchReplayIdCorrupted),
                ("authentication exception occurred", Self::ServiceAuthError),
                ("exceeded the event delivery limit", Self::SubscriptionLimitExceeded),
                ("The topic information for org", Self::TopicNotFound),
                (
                    "An error occurred while getting the metadata for org",
                    Self::TopicMetaPermission,
                ),
                ("The service is unavailable", Self::ServiceUnavailable),
            ];
            sentences
                .into_iter()
                .find_map(|(sentence, code)| text.contains(sentence).then_some(code))
        })
    }

    fn longest(matches: impl Fn(&str) -> bool) -> Option<Self> {
        Self::ALL
            .into_iter()
            .filter(|code| matches(code.suffix()))
            .max_by_key(|code| code.suffix().len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_found_by_its_whole_name_and_by_its_end() {
        assert_eq!(
            EventCode::ALL.into_iter().collect::<HashSet<_>>().len(),
            EventCode::ALL.len()
        );
        for code in EventCode::ALL {
            let whole = format!("sfdc.platform.eventbus.grpc.{}", code.suffix());
            assert_eq!(EventCode::from_error_code(&whole), Some(code));
            assert_eq!(EventCode::from_error_code(code.suffix()), Some(code));
            assert_eq!(EventCode::from_message(&format!("boom ({whole}) rpcId: 1")), Some(code));
        }
        assert_eq!(
            EventCode::from_error_code("sfdc.platform.eventbus.grpc.brand.new"),
            None
        );
    }

    #[test]
    fn the_sentences_seen_in_the_field_tell_the_code_where_the_trailer_is_lost() {
        for (message, code) in [
            (
                "The Replay ID validation failed. Ensure that the Replay ID is valid. rpcId: 1",
                EventCode::FetchReplayIdCorrupted,
            ),
            (
                "An authentication exception occurred. Provide valid authentication via metadata headers. rpcId: 1",
                EventCode::ServiceAuthError,
            ),
            (
                "You have exceeded the event delivery limit for your org.",
                EventCode::SubscriptionLimitExceeded,
            ),
            (
                "The topic information for org CORE/prod/00D and topic /event/X__e not found. Ensure the topic name …",
                EventCode::TopicNotFound,
            ),
            (
                "The service is unavailable. Try again later. rpcId: 1",
                EventCode::ServiceUnavailable,
            ),
        ] {
            assert_eq!(EventCode::from_message(message), Some(code));
        }
        assert_eq!(EventCode::from_message("RST_STREAM closed stream"), None);
    }

    #[test]
    fn the_classes_are_those_of_the_table() {
        let class = |code: EventCode| code.class();
        let of = |wanted| {
            EventCode::ALL
                .into_iter()
                .filter(move |code| class(*code) == wanted)
                .count()
        };
        assert_eq!(of(Class::StaleCheckpoint), 2);
        assert_eq!(of(Class::Quota), 2);
        assert_eq!(of(Class::Reauthenticate), 3);
        assert_eq!(of(Class::Transient), 10);
        assert_eq!(of(Class::Configuration), 24);
    }
}
