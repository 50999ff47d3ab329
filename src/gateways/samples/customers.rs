//! Fictitious buyers: contact details, payment methods, amounts, and reasons of failure.
//!
//! Invariant: no buyer can be a real person. Handles consist of common words, addresses end in `.example`, and telephone
//! numbers begin with digits that no Indian subscriber has.

use rand::{Rng, RngExt};

use super::{digits, pick, shops::Shop};

/// The limit of a UPI payment in paise: ₹1,00,000.
pub(in crate::gateways) const UPI_LIMIT: i64 = 100_000 * 100;

/// The shops' charge for delivery of a small order, in rupees; larger ones are delivered free.
const DELIVERY: i64 = 49;
const FREE_DELIVERY_FROM: i64 = 500;
/// The price in rupees from which goods are bought singly.
const DEAR_FROM: i64 = 2_000;

/// Codes of banks that offer netbanking.
pub(in crate::gateways) const BANKS: &[&str] = &["SBIN", "HDFC", "ICIC", "UTIB", "PUNB_R", "CNRB"];

/// Codes of wallets.
pub(in crate::gateways) const WALLETS: &[&str] = &["payzapp", "olamoney", "airtelmoney", "freecharge"];

/// Reasons why a payment fails: description, source and error code.
pub(in crate::gateways) const FAILURES: &[(&str, &str, &str)] = &[
    ("The bank says that the balance is too low", "customer", "insufficient_funds"),
    ("The buyer did not approve the payment in time", "customer", "payment_timed_out"),
    ("The buyer left before approving the payment", "customer", "payment_cancelled"),
    ("The buyer typed a wrong PIN", "customer", "incorrect_pin"),
    ("The buyer's bank does not answer at present", "bank", "bank_technical_error"),
];

const MOODS: &[&str] = &["quiet", "early", "amber", "sunny", "tiny", "brisk", "indigo", "mellow", "clever", "windy"];
const THINGS: &[&str] = &["kite", "mango", "river", "lantern", "sparrow", "drum", "pebble", "comet", "anklet", "kettle"];

/// A buyer.
pub(in crate::gateways) struct Customer {
    pub(in crate::gateways) vpa: String,
    pub(in crate::gateways) email: String,
    pub(in crate::gateways) contact: String,
}

impl Customer {
    pub(in crate::gateways) fn new(rng: &mut impl Rng) -> Self {
        let name = format!("{}.{}{}", pick(MOODS, rng), pick(THINGS, rng), digits(2, rng));
        Self {
            vpa: format!("{name}@okexample"),
            email: format!("{name}@mail.example"),
            contact: format!("+9100000{}", digits(5, rng)),
        }
    }
}

/// An order: item, quantity, and amount in paise.
pub(in crate::gateways) struct Purchase {
    pub(in crate::gateways) item: &'static str,
    pub(in crate::gateways) quantity: i64,
    pub(in crate::gateways) amount: i64,
}

impl Purchase {
    /// Returns a purchase of a random item at its price, mostly with quantity 1.
    pub(in crate::gateways) fn of(shop: &Shop, rng: &mut impl Rng) -> Self {
        let &(item, rupees) = pick(shop.sells, rng);
        let most = if rupees >= DEAR_FROM { 1 } else { 4 };
        let quantity = *pick(&[1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4], rng).min(&most);
        let goods = rupees * quantity;
        let delivery = if goods < FREE_DELIVERY_FROM { DELIVERY } else { 0 };
        Self { item, quantity, amount: (goods + delivery) * 100 }
    }

    /// Describes the purchase as on an invoice.
    pub(in crate::gateways) fn description(&self, bill: &str) -> String {
        match self.quantity {
            1 => format!("{} ({bill})", self.item),
            many => format!("{many} × {} ({bill})", self.item),
        }
    }
}

/// Returns a random payment method, distributed as in India: 70 % UPI if the amount allows it.
pub(in crate::gateways) fn method(amount: i64, rng: &mut impl Rng) -> &'static str {
    match rng.random_range(0..100) {
        0..70 if amount <= UPI_LIMIT => "upi",
        0..88 => "card",
        88..95 => "netbanking",
        _ => "wallet",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{shops::SHOPS, testing::SplitMix};
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
