//! Seeds of the fuzzer: synthetic events of every kind, and forms as people fill them in.

pub mod oracles;

use std::{fs, path::Path};

const AT: i64 = 1_795_000_000;
const SECRETS: &str = "secret c2l4dGVlbiBsZXR0ZXJzIGFuZCBtb3JlIG9mIHRo\nover b25lIHRoYXQgaXMgb3Zlciwgd2hpY2ggY291bnRzIG5v\n";
const RAZORPAY: &str = "x-razorpay-event-id: evt_1\nx-razorpay-signature: {hex0}\n";
const STANDARD: &str = "webhook-id: msg_1\nwebhook-timestamp: 1795000000\nwebhook-signature: v1,{base0} v1a,AAAA v1,{base1}\n";
const LINES: &[&str] = &[
    "/webhooks/wh_0123456789012345678901",
    "/ks-pay?q=a&page=2",
    "//elsewhere.example/\\",
    "https://pay.neemtree.example/webhooks/wh_x",
    "shop.neemtree.example",
    "whsec_c2l4dGVlbiBsZXR0ZXJzIGFuZCBtb3JlIG9mIHRo",
    "ap_01234567890",
    "INR",
    "Owner@Neemtree.Example",
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
];
const FORMS: &[&str] = &[
    "token=t&company=Neem+Tree&name=Asha&email=asha%40neemtree.example&password=violet+tram+over+nine+bridges",
    "name=Neem+Tree+Store&email=shop%40neemtree.example&country=IN&address=&phone=%2B91+00000+00000&city=Pune",
    "q=pay_1&from=2026-11-01&to=2026-11-10&status=captured&before=1795343403000_tx_01234567890",
    "mode=test&state=processed&type=payment.captured",
];

/// Writes the seeds to the directory named by `FUZZ_SEEDS`, if it is set; called before the fuzzer reads it.
///
/// # Panics
/// When the directory cannot be written: a run without seeds would prove little.
pub fn sow(seeds: impl FnOnce() -> Vec<Vec<u8>>) {
    let Some(directory) = std::env::var_os("FUZZ_SEEDS") else { return };
    for (number, seed) in seeds().iter().enumerate() {
        fs::write(Path::new(&directory).join(format!("seed-{number:03}")), seed).expect("seeds can be written");
    }
}

/// Requests with every event, signed as each gateway does.
#[must_use]
pub fn signed() -> Vec<Vec<u8>> {
    let with = |head: &str, body: &[u8]| [SECRETS.as_bytes(), head.as_bytes(), b"\n", body].concat();
    bodies().iter().flat_map(|events| [RAZORPAY, STANDARD].map(|head| with(head, &events[0]))).collect()
}

/// Complete payment life cycles, and each event by itself.
#[must_use]
pub fn payments() -> Vec<Vec<u8>> {
    bodies().iter().map(|events| events.join(&b"\n--\n"[..])).collect()
}

/// Requests and forms, with the typed value in the first line.
#[must_use]
pub fn requests() -> Vec<Vec<u8>> {
    let form = |(line, form): (&&str, &&str)| format!("{line}\n{RAZORPAY}{STANDARD}\n{form}").into_bytes();
    let sent = |events: &Vec<Vec<u8>>| [LINES[0].as_bytes(), b"\ncookie: a\n\n", &events[0]].concat();
    LINES.iter().zip(FORMS.iter().cycle()).map(form).chain(bodies().iter().map(sent)).collect()
}

/// The SHA-256 of a body, and the frame of a request with it.
#[must_use]
pub fn frames() -> Vec<Vec<u8>> {
    let frame = |body: &Vec<u8>| {
        let sha256 = ring::digest::digest(&ring::digest::SHA256, body);
        [sha256.as_ref(), &ks_pay::fuzzing::pack(r#"[["content-type","application/json"]]"#, body)].concat()
    };
    bodies().iter().map(|events| frame(&events[0])).collect()
}

/// Complete payment life cycles, and each event by itself.
fn bodies() -> Vec<Vec<Vec<u8>>> {
    ks_pay::fuzzing::sample_bodies(AT)
}
