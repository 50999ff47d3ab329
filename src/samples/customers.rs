//! Invented buyers: how they are reached, how they pay, how much, and why it fails.
//!
//! The rule kept here: no buyer can be anybody. Handles are made of common words, addresses end in
//! `.example`, and telephone numbers begin with the digits that no Indian subscriber has.

use rand::{Rng, RngExt};

use super::{digits, pick, shops::Shop};

/// The most paise that one UPI payment may carry: ₹1,00,000.
pub(super) const UPI_LIMIT: i64 = 100_000 * 100;

/// What the shops ask for sending a small order, in rupees; a larger one is sent free.
const DELIVERY: i64 = 49;
const FREE_DELIVERY_FROM: i64 = 500;
/// Dearer goods are bought one at a time.
const DEAR_FROM: i64 = 2_000;

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

/// One order: what is bought, how many, and what the buyer pays for it in paise.
pub(super) struct Purchase {
    pub(super) item: &'static str,
    pub(super) quantity: i64,
    pub(super) amount: i64,
}

impl Purchase {
    /// Something the shop sells at its price: mostly one of it.
    pub(super) fn of(shop: &Shop, rng: &mut impl Rng) -> Self {
        let &(item, rupees) = pick(shop.sells, rng);
        let most = if rupees >= DEAR_FROM { 1 } else { 4 };
        let quantity = *pick(&[1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4], rng).min(&most);
        let goods = rupees * quantity;
        let delivery = if goods < FREE_DELIVERY_FROM { DELIVERY } else { 0 };
        Self { item, quantity, amount: (goods + delivery) * 100 }
    }

    /// In words, as on a bill.
    pub(super) fn description(&self, bill: &str) -> String {
        match self.quantity {
            1 => format!("{} ({bill})", self.item),
            many => format!("{many} × {} ({bill})", self.item),
        }
    }
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
    use super::super::{shops::SHOPS, tests::SplitMix};
    use super::*;

    #[test]
    fn a_purchase_costs_what_the_shop_asks() {
        let mut rng = SplitMix::new(1);
        for shop in SHOPS {
            for _ in 0..200 {
                let Purchase { item, quantity, amount } = Purchase::of(shop, &mut rng);
                let (_, rupees) = shop.sells.iter().find(|(name, _)| *name == item).unwrap();
                let goods = rupees * quantity;
                assert!(amount == goods * 100 || (goods < 500 && amount == (goods + 49) * 100), "{item}: {amount}");
                assert!(quantity == 1 || (quantity <= 4 && *rupees < DEAR_FROM) && amount <= UPI_LIMIT, "{item}");
            }
        }
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
