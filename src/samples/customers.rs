//! Invented buyers: how they are reached, how they pay, how much, and why it fails.
//!
//! The rule kept here: no buyer can be anybody. Handles are made of common words, addresses end in
//! `.example`, and telephone numbers begin with the digits that no Indian subscriber has.

use rand::{Rng, RngExt};

use super::{digits, pick};

/// The most paise that one UPI payment may carry: ₹1,00,000.
pub(super) const UPI_LIMIT: i64 = 100_000 * 100;

/// ₹49, the cheapest thing in any shop, in paise.
const LEAST: i64 = 49 * 100;

/// ₹1,24,999, the dearest thing in any shop, in paise.
const MOST: i64 = 124_999 * 100;

/// Codes of banks that offer netbanking.
pub(super) const BANKS: &[&str] = &["SBIN", "HDFC", "ICIC", "UTIB", "PUNB_R", "CNRB"];

/// Codes of wallets.
pub(super) const WALLETS: &[&str] = &["payzapp", "olamoney", "airtelmoney", "freecharge"];

/// Why a payment fails: a sentence for people, whose fault, a code for programs.
pub(super) const FAILURES: &[(&str, &str, &str)] = &[
    ("The bank says that the balance is too low", "customer", "insufficient_funds"),
    ("The buyer did not approve the payment in time", "customer", "payment_timed_out"),
    ("The buyer left before approving the payment", "customer", "payment_cancelled"),
    ("The buyer typed a wrong PIN", "customer", "incorrect_pin"),
    ("The buyer's bank does not answer at present", "bank", "bank_technical_error"),
];

const MOODS: &[&str] = &["quiet", "early", "amber", "sunny", "tiny", "brisk", "indigo", "mellow", "clever", "windy"];
const THINGS: &[&str] = &["kite", "mango", "river", "lantern", "sparrow", "drum", "pebble", "comet", "anklet", "kettle"];

/// Somebody who buys.
pub(super) struct Customer {
    pub(super) vpa: String,
    pub(super) email: String,
    pub(super) contact: String,
}

impl Customer {
    pub(super) fn new(rng: &mut impl Rng) -> Self {
        let name = format!("{}.{}{}", pick(MOODS, rng), pick(THINGS, rng), digits(2, rng));
        Self {
            vpa: format!("{name}@okexample"),
            email: format!("{name}@mail.example"),
            contact: format!("+9100000{}", digits(5, rng)),
        }
    }
}

/// A price in paise: mostly small, mostly round, sometimes the ninety-nine of shop windows.
pub(super) fn amount(rng: &mut impl Rng) -> i64 {
    let rupees: i64 = match rng.random_range(0..100) {
        0..50 => rng.random_range(49..500),
        50..80 => rng.random_range(500..2_000),
        80..94 => rng.random_range(2_000..10_000),
        94..99 => rng.random_range(10_000..50_000),
        _ => rng.random_range(50_000..125_000),
    };
    let paise = match rng.random_range(0..10) {
        0..4 => (rupees + 25) / 50 * 50 * 100,
        4..7 => (rupees / 10 * 10 + 9) * 100,
        7 => rupees * 100 + 50,
        8 => rupees * 100 + rng.random_range(0..100),
        _ => rupees * 100,
    };
    paise.clamp(LEAST, MOST)
}

/// How India pays: seven times in ten by UPI, if the amount allows it.
pub(super) fn method(amount: i64, rng: &mut impl Rng) -> &'static str {
    match rng.random_range(0..100) {
        0..70 if amount <= UPI_LIMIT => "upi",
        0..88 => "card",
        88..95 => "netbanking",
        _ => "wallet",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::SplitMix;
    use super::*;

    #[test]
    fn amounts_stay_in_range_and_are_mostly_small_and_round() {
        let mut rng = SplitMix::new(1);
        let amounts: Vec<i64> = (0..5_000).map(|_| amount(&mut rng)).collect();
        assert!(amounts.iter().all(|paise| (LEAST..=MOST).contains(paise)));
        let small = amounts.iter().filter(|&&paise| paise < 50_000).count();
        let round = amounts.iter().filter(|&&paise| paise % 50 == 0).count();
        assert!((2_200..3_000).contains(&small), "{small}");
        assert!(round > 4_400, "{round}");
    }

    #[test]
    fn seven_in_ten_pay_by_upi_but_never_above_its_limit() {
        let mut rng = SplitMix::new(2);
        let mut count = |paise, wanted| (0..5_000).filter(|_| method(paise, &mut rng) == wanted).count();
        assert!((3_300..3_700).contains(&count(9_900, "upi")));
        assert!(count(9_900, "wallet") > 150);
        assert_eq!(count(UPI_LIMIT + 1, "upi"), 0);
    }

    #[test]
    fn no_customer_can_be_anybody() {
        let mut rng = SplitMix::new(3);
        for _ in 0..200 {
            let customer = Customer::new(&mut rng);
            assert!(customer.vpa.ends_with("@okexample"));
            assert!(customer.email.ends_with(".example"));
            assert!(customer.contact.starts_with("+9100000"));
            assert_eq!(customer.contact.len(), "+91".len() + 10);
        }
    }
}
