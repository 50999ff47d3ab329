//! Trains a dictionary for stored payloads: `scripts/train-dictionary` runs it.
//!
//! Invariant: every sample is invented, by the generators of sample events and by the headers below. Nothing that was received
//! is a sample.

use std::{env, fs};

use rand::{RngExt as _, rngs::ThreadRng};

use super::contents_of;
use crate::{
    events::headers,
    gateways::{
        Gateway,
        adapter::borrow_headers,
        fictitious,
        samples::{LifeCycle, Merchant, Pace, Sample},
    },
    primitives::{secret::Secret, time::Timestamp},
};

/// Larger ones take longer to load for each frame, and save little more.
const DICTIONARY_BYTES: usize = 32 * 1024;
/// How often each event of each gateway is generated.
const ROUNDS: usize = 60;
/// 2026-01-01, in Unix seconds. The samples are of the year that begins then.
const BEGIN: i64 = 1_767_225_600;
const YEAR: i64 = 365 * 24 * 3600;

/// Headers that proxies add, as `name: value`. `#` stands for a random digit.
const PROXIES: &[&[&str]] = &[
    &[],
    &["x-forwarded-for: ##.###.##.##", "x-forwarded-proto: https", "x-real-ip: ##.###.##.##"],
    &["x-forwarded-for: ##.###.##.##", "x-forwarded-host: pay.example.com", "x-forwarded-proto: https", "via: 1.1 Caddy"],
    &[
        "cf-connecting-ip: ##.###.##.##",
        "cf-ipcountry: IN",
        "cf-ray: ################-BOM",
        "cf-visitor: {\"scheme\":\"https\"}",
        "cdn-loop: cloudflare; loops=1",
        "x-forwarded-for: ##.###.##.##",
        "x-forwarded-proto: https",
    ],
];

#[test]
#[ignore = "writes a dictionary: scripts/train-dictionary runs it"]
fn train() {
    let id: u32 = env::var("DICTIONARY_ID").expect("DICTIONARY_ID").parse().expect("a number");
    let samples = samples(&mut rand::rng());
    let mut dictionary = zstd::dict::from_samples(&samples, DICTIONARY_BYTES).unwrap();
    // The id follows the magic number (RFC 8878, section 5).
    dictionary[4..8].copy_from_slice(&id.to_le_bytes());
    fs::write(env::var("DICTIONARY_FILE").expect("DICTIONARY_FILE"), dictionary).unwrap();
}

/// Returns the contents of frames, as [`super::pack`] compresses them.
fn samples(rng: &mut ThreadRng) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for gateway in Gateway::all().filter(|gateway| *gateway != fictitious::GATEWAY) {
        for _ in 0..ROUNDS {
            for sample in events(gateway, rng) {
                found.push(contents_of(&headers_of(gateway, &sample, rng), &sample.body));
            }
        }
    }
    found
}

/// Returns the headers with which the gateway sends the event, and those of a proxy, as they are stored.
fn headers_of(gateway: Gateway, sample: &Sample, rng: &mut ThreadRng) -> String {
    let secret = Secret::generate();
    let signed = gateway.adapter().sign(&secret, &sample.event_id, &sample.body, Timestamp::from_seconds(sample.at));
    let mut all: Vec<(String, Vec<u8>)> = signed.into_iter().map(|(name, value)| (name.to_lowercase(), value.into())).collect();
    let own = [("host", "pay.example.com"), ("accept", "*/*"), ("accept-encoding", "gzip"), ("connection", "close")];
    all.extend(own.map(|(name, value)| (name.to_owned(), value.into())));
    all.push(("content-length".to_owned(), sample.body.len().to_string().into()));
    for line in PROXIES[rng.random_range(0..PROXIES.len())] {
        let (name, value) = line.split_once(": ").unwrap();
        let digit = |sign| if sign == '#' { char::from(rng.random_range(b'0'..=b'9')) } else { sign };
        all.push((name.to_owned(), value.chars().map(digit).collect::<String>().into()));
    }
    headers::to_json(&borrow_headers(&all))
}

fn events(gateway: Gateway, rng: &mut ThreadRng) -> Vec<Sample> {
    let samples = &gateway.profile().samples;
    let (merchant, at) = (Merchant::new(rng), BEGIN + rng.random_range(0..YEAR));
    let single = samples.events.iter().filter_map(|event| (samples.single)(event, &merchant, at, rng));
    let mut found: Vec<Sample> = single.collect();
    for kind in LifeCycle::ALL {
        found.extend(samples.life_cycle.into_iter().flat_map(|play| play(kind, Pace::Natural, &merchant, at, rng)));
    }
    found
}
