//! The topology: declared, checked, and used with the least rights.

use crate::place::{Place, Running, TIERS, eventually, message};
use broker::{
    Broker, Disposition, Error, PublishError, Settings,
    topology::{DEAD, Finding, REQUESTS, Role, Topology, UNROUTED},
};
use lapin::{
    options::{QueueDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn what_apply_declares_passes_the_check_and_a_second_apply_creates_nothing() {
    let place = Place::empty().await;
    let topology = Topology::new(&TIERS);
    assert_eq!(topology.apply(&place.settings).await.unwrap(), 6);
    topology.check(&place.settings).await.unwrap();
    assert_eq!(topology.apply(&place.settings).await.unwrap(), 0);
}

#[tokio::test]
async fn the_committed_definitions_pass_the_check_when_imported() {
    let place = Place::empty().await;
    let definitions = include_str!("../../../../deploy/rabbitmq/definitions.json");
    let definitions = serde_json::from_str(definitions).unwrap();
    place
        .vhost
        .management()
        .import_definitions(place.vhost.name(), definitions)
        .await
        .unwrap();
    Topology::new(&Settings::default().tiers)
        .check(&place.settings)
        .await
        .unwrap();
}

#[tokio::test]
async fn everything_that_is_missing_or_differs_is_found_at_once() {
    let place = Place::new().await;
    let stranger = place.stranger().await;
    for queue in [DEAD, UNROUTED] {
        stranger
            .queue_delete(queue.into(), QueueDeleteOptions::default())
            .await
            .unwrap();
    }
    let durable = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    stranger
        .queue_declare(DEAD.into(), durable, FieldTable::default())
        .await
        .unwrap();

    let checked = Topology::new(&TIERS).check(&place.settings).await;
    let Err(Error::Topology(findings)) = checked else {
        panic!("{checked:?}")
    };
    assert!(
        matches!(&findings[..], [Finding::Differs { what: dead, .. }, Finding::Missing { what: unrouted }]
            if dead.ends_with(DEAD) && unrouted.ends_with(UNROUTED)),
        "{findings:?}"
    );
    // Applying creates what is missing and changes nothing that exists.
    let applied = Topology::new(&TIERS).apply(&place.settings).await;
    assert!(
        matches!(&applied, Err(Error::Topology(findings)) if findings.len() == 1),
        "{applied:?}"
    );
}

#[tokio::test]
async fn a_process_that_may_not_declare_names_everything_it_misses() {
    let place = Place::empty().await;
    let settings = Settings {
        declare: false,
        ..place.settings.clone()
    };
    let broker = Broker::connect(&settings, CancellationToken::new()).await.unwrap();
    let prepared = broker.prepare(Role::Report).await;
    assert!(
        matches!(&prepared, Err(Error::Topology(findings)) if findings.len() == 3),
        "{prepared:?}"
    );
}

#[tokio::test]
async fn each_role_works_with_the_least_rights_and_has_no_more() {
    let place = Place::new().await;
    for role in [Role::Producer, Role::Fulfil, Role::Report, Role::Operator] {
        let name = format!("{}-{}", role.user(), place.vhost.name());
        let rights = role.rights();
        place.vhost.management().create_user(&name, "secret").await.unwrap();
        place
            .vhost
            .management()
            .grant(
                place.vhost.name(),
                &name,
                [&rights.configure, &rights.write, &rights.read],
            )
            .await
            .unwrap();
        let url = place
            .settings
            .url
            .expose_secret()
            .replace("guest:guest", &format!("{name}:secret"));
        let settings = Settings {
            url: url.into(),
            declare: false,
            ..place.settings.clone()
        };
        let broker = Broker::connect(&settings, CancellationToken::new()).await.unwrap();
        broker.prepare(role).await.unwrap();
        for exchange in role.writes() {
            // Where nobody is bound it comes back: that, too, shows that we may.
            let published = broker
                .publisher()
                .publish(exchange, "5s.nowhere", &message("one"))
                .await;
            assert!(
                matches!(published, Ok(()) | Err(PublishError::Returned { .. })),
                "{role:?}: {published:?}"
            );
        }
        for queue in role.measures() {
            broker.queue_depth(queue).await.unwrap();
        }
        for queue in role.reads().iter().copied() {
            Running::start(&broker, queue, 1, |_| std::future::ready(Disposition::Done))
                .stop()
                .await;
        }
        let forbidden = broker.publisher().publish("", REQUESTS, &message("one")).await;
        assert!(
            matches!(forbidden, Err(PublishError::Forbidden { .. })),
            "{role:?}: {forbidden:?}"
        );
        broker.close().await;
    }
}

#[tokio::test]
async fn a_policy_that_overrules_the_delivery_limit_is_found() {
    let place = Place::new().await;
    let topology = Topology::new(&TIERS);
    let management = place.vhost.management();
    let address = management.address();
    topology.check_policies(&place.settings, address).await.unwrap();
    let definition = serde_json::json!({"delivery-limit": 3});
    management
        .set_policy(place.vhost.name(), "small", "dead$", definition)
        .await
        .unwrap();
    let mut found = Ok(());
    // A policy takes a moment to arrive at its queues.
    eventually("the policy is found", async || {
        found = topology.check_policies(&place.settings, address).await;
        found.is_err()
    })
    .await;
    let Err(Error::Topology(findings)) = found else {
        panic!("{found:?}")
    };
    assert!(
        matches!(&findings[..], [Finding::Policy { what, key, .. }] if what.ends_with(DEAD) && key == "delivery-limit")
    );
    // The arguments are still as they were.
    topology.check(&place.settings).await.unwrap();
}
