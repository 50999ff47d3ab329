//! A fictitious gateway, which proves in tests that the trait and the profile are wide enough for gateways of another kind.
//!
//! Its bodies are forms, the signature is a field of the body, the key is decoded from base64, each request has a time, and
//! amounts are decimal numbers.

mod profile;

use std::str::FromStr as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use url::form_urlencoded;

use super::{
    Gateway,
    adapter::{Adapter, EventContent, Incoming, ParsedEvent, SignatureError, Verified, is_safe_identifier},
    payment::{Details, PaymentObservation, Snapshot, Status, TimeSource},
};
use crate::primitives::{
    money::{Currency, Money},
    secret::Secret,
    time::Timestamp,
};

/// The gateway.
pub(crate) const GATEWAY: Gateway = Gateway(&profile::PROFILE);

/// The largest accepted difference between its time and ours, in seconds.
const TOLERANCE_SECONDS: i64 = 10 * 60;
/// The field of the signature, which is the last and covers all before it.
const SIGNATURE: &str = "&mac=";

struct Kestrel;

impl Adapter for Kestrel {
    fn check(&self, request: &Incoming<'_>, secret: &Secret, now: Timestamp) -> Result<(), SignatureError> {
        let body = std::str::from_utf8(request.body).map_err(|_| SignatureError::SignatureMalformed)?;
        let (signed, signature) = body.rsplit_once(SIGNATURE).ok_or(SignatureError::SignatureMissing)?;
        let signature = STANDARD.decode(signature).map_err(|_| SignatureError::SignatureMalformed)?;
        let sent_at: i64 = field(body, "sent_at").and_then(|at| at.parse().ok()).ok_or(SignatureError::SignatureMalformed)?;
        let mac = mac(secret, signed.as_bytes()).ok_or(SignatureError::SignatureMismatch)?;
        if now.seconds().abs_diff(sent_at) > TOLERANCE_SECONDS.unsigned_abs() {
            return Err(SignatureError::TimeOutOfTolerance);
        }
        mac.verify_slice(&signature).map_err(|_| SignatureError::SignatureMismatch)
    }

    fn event_id<'a>(&self, request: &Incoming<'a>) -> Option<&'a str> {
        field(std::str::from_utf8(request.body).ok()?, "notice").filter(|id| is_safe_identifier(id))
    }

    fn signs_event_id(&self) -> bool {
        true
    }

    fn account<'a>(&self, _body: &'a [u8]) -> Option<&'a str> {
        None
    }

    fn dedupe_prefix<'a>(&self, body: &'a [u8]) -> &'a str {
        std::str::from_utf8(body).ok().and_then(|body| field(body, "payment")).unwrap_or_default()
    }

    fn read(&self, body: &Verified, received_at: Timestamp) -> ParsedEvent {
        let body = String::from_utf8_lossy(body.bytes());
        match observation(&body, received_at) {
            Ok(observation) => ParsedEvent {
                event_type: field(&body, "about").map(str::to_owned),
                occurred_at: Some(observation.at),
                is_time_borrowed: false,
                amount: observation.snapshot.as_ref().map(|snapshot| snapshot.money),
                reference: None,
                content: EventContent::Observation(Box::new(observation)),
            },
            Err(fault) => ParsedEvent::quarantined(field(&body, "about").map(str::to_owned), fault),
        }
    }

    fn claimed_type(&self, body: &[u8]) -> Option<String> {
        field(std::str::from_utf8(body).ok()?, "about").map(str::to_owned)
    }

    /// Its signature is in the body, which the caller has made.
    fn sign(&self, _secret: &Secret, _event_id: &str, _body: &[u8], _now: Timestamp) -> Vec<(&'static str, String)> {
        vec![("content-type", "application/x-www-form-urlencoded".to_owned())]
    }

    fn format_secret(&self, secret: &Secret) -> String {
        secret.expose().to_owned()
    }

    fn parse_secret(&self, text: &str) -> Option<Secret> {
        Secret::parse(text).filter(|secret| STANDARD.decode(secret.expose()).is_ok())
    }

    fn url_objections(&self, _url: &str) -> Vec<String> {
        Vec::new()
    }
}

/// Returns a field of a form whose values are not escaped.
fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn mac(secret: &Secret, signed: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.expose()).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(signed);
    Some(mac)
}

fn observation(body: &str, received_at: Timestamp) -> Result<PaymentObservation, &'static str> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let of = |name: &'static str| {
        let mut found = fields.iter().filter(|(known, _)| known == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value.as_str()),
            _ => Err(name),
        }
    };
    let at = of("sent_at")?.parse().map_or(received_at, Timestamp::from_seconds);
    let currency = Currency::from_str(of("currency")?).map_err(|_| "currency")?;
    let money = Money::new(subunits(of("amount")?, currency).ok_or("amount")?, currency);
    let status = match of("state")? {
        "paid" => Status::Captured,
        "declined" => Status::Failed,
        _ => return Err("state"),
    };
    Ok(PaymentObservation {
        payment_id: of("payment").ok().filter(|id| is_safe_identifier(id)).ok_or("payment")?.to_owned(),
        at,
        time_source: TimeSource::Envelope,
        digest: 0,
        snapshot: Some(Snapshot {
            status,
            was_captured: None,
            money,
            created_at: at,
            order_id: None,
            method: None,
            refunded: None,
        }),
        refund: None,
        dispute: None,
        details: Details::default(),
    })
}

/// Reads a decimal number exactly: never through a floating-point number.
fn subunits(text: &str, currency: Currency) -> Option<i64> {
    let digits = usize::try_from(currency.exponent()).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_decimal = !whole.is_empty() && whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    (is_decimal && part.len() <= digits).then(|| format!("{whole}{part:0<digits$}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{
        gateways::adapter::{ValidSecret, dedupe_key, verify},
        ledger::payments::projection::PaymentState,
        primitives::id::SecretId,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const PAID: &str = "notice=kn_1&about=payment.paid&payment=kp_1&amount=649.5&currency=INR&state=paid&sent_at=1795000000";

    fn secret() -> Secret {
        Secret::parse(&STANDARD.encode([7; 32])).unwrap()
    }

    fn signed(fields: &str) -> Bytes {
        let mac = mac(&secret(), fields.as_bytes()).unwrap().finalize().into_bytes();
        Bytes::from(format!("{fields}{SIGNATURE}{}", STANDARD.encode(mac)))
    }

    fn verified(body: &Bytes, now: Timestamp) -> Result<Verified, SignatureError> {
        let valid = [ValidSecret { id: SecretId::new(now), secret: secret(), until: None }];
        verify(GATEWAY, &Incoming { headers: &[], body }, &valid, now).map(|(verified, _)| verified)
    }

    #[test]
    fn a_signature_inside_a_form_is_verified_with_its_time() {
        let body = signed(PAID);
        assert!(verified(&body, NOW).is_ok());
        let late = Timestamp::from_seconds(NOW.seconds() + TOLERANCE_SECONDS + 1);
        assert_eq!(verified(&body, late).err(), Some(SignatureError::TimeOutOfTolerance));
        let more = Bytes::from(String::from_utf8(body.to_vec()).unwrap().replace("649.5", "9649.5"));
        assert_eq!(verified(&more, NOW).err(), Some(SignatureError::SignatureMismatch));
        assert_eq!(verified(&Bytes::from_static(PAID.as_bytes()), NOW).err(), Some(SignatureError::SignatureMissing));
        assert!(GATEWAY.adapter().parse_secret("no base64, but long enough!").is_none());
    }

    #[test]
    fn a_form_becomes_a_payment_and_its_id_is_that_of_the_body() {
        let body = signed(PAID);
        let request = Incoming { headers: &[], body: &body };
        let adapter = GATEWAY.adapter();
        assert_eq!((adapter.event_id(&request), adapter.dedupe_prefix(&body)), (Some("kn_1"), "kp_1"));
        assert_ne!(dedupe_key(GATEWAY, [1; 32], Some("kn_1")), dedupe_key(GATEWAY, [1; 32], Some("kn_2")));
        let parsed = adapter.read(&verified(&body, NOW).ok().unwrap(), NOW);
        assert_eq!(parsed.event_type.as_deref(), Some("payment.paid"));
        let EventContent::Observation(facts) = parsed.content else { panic!("no observation") };
        let mut payment = PaymentState::default();
        payment.apply(&facts);
        assert_eq!(
            (payment.status(), payment.amount(), payment.currency()),
            (Some(Status::Captured), Some(64_950), Some(Currency::INR))
        );
    }

    #[test]
    fn a_decimal_amount_is_exact_or_refused() {
        let of = |text: &str| subunits(text, Currency::INR);
        assert_eq!([of("649"), of("649.5"), of("649.50"), of("0.07")], [Some(64_900), Some(64_950), Some(64_950), Some(7)]);
        for wrong in ["", ".5", "1.005", "1e3", "-1", "1,5", "٣"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        for (from, to, fault) in [("649.5", "649.555", "amount"), ("INR", "inr", "currency"), ("=paid", "=odd", "state")] {
            let body = signed(&PAID.replace(from, to));
            let parsed = GATEWAY.adapter().read(&verified(&body, NOW).ok().unwrap(), NOW);
            assert!(matches!(parsed.content, EventContent::Quarantined(found) if found == fault), "{to}");
        }
    }
}
