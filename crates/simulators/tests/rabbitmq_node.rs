//! A private RabbitMQ node, with the server that is really installed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use simulators::rabbitmq::{Error, Node, Options};
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Names the folder in which `holds_a_node_until_it_is_killed` is to run one.
const HOLDER_DIR: &str = "TICKETSMITH_TEST_NODE_DIR";

/// Asks a node for the first byte of its greeting.
async fn greeting(node: &Node) -> std::io::Result<u8> {
    let address = node.amqp_url();
    let address = address
        .trim_start_matches("amqp://guest:guest@")
        .trim_end_matches("/%2F")
        .to_owned();
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await?;
    stream.read_u8().await
}

fn server_pid(dir: &Path) -> Pid {
    let text = std::fs::read_to_string(dir.join("pid")).unwrap();
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn two_nodes_run_at_once_and_know_nothing_of_each_other() {
    let started = Instant::now();
    let (one, two) = tokio::join!(Node::start(Options::default()), Node::start(Options::default()));
    let (one, two) = (one.unwrap(), two.unwrap());
    println!("two nodes were ready after {:?}", started.elapsed());
    one.create_vhost("only here").await.unwrap();
    assert_eq!(one.management().queues("only here").await.unwrap(), []);
    assert!(matches!(
        two.management().queues("only here").await,
        Err(Error::Refused { status: 404, .. })
    ));
    one.delete_vhost("only here").await.unwrap();
    assert!(one.management().queues("only here").await.is_err());
    assert_ne!(one.amqp_url(), two.amqp_url());
}

#[tokio::test]
async fn a_node_comes_back_on_its_data_after_a_stop_and_after_a_kill() {
    let place = tempfile::tempdir().unwrap();
    let options = Options {
        dir: Some(place.path().to_owned()),
        ..Options::default()
    };
    let mut node = Node::start(options.clone()).await.unwrap();
    let address = node.amqp_url();
    node.create_vhost("kept").await.unwrap();
    node.stop().await.unwrap();
    assert!(!node.is_running());
    assert!(greeting(&node).await.is_err());
    node.restart().await.unwrap();
    node.kill().await.unwrap();
    drop(node);

    let node = Node::start(options).await.unwrap();
    assert_eq!(node.amqp_url(), address);
    assert_eq!(node.management().queues("kept").await.unwrap(), []);
}

#[tokio::test]
async fn a_frozen_node_is_silent_until_it_is_thawed_and_can_be_dropped_frozen() {
    let place = tempfile::tempdir().unwrap();
    let mut node = Node::start(Options {
        dir: Some(place.path().to_owned()),
        ..Options::default()
    })
    .await
    .unwrap();
    node.freeze().unwrap();
    assert!(
        timeout(Duration::from_millis(300), greeting(&node)).await.is_err(),
        "a frozen node answered"
    );
    node.thaw().unwrap();
    assert_eq!(greeting(&node).await.unwrap(), 1);
    node.freeze().unwrap();
    let server = server_pid(place.path());
    drop(node);
    eventually("the frozen server is gone", || test_kill_process(server).is_err()).await;
}

/// Not a test by itself: the process that the next tests kill. Without a folder it takes a temporary one.
#[tokio::test]
async fn holds_a_node_until_it_is_killed() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the way to tell a process of our own what to do"
    )]
    let Some(dir) = std::env::var_os(HOLDER_DIR) else {
        return;
    };
    let dir = (!dir.is_empty()).then(|| dir.into());
    let node = Node::start(Options {
        dir,
        ..Options::default()
    })
    .await
    .unwrap();
    println!("\nholding {}", node.dir().display());
    std::future::pending().await
}

/// Starts a process that holds a node, kills it without a word, and returns the folder and the server it had.
async fn killed_holder(dir: &Path) -> (PathBuf, Pid) {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_node_until_it_is_killed", "--nocapture"])
        .env(HOLDER_DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let dir = lines
        .find_map(|line| line.strip_prefix("holding ").map(PathBuf::from))
        .unwrap();
    let server = server_pid(&dir);
    test_kill_process(server).unwrap();
    kill_process(Pid::from_child(&holder), Signal::KILL).unwrap();
    holder.wait().unwrap();
    (dir, server)
}

#[tokio::test]
async fn a_node_ends_when_the_process_that_holds_it_is_killed() {
    let place = tempfile::tempdir().unwrap();
    let (_, server) = killed_holder(place.path()).await;
    eventually("the server is gone", || test_kill_process(server).is_err()).await;
    // Its folder is free again, with the same ports.
    Node::start(Options {
        dir: Some(place.path().to_owned()),
        ..Options::default()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_temporary_folder_goes_even_when_the_process_that_made_it_is_killed() {
    let (dir, server) = killed_holder(Path::new("")).await;
    eventually("the server is gone", || test_kill_process(server).is_err()).await;
    eventually("the folder is gone", || !dir.exists()).await;
}
