//! The demo, as README names it: orders become tickets, and the books are counted at the simulators.

use simulators::rabbitmq::Vhost;
use std::process::{Child, Command, Stdio};

fn demo(vhost: &Vhost, orders: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ticketsmith"))
        .args(["demo", "--exit", "--json", "--orders", orders, "--amqp", vhost.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn books(child: Child) -> serde_json::Value {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(printed.lines().last().unwrap()).unwrap_or_else(|error| panic!("{error}: {printed}\n{said}"))
}

#[tokio::test]
async fn two_demos_at_once_each_balance_their_books() {
    let (one, two) = (Vhost::make().await.unwrap(), Vhost::make().await.unwrap());
    for child in [demo(&one, "40"), demo(&two, "6")].map(books).iter().zip([40, 6]) {
        let (books, orders) = child;
        assert_eq!(books["orders"], orders);
        assert_eq!(books["tickets"], orders - 1, "one order names an unknown item: {books}");
        assert_eq!((&books["doubled"], &books["lost"]), (&0.into(), &0.into()), "{books}");
        assert_eq!(books["dead_letters"], 1, "{books}");
    }
}
