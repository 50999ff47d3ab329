//! Runs the commands in a shell, against a server that reads what they send.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Command as Process,
    thread,
};

use bytes::Bytes;

use super::*;
use crate::{
    gateways::{Gateway, adapter::Incoming},
    primitives::{secret::Secret, time::Clock},
};

const SECRET: &str = "c2VjcmV0IG9mIGEgZGV2ZWxvcGVyJ3Mgb3duIG1hY2hpbmUh";

/// A request as the developer's server reads it.
struct Received {
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl Received {
    fn read(listener: &TcpListener) -> Self {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim_end().is_empty() {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let header = |line: &String| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.as_bytes().to_vec())
        };
        let headers: Vec<_> = lines[1..].iter().map(header).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length").unwrap();
        let mut body = vec![0; std::str::from_utf8(&length.1).unwrap().parse().unwrap()];
        if headers.iter().any(|(name, _)| name == "expect") {
            reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        Self { headers, body: body.into() }
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        std::str::from_utf8(value.unwrap_or_default()).unwrap()
    }

    /// Checks the request as KS Pay checks one of this gateway.
    fn is_verified(&self, gateway: Gateway, secret: &str) -> bool {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        let request = Incoming { headers: &headers, body: &self.body };
        gateway.adapter().check(&request, &Secret::parse(secret).unwrap(), Clock::system().now()).is_ok()
    }
}

fn command(gateway: Gateway, body: &[u8]) -> Command {
    let stored = Stored { body, file: "ev_1.bin", content_type: Some("application/json"), event_id: Some("evt_1") };
    gateway.profile().signature.replay_command(&stored).unwrap()
}

/// Runs a command in the directory, with the secret in its environment, and returns what a server received.
fn run(command: &Command, secret: &str, directory: &Path) -> Received {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("url=http://{}/webhook", listener.local_addr().unwrap());
    let text = command.text.replacen(&format!("url={URL}"), &own, 1);
    let server = thread::spawn(move || Received::read(&listener));
    let mut shell = Process::new("sh");
    let shell = shell.arg("-c").arg(&text).env("WEBHOOK_SECRET", secret).env("no_proxy", "*").current_dir(directory);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    server.join().unwrap()
}

#[test]
fn a_command_sends_the_exact_body_with_the_signature_of_the_gateway() {
    let directory = tempfile::tempdir().unwrap();
    let bodies: &[&[u8]] = &[
        br#"{"event":"payment.captured","amount":1.0}"#,
        br#"{"a":"it's","b":"''","c":"\"$HOME\" `id` $(id) \\ ! # ; & | > < * ? ~ %s %n"}"#,
        b"'; touch stolen; '",
        b"@/etc/hostname",
        b"-H",
        b"first\nsecond\n\n",
        "नीम का पेड़ ₹".as_bytes(),
        b"nul \0 here",
        b"carriage\r\nreturn\ttab",
        b"\x1b[201~\rtouch stolen\r",
        b"not UTF-8 \xff\xfe",
        "turned \u{202e}round".as_bytes(),
    ];
    for body in bodies {
        std::fs::write(directory.path().join("ev_1.bin"), body).unwrap();
        for (gateway, secret) in
            [(Gateway::RAZORPAY, SECRET), (Gateway::RAZORPAY, "with 'quotes' $HOME"), (Gateway::STANDARD_WEBHOOKS, SECRET)]
        {
            let command = command(gateway, body);
            let received = run(&command, secret, directory.path());
            assert_eq!(received.body, body, "{}", command.text);
            assert!(received.is_verified(gateway, secret), "{}", command.text);
            assert!(!received.is_verified(gateway, &SECRET.to_uppercase()), "another secret");
            assert_eq!(received.header(gateway.profile().signature.id_header), "evt_1");
        }
    }
    let prefixed = run(&command(Gateway::STANDARD_WEBHOOKS, b"{}"), &format!("whsec_{SECRET}"), directory.path());
    assert!(prefixed.is_verified(Gateway::STANDARD_WEBHOOKS, SECRET), "as the console shows the secret");
    assert!(!directory.path().join("stolen").exists(), "nothing that was received is run");
}

#[test]
fn a_command_has_no_secret_and_no_signature_and_names_the_file_where_a_shell_would_change_the_body() {
    for gateway in [Gateway::RAZORPAY, Gateway::STANDARD_WEBHOOKS] {
        let text = command(gateway, b"{}").text;
        assert!(
            text.starts_with("url=http://localhost:") && text.contains("$WEBHOOK_SECRET") || text.contains("${WEBHOOK_SECRET")
        );
        let signed = |line: &&str| line.contains(gateway.profile().signature.display_header);
        let lines: Vec<&str> = text.lines().filter(signed).collect();
        assert!(lines.len() == 1 && lines[0].contains("| openssl dgst -sha256 "), "{text}");
    }
    for body in [&b"\0"[..], b"\r", b"\t", b"\x1b", b"\x7f", "\u{9b}".as_bytes(), "\u{202e}".as_bytes(), b"\xff"] {
        let command = command(Gateway::RAZORPAY, body);
        assert!(command.is_from_file && command.text.ends_with("--data-binary @ev_1.bin"), "{body:?}: {}", command.text);
    }
    assert!(command(Gateway::RAZORPAY, "a".repeat(MAX_INLINE_BYTES + 1).as_bytes()).is_from_file);
    assert!(!command(Gateway::RAZORPAY, "ab\n'नी'".as_bytes()).is_from_file);
}

#[test]
fn a_header_that_a_shell_or_curl_could_take_for_something_else_is_left_out() {
    let of = |content_type, event_id| {
        let stored = Stored { body: b"{}", file: "ev_1.bin", content_type, event_id };
        Gateway::RAZORPAY.profile().signature.replay_command(&stored).unwrap().text
    };
    assert!(of(Some("text/plain; charset='x'"), None).contains(r"-H 'Content-Type: text/plain; charset='\''x'\'''"));
    for hostile in ["a\nb", "a\r\nx: y", "नीम", "", &"a".repeat(300)] {
        let text = of(Some(hostile), Some(hostile));
        assert!(text.contains("'Content-Type: application/json'") && !text.contains("x-razorpay-event-id"), "{text}");
    }
}
