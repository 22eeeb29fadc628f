//! A vhost of its own for each test, on one RabbitMQ node for all.

use std::sync::atomic::{AtomicU32, Ordering};

use broker::topology::Topology;
use simulators::rabbitmq::{Management, Node, Options};
use tokio::sync::OnceCell;

/// The node that all tests of this process share: the one the harness names, or our own, which ends with the process.
enum Shared {
    Ours(Box<Node>),
    Running { amqp: String, management: Management },
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

async fn shared() -> &'static Shared {
    let start = async || {
        #[expect(
            clippy::disallowed_methods,
            reason = "the harness of the tests names a running node here"
        )]
        let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (
            named("TICKETSMITH_TEST_AMQP"),
            named("TICKETSMITH_TEST_RABBITMQ_MANAGEMENT"),
        ) {
            (Some(amqp), Some(management)) => Shared::Running {
                amqp,
                management: Management::new(&management).unwrap(),
            },
            _ => Shared::Ours(Box::new(Node::start(Options::default()).await.unwrap())),
        }
    };
    SHARED.get_or_init(start).await
}

/// A vhost with the topology in it.
pub(crate) struct Vhost {
    pub(crate) settings: broker::Settings,
}

impl Vhost {
    pub(crate) async fn new() -> Self {
        let name = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (url, management) = match shared().await {
            Shared::Ours(node) => (node.vhost_url(&name), node.management().clone()),
            Shared::Running { amqp, management } => {
                let mut url = url::Url::parse(amqp).unwrap();
                url.set_path(&name);
                (url.to_string(), management.clone())
            }
        };
        let settings = broker::Settings {
            url: url.into(),
            ..broker::Settings::default()
        };
        management.create_vhost(&name).await.unwrap();
        // Quicker than declaring, which waits until new queues survive a killed node: nobody kills this one.
        let definitions = serde_json::from_str(&Topology::new(&settings.tiers).definitions_json()).unwrap();
        management.import_definitions(&name, definitions).await.unwrap();
        Self { settings }
    }
}
