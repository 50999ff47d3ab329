//! Synthetic payments, each captured once: requests in Razorpay's format, signed before they are needed.
//!
//! Ids consist of ten digits of time and four random ones, as the gateway's do, so a database receives them nearly in order.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 2014-01-01, the epoch of the time in an id.
const EPOCH: u64 = 1_388_534_400;

const PAYMENT: &str = "PPPPPPPPPPPPPP";
const ORDER: &str = "OOOOOOOOOOOOOO";
const EVENT: &str = "EEEEEEEEEEEEEE";
const RRN: &str = "RRRRRRRRRRRR";
const UPI: &str = "UUUUUUUUUUUUUUUUUUUUUUUUUUUUUUUU";
const SIGNATURE: &str = "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS";

/// Request template: the parts that differ between two requests are filled in.
#[derive(Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    payment: usize,
    order: usize,
    events: [usize; 2],
    references: [usize; 2],
    signature: usize,
    body: usize,
}

impl Request {
    /// Creates a template for this host and path, with timestamps at this second.
    pub(crate) fn new(host: &str, path: &str, at: u64) -> Self {
        Self::padded(host, path, at, 0)
    }

    /// Creates a template whose body has at least this many bytes, padded with spaces.
    pub(crate) fn padded(host: &str, path: &str, at: u64, bytes: usize) -> Self {
        // A formatting width cannot exceed 65,535.
        let mut body = body(at);
        body.extend(std::iter::repeat_n(' ', bytes.saturating_sub(body.len())));
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Razorpay-Webhook/v1\r\nContent-Length: {}\r\n\
             Accept-Encoding: gzip\r\nContent-Type: application/json\r\nRequest-Id: {EVENT}\r\nX-Razorpay-Event-Id: {EVENT}\r\n\
             X-Razorpay-Signature: {SIGNATURE}\r\n\r\n",
            body.len()
        );
        let text = format!("{head}{body}");
        let at = |mark: &str| text.find(mark).unwrap_or_else(|| unreachable!("{mark} stands above"));
        Self {
            payment: at(PAYMENT),
            order: at(ORDER),
            events: [at(EVENT), text.rfind(EVENT).unwrap_or_default()],
            references: [at(RRN), at(UPI)],
            signature: at(SIGNATURE),
            body: head.len(),
            bytes: text.into_bytes(),
        }
    }

    pub(crate) fn fill(&mut self, with: &Signed) {
        let payment = with.payment();
        let mut put = |at: usize, what: &[u8]| self.bytes[at..at + what.len()].copy_from_slice(what);
        put(self.payment, &payment);
        put(self.order, &with.id(1));
        let event = with.id(2);
        for at in self.events {
            put(at, &event);
        }
        let (rrn, upi) = with.references();
        put(self.references[0], rrn.as_bytes());
        put(self.references[1], upi.as_bytes());
        put(self.signature, &with.signature);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }
}

/// Ids of a payment, and the signature of its body.
#[derive(Clone, Copy)]
pub(crate) struct Signed {
    nanos: u64,
    signature: [u8; 64],
}

impl Signed {
    fn payment(&self) -> [u8; 14] {
        self.id(0)
    }

    /// Returns the bank's reference, whose first digits are a time as a bank's are, and a random UPI transaction id.
    fn references(&self) -> (String, String) {
        let (second, random) = (self.nanos / 1_000_000_000, mixed(self.nanos));
        let upi = format!("{random:016X}{:016X}", mixed(random));
        (format!("{:06}{:06}", second / 3600 % 1_000_000, random % 1_000_000), upi)
    }

    /// Returns an id created this many nanoseconds after the payment.
    fn id(&self, after: u64) -> [u8; 14] {
        let mut digits = [0; 14];
        write(&mut digits[..10], self.nanos + after);
        write(&mut digits[10..], mixed(self.nanos + after));
        digits
    }
}

/// Generates one event after another.
pub(crate) struct Source {
    key: Hmac<Sha256>,
    request: Request,
    nanos: u64,
    ready: Vec<Signed>,
    used: usize,
    is_forged: bool,
}

impl Source {
    /// Signs with the secret and prepares `ahead` events. Without a secret it forges: the requests have the right form and a
    /// wrong signature.
    pub(crate) fn new(secret: Option<&str>, now_nanos: u64, ahead: usize) -> Self {
        let seconds = now_nanos / 1_000_000_000;
        let key = Hmac::new_from_slice(secret.unwrap_or("guessed").as_bytes()).unwrap_or_else(|_| unreachable!("any length"));
        let mut source = Self {
            key,
            request: Request::new("", "/", seconds),
            nanos: now_nanos - EPOCH * 1_000_000_000,
            ready: Vec::with_capacity(ahead),
            used: 0,
            is_forged: secret.is_none(),
        };
        for _ in 0..ahead {
            let signed = source.sign();
            source.ready.push(signed);
        }
        source
    }

    /// Returns the next event; signs it now only if the prepared ones are used up.
    pub(crate) fn next(&mut self) -> Signed {
        self.used += 1;
        match self.ready.get(self.used - 1) {
            Some(signed) => *signed,
            None => self.sign(),
        }
    }

    /// Returns how many events were taken.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Returns how many events had to be signed during the measurement.
    pub(crate) fn late(&self) -> usize {
        self.used.saturating_sub(self.ready.len())
    }

    fn sign(&mut self) -> Signed {
        // One microsecond between two payments, so that each of their ids has a distinct time.
        self.nanos += 1_000;
        let mut signed = Signed { nanos: self.nanos, signature: [b'0'; 64] };
        if self.is_forged {
            return signed;
        }
        self.request.fill(&signed);
        let mut mac = self.key.clone();
        mac.update(self.request.body());
        for (pair, byte) in signed.signature.chunks_exact_mut(2).zip(mac.finalize().into_bytes()) {
            pair.copy_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
        signed
    }
}

const fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}

fn write(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(number % 62).unwrap_or_default()];
        number /= 62;
    }
}

/// Stateless pseudo-random function.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Returns 32 bytes that differ for each number, in no order, as digests do.
pub(crate) fn pseudo_random_digest(number: i64) -> Vec<u8> {
    (0..4).flat_map(|part| mixed(number.unsigned_abs() * 4 + part).to_le_bytes()).collect()
}

/// `payment.captured` of a UPI payment: compact, keys in the gateway's order, about 1.2 KB.
fn body(at: u64) -> String {
    format!(
        r#"{{"entity":"event","account_id":"acc_BenchAccount01","event":"payment.captured","contains":["payment"],"payload":{{"payment":{{"entity":{{"id":"pay_{PAYMENT}","entity":"payment","amount":149900,"currency":"INR","base_amount":149900,"status":"captured","order_id":"order_{ORDER}","invoice_id":null,"international":false,"method":"upi","amount_refunded":0,"amount_transferred":0,"refund_status":null,"captured":true,"description":"Masala tea 250 g and two clay cups (bill-104822)","card_id":null,"bank":null,"wallet":null,"vpa":"amber.kite42@okexample","email":"amber.kite42@mail.example","contact":"+910000012345","notes":{{"shop":"Two Mongoose Tea","item":"Masala tea 250 g","bill":"bill-104822","counter":"2","parcel":"7 Lamp Post Lane, by the banyan, third bell","wrapping":"newspaper, with a bow","remarks":"leave it with the mongoose"}},"fee":3538,"tax":540,"error_code":null,"error_description":null,"error_source":null,"error_step":null,"error_reason":null,"acquirer_data":{{"rrn":"{RRN}","upi_transaction_id":"{UPI}"}},"created_at":{paid},"reward":null,"upi":{{"payer_account_type":"bank_account","vpa":"amber.kite42@okexample"}}}}}}}},"created_at":{at}}}"#,
        paid = at.saturating_sub(4),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_343_400_000_000_000;

    #[test]
    fn a_request_is_as_long_as_it_says_and_about_as_long_as_a_real_one() {
        let request = Request::new("127.0.0.1:8080", "/webhooks/wh_x", NOW / 1_000_000_000);
        let text = std::str::from_utf8(request.bytes()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
        assert!((1_100..1_300).contains(&body.len()), "{}", body.len());
        serde_json::from_str::<serde_json::Value>(body).unwrap();
    }

    #[test]
    fn every_event_has_ids_in_order_and_a_signature_of_its_own_body() {
        let mut source = Source::new(Some("a secret"), NOW, 2);
        let mut request = Request::new("h", "/", NOW / 1_000_000_000);
        let mut ids = Vec::new();
        for _ in 0..3 {
            let signed = source.next();
            request.fill(&signed);
            ids.extend([signed.id(0), signed.id(1), signed.id(2)]);
            let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret").unwrap();
            mac.update(request.body());
            let right = mac.finalize().into_bytes();
            let digits = right.iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]);
            assert!(digits.eq(signed.signature));
            assert!(!String::from_utf8_lossy(request.bytes()).contains(&EVENT[..4]));
        }
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
        assert_eq!(source.late(), 1);
    }
}
