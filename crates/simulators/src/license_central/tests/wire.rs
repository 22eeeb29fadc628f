//! The transport: chunks, keep-alive, limits, TLS, the WSDL, what is recorded.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::tls::TestCa;

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    let all = async {
        while !String::from_utf8_lossy(&read).contains(end) {
            if stream.read_buf(&mut read).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), all)
        .await
        .expect("no whole answer");
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn one_connection_takes_chunked_and_plain_calls_in_a_row() {
    let simulator = simulator().await;
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let order = enveloped(Version::Soap11, &create_order("1", "CM-PRO", "1"));
    for call in 0..3 {
        let head = "POST /soap/ HTTP/1.1\r\nHost: lc.example:99\r\nContent-Type: text/xml\r\nX-Unknown: 1\r\n";
        if call == 1 {
            stream
                .write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes())
                .await
                .unwrap();
            for piece in order.as_bytes().chunks(7) {
                stream
                    .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                    .await
                    .unwrap();
                stream.write_all(&[piece, b"\r\n"].concat()).await.unwrap();
            }
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        } else {
            stream
                .write_all(format!("{head}Content-Length: {}\r\n\r\n{order}", order.len()).as_bytes())
                .await
                .unwrap();
        }
        let answer = read_until(&mut stream, "</soap:Envelope>").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("http://lc.example:99/webdepot?ticket="), "{answer}");
    }
    assert_eq!(simulator.books()["1"].accepted, 3);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_its_call() {
    let simulator = simulator().await;
    let plan =
        crate::license_central::Plan::slow(crate::license_central::When::BeforeCommit, Duration::from_millis(150));
    simulator.faults().plan(plan);
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let order = enveloped(Version::Soap11, &create_order("1", "CM-PRO", "1"));
    let head = format!(
        "POST /soap HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n",
        order.len()
    );
    stream.write_all(format!("{head}{order}").as_bytes()).await.unwrap();
    until(|| simulator.in_progress().contains_key("1")).await;
    drop(stream);
    until(|| simulator.books().contains_key("1")).await;
}

#[tokio::test]
async fn a_request_over_a_mebibyte_is_a_fault_in_either_version() {
    let simulator = simulator().await;
    for version in BOTH {
        let long = format!(
            "{}<!--{}-->",
            enveloped(version, &create_order("1", "CM-PRO", "1")),
            "x".repeat(3 * 1024 * 1024)
        );
        let answered = Answered::read(version, post(&simulator, version, long).await.unwrap()).await;
        assert!(answered.fault().1.contains("longer than 1048576 bytes"));
        let padding = "x".repeat(1024 * 1024 - 1000);
        let just = format!(
            "{}<!--{padding}-->",
            enveloped(version, &create_order("2", "CM-PRO", "1"))
        );
        assert_eq!(post(&simulator, version, just).await.unwrap().status(), 200);
    }
    assert!(!simulator.books().contains_key("1"));
}

#[tokio::test]
async fn the_wsdl_says_the_address_it_was_asked_at() {
    let simulator = simulator().await;
    for query in ["?wsdl", "?WSDL", "?singleWsdl", "?wsdl="] {
        let url = format!("http://localhost:{}/soap{query}", simulator.address().port());
        let response = client().get(url).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/xml; charset=utf-8");
        let document = response.text().await.unwrap();
        let address = format!("location=\"http://localhost:{}/soap\"", simulator.address().port());
        assert_eq!(document.matches(&address).count(), 2, "{query}");
        assert!(tree::parse(&document).is_ok());
    }
    let response = client().get(simulator.ready().endpoint).send().await.unwrap();
    assert_eq!(
        (response.status(), response.headers()["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "POST")
    );
}

#[tokio::test]
async fn under_tls_the_authority_is_all_a_client_needs() {
    let ca = TestCa::for_localhost().unwrap();
    let tls = start(Options {
        tls: Some(ca.clone()),
        ..Options::default()
    })
    .await
    .unwrap();
    let ready = tls.ready();
    assert!(ready.endpoint.starts_with("https://127.0.0.1:"), "{ready:?}");
    let pem = std::fs::read(ready.ca_file.unwrap()).unwrap();
    let _ = client();
    for version in [reqwest::tls::Version::TLS_1_2, reqwest::tls::Version::TLS_1_3] {
        let trusting = Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .tls_version_min(version)
            .tls_version_max(version)
            .build()
            .unwrap();
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}/soap?wsdl", tls.address().port());
            let document = trusting.get(url).send().await.unwrap().text().await.unwrap();
            assert!(document.contains(&format!("location=\"https://{host}:{}/soap\"", tls.address().port())));
        }
    }
    let stranger = client().get(&ready.wsdl_url).send().await.unwrap_err();
    assert!(
        stranger.is_connect(),
        "an unknown authority is not trusted: {stranger:?}"
    );
}

#[tokio::test]
async fn what_arrives_is_kept_with_its_headers_as_it_came() {
    let simulator = simulator().await;
    let order = enveloped(Version::Soap12, &create_order("1", "CM-PRO", "1"));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request = client()
        .post(simulator.ready().endpoint)
        .header("content-type", "application/soap+xml")
        .header("traceparent", trace);
    request.body(order.clone()).send().await.unwrap();
    post(&simulator, Version::Soap11, "nonsense").await.unwrap();
    let arrivals = simulator.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(
        (arrivals[0].body.as_ref(), arrivals[0].header("traceparent")),
        (order.as_bytes(), Some(trace))
    );
    assert_eq!(
        arrivals[0].operation,
        Some(crate::license_central::Operation::CreateOrder)
    );
    assert_eq!(
        (arrivals[0].order_number.as_deref(), arrivals[0].version),
        (Some("1"), Some(Version::Soap12))
    );
    assert_eq!(
        (arrivals[1].operation, arrivals[1].version, arrivals[1].body.as_ref()),
        (None, None, b"nonsense".as_slice())
    );

    let plain = start(Options::default()).await.unwrap();
    ask(&plain, Version::Soap11, &create_order("1", "CM-PRO", "1")).await;
    assert!(plain.arrivals().is_empty(), "nothing is kept outside of scripted mode");
}

#[tokio::test]
async fn two_run_side_by_side_and_a_stopped_one_frees_its_port() {
    let (one, other) = (simulator().await, simulator().await);
    assert_ne!(one.address(), other.address());
    ask(&one, Version::Soap11, &create_order("1", "CM-PRO", "1")).await;
    assert!(other.books().is_empty());
    let address = one.address();
    let idle = TcpStream::connect(address).await.unwrap();
    one.shutdown().await;
    drop(idle);
    let again = start(Options {
        listen: address,
        ..Options::default()
    })
    .await
    .unwrap();
    assert!(again.books().is_empty());
    let taken = start(Options {
        listen: address,
        ..Options::default()
    })
    .await
    .unwrap_err();
    assert!(taken.to_string().contains(&address.to_string()));
}
