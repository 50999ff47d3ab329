//! Shutdown: late requests are left to the next server, and no acknowledged event is lost.

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::support::{TestApp, bodies, builders::Connection, raw, webhook_request::Post};

fn captured(connection: &Connection, id: &str) -> Post {
    connection.post(bodies::payment("payment.captured", id, 0))
}

/// Returns a keep-alive connection that has already delivered an event.
async fn kept_alive(post: &Post) -> TcpStream {
    let mut stream = post.begin(&[]).await;
    stream.write_all(post.bytes()).await.unwrap();
    assert_eq!(raw::status_line(&mut stream).await, "HTTP/1.1 200 OK");
    stream
}

/// Sends new requests until no server listens: each is refused or answered with a retry status.
async fn sent_away(post: &Post) {
    loop {
        let Ok(answer) = post.attempt().await else {
            return;
        };
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "30");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_during_shutdown_are_turned_away_and_no_acknowledged_event_is_lost() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    let [early, late, later] = ["pay_early", "pay_late", "pay_later"].map(|id| captured(&connection, id));
    let mut open = kept_alive(&captured(&connection, "pay_before")).await;
    let mut half = early.begun().await;

    let during = async {
        sent_away(&late).await;
        // The server closes an idle connection, or responds on it; never with 200.
        let _ = open.write_all(&[&later.head(&[])[..], later.bytes()].concat()).await;
        let answer = raw::read_to_end(&mut open).await;
        assert!(answer.0.is_empty() || answer.status() == 503, "{answer:?}");
        // The request may have been given up after its 3 s.
        let _ = half.write_all(early.bytes()).await;
        raw::read_to_end(&mut half).await.status()
    };
    let ((), status) = tokio::join!(app.stop(), during);
    assert!(matches!(status, 200 | 408 | 503), "{status}");

    assert_eq!(app.events().await.len(), if status == 200 { 2 } else { 1 }, "{status}");
    app.restart().await;
    let connection = connection.at(app.address);
    for id in ["pay_early", "pay_late", "pay_later"] {
        captured(&connection, id).stored().await;
    }
    assert_eq!((app.events().await.len(), app.transactions().await.len()), (4, 4));
}
