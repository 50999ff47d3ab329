//! A shop with ten faults, forgeries, and diagnosis with a given number of bytes.

use std::{net::IpAddr, sync::atomic::AtomicBool};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use sha2::Sha256;

use crate::{
    connections::ConnectionScope,
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, CompanyId, ConnectionId},
        secret::Secret,
        time::Timestamp,
        vault::{MasterKey, Vault},
    },
    rejections::{
        CapturedRequest, Cause, Reason, RejectedRequest,
        budget::Allowance,
        diagnose::DiagnosedRequest,
        diagnosis::{CompanyKeys, Key, KeyOwner},
        triage::{Batch, Pass, Triage},
    },
};

/// The requests of one webhook, with the keys of its company.
pub(super) type Work = (CompanyKeys, Vec<CapturedRequest>);

pub(super) const MIB: usize = 1024 * 1024;
/// The most bytes hashed for the requests of one interval, as in `budget.rs`.
pub(super) const ROUND_BYTES: usize = 128 * MIB;
pub(super) const FORGED: &str = "198.51.100.7";
pub(super) const GATEWAY: &str = "192.0.2.1";
/// In the networks that Razorpay publishes.
pub(super) const RAZORPAYS: &str = "52.66.75.174";

pub(super) struct Shop {
    pub(super) scope: ConnectionScope,
    pub(super) own: String,
    pub(super) older: String,
    pub(super) api: String,
}

impl Shop {
    pub(super) fn new() -> Self {
        let (company, app, connection) = (CompanyId::unique(), AppId::unique(), ConnectionId::unique());
        let scope = ConnectionScope { company, app, connection, gateway: Gateway::RAZORPAY, mode: Mode::Test };
        let [own, older, api] = std::array::from_fn(|_| Secret::generate().expose().to_owned());
        Self { scope, own, older, api }
    }

    pub(super) fn known(&self) -> CompanyKeys {
        let key = |whose, text: &str| Key {
            whose,
            gateway: Gateway::RAZORPAY,
            text: zeroize::Zeroizing::new(text.to_owned()),
            is_retired: false,
            secret: None,
            connection: None,
        };
        let keys =
            vec![key(KeyOwner::Valid, &self.own), key(KeyOwner::Expired, &self.older), key(KeyOwner::KeySecret, &self.api)];
        CompanyKeys { keys, url: "https://pay.example.com/webhooks/wh_1".to_owned(), ..CompanyKeys::default() }
    }

    pub(super) fn sample(&self, signature: &str, body: &[u8], from: &str) -> CapturedRequest {
        let headers = vec![
            ("user-agent".to_owned(), b"Razorpay-Webhook/v1".to_vec()),
            ("x-razorpay-event-id".to_owned(), b"evt_1".to_vec()),
            ("x-razorpay-signature".to_owned(), signature.as_bytes().to_vec()),
        ];
        let (address, body): (IpAddr, _) = (from.parse().unwrap(), Some(Bytes::copy_from_slice(body)));
        let (scope, at) = (self.scope, Timestamp::from_seconds(1_795_000_000));
        RejectedRequest { scope, reason: Reason::SignatureMismatch, headers, body, address, at }.capture()
    }

    pub(super) fn forged(&self, number: usize, from: &str) -> CapturedRequest {
        let body = format!(r#"{{"entity":"event","event":"payment.captured","payload":{{}},"pad":"{}"}}"#, "a".repeat(30_000));
        self.sample(&format!("{number:064x}"), body.as_bytes(), from)
    }

    /// Returns ten different faults, with the cause of each.
    pub(super) fn faults(&self, from: &str) -> Vec<(Cause, CapturedRequest)> {
        self.faults_of_size(0, from)
    }

    /// Returns the same faults with a body of about that size.
    pub(super) fn faults_of_size(&self, size: usize, from: &str) -> Vec<(Cause, CapturedRequest)> {
        let body = format!(
            r#"{{"entity":"event","account_id":"acc_Test0000000001","event":"payment.captured","payload":{{"payment":{{"entity":{{"id":"pay_1","amount":100,"note":"{}"}}}}}},"created_at":1795343400}}"#,
            "a".repeat(size)
        );
        let body = body.as_bytes();
        let made = |key: &str, body: &[u8]| signature(key.as_bytes(), body);
        let own = made(&self.own, body);
        let spaced = String::from_utf8(body.to_vec()).unwrap().replace(':', ": ");
        let with = |signature: &str, sent: &[u8]| self.sample(signature, sent, from);
        vec![
            (Cause::SecretWithSpace, with(&made(&format!("{} ", self.own), body), body)),
            (Cause::SecretWithLineEnd, with(&made(&format!("{}\n", self.own), body), body)),
            (Cause::SecretCut, with(&made(&self.own[..30], body), body)),
            (Cause::OldSecret, with(&made(&self.older, body), body)),
            (Cause::KeySecret, with(&made(&self.api, body), body)),
            (Cause::UpperCase, with(&own.to_uppercase(), body)),
            (Cause::Prefixed, with(&format!("sha256={own}"), body)),
            (Cause::BodyRespaced, with(&own, spaced.as_bytes())),
            (Cause::BodyLineEnd, with(&own, &[body, b"\n"].concat())),
            (Cause::SecretIsUrl, with(&made("https://pay.example.com/webhooks/wh_1", body), body)),
        ]
    }

    pub(super) fn mistyped(&self, size: usize) -> (Cause, CapturedRequest) {
        let (_, like) = self.faults_of_size(size, GATEWAY).swap_remove(0);
        let typed = format!("{}{}{}", &self.own[..21], &self.own[20..21], &self.own[21..]);
        (Cause::SecretMistyped, self.sample(&signature(typed.as_bytes(), &like.body), &like.body, GATEWAY))
    }

    /// Returns a forgery that resembles that request: the same headers and body, and a signature in the same notation.
    pub(super) fn lookalike(&self, of: &CapturedRequest, number: usize) -> CapturedRequest {
        let random = signature(&number.to_be_bytes(), b"random");
        let given = String::from_utf8(of.headers.last().unwrap().1.clone()).unwrap();
        let start = given.len() - 64;
        let is_upper = given[start..].bytes().any(|byte| byte.is_ascii_uppercase());
        let random = if is_upper { random.to_uppercase() } else { random };
        self.sample(&format!("{}{random}", &given[..start]), &of.body, &format!("203.{}.{number}.7", number % 200))
    }
}

pub(super) fn signature(key: &[u8], body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(body);
    HEXLOWER.encode(&<[u8; 32]>::from(mac.finalize().into_bytes()))
}

pub(super) fn causes(examined: &[DiagnosedRequest]) -> Vec<Cause> {
    examined.iter().map(|one| one.diagnosis.cause).collect()
}

/// Diagnoses on arrival with this many bytes to hash, also for fruitless shapes. Returns how many are left.
pub(super) fn look(triage: &mut Triage, work: Vec<Work>, most: usize, is_off: bool) -> (Vec<DiagnosedRequest>, usize) {
    look_in(Pass::Arrival, triage, work, most, is_off)
}

pub(super) fn look_in(
    pass: Pass,
    triage: &mut Triage,
    work: Vec<Work>,
    most: usize,
    is_off: bool,
) -> (Vec<DiagnosedRequest>, usize) {
    let allowance = Allowance { most, for_fruitless: most };
    let batch = |(known, samples): Work| Batch { connection: samples[0].scope.connection, known, samples, allowance };
    let work = work.into_iter().map(batch).collect();
    let (examined, spent) = triage.look(&vault(), work, (pass, most), &AtomicBool::new(is_off));
    (examined, most.saturating_sub(spent.iter().map(|(_, bytes)| bytes).sum()))
}

pub(super) fn vault() -> Vault {
    Vault::new(MasterKey::generate())
}
