//! Fictitious Indian shops, which provide the names and goods of the samples and the demo.
//!
//! Invariant: no shop is real, and every address is at a `.example` domain, which cannot receive mail.

/// A fictitious shop.
#[derive(Debug, PartialEq, Eq)]
pub struct Shop {
    /// The name of the shop.
    pub name: &'static str,
    /// The email address of the shop.
    pub email: &'static str,
    /// The two-letter code of its country.
    pub country: &'static str,
    /// Its goods, with prices in rupees; never empty.
    pub sells: &'static [(&'static str, i64)],
}

/// All shops. The first four are the demo's. They include a name in Devanagari and a very long one, because both reveal
/// layout faults.
pub const SHOPS: &[Shop] = &[
    shop(
        "Two Mongoose Tea",
        "counter@two-mongoose-tea.example",
        &[("Masala tea 250 g", 249), ("First-flush tin", 899), ("Ginger tea sampler", 349), ("Clay cups, six", 599)],
    ),
    shop(
        "जुगनू लालटेन घर",
        "namaste@jugnu-lalten.example",
        &[("पीतल की लालटेन", 1850), ("मिट्टी के दीये, बारह", 240), ("Paper lantern, blue", 320)],
    ),
    shop(
        "The Grand Umbrella, Gumboot, Raincoat and General Monsoon Outfitting Emporium of Upper \
         Chhatarpalli (Established in the Rain)",
        "puddles@grand-umbrella-emporium.example",
        &[("Umbrella, eight ribs", 649), ("Gumboots, size 7", 1199), ("Raincoat for a scooter and its rider", 1499)],
    ),
    shop(
        "Patangwala Paper Works",
        "string@patangwala-paper.example",
        &[("Kite, diamond, red", 60), ("Cotton kite string 500 m", 180), ("Handmade diary", 425)],
    ),
    shop(
        "Seventh Spanner Cycles",
        "bell@seventh-spanner.example",
        &[("Brake pads, pair", 450), ("Commuter bicycle, 21 speeds", 14_990), ("Full service", 899)],
    ),
    shop(
        "Mithai by the Metre",
        "ladoo@mithai-metre.example",
        &[("Besan ladoo 500 g", 320), ("Kaju roll 1 kg", 1150), ("Wedding box of forty", 4800)],
    ),
    shop(
        "Idle Peacock Books",
        "shelf@idle-peacock-books.example",
        &[("A railway novel", 399), ("Atlas of stepwells", 1800), ("Gift card", 1000)],
    ),
    shop(
        "Dhoop & Drizzle Spices",
        "jar@dhoop-drizzle.example",
        &[("Turmeric 200 g", 99), ("Garam masala 100 g", 149), ("Spice box, seven jars", 1250)],
    ),
    shop(
        "Thirteen Looms of Nadipur",
        "weft@thirteen-looms.example",
        &[("Cotton saree, indigo", 2450), ("Silk stole", 1890), ("Handloom towel, pair", 560)],
    ),
    shop(
        "Kadak Kettle Canteen",
        "tiffin@kadak-kettle.example",
        &[("Lunch, ten days", 1900), ("Office breakfast for six", 780), ("Filter coffee 250 g", 275)],
    ),
    shop(
        "Gilli Danda Sports",
        "umpire@gilli-danda.example",
        &[("Cricket ball, leather", 649), ("Carrom board", 2399), ("Badminton pair", 1299)],
    ),
    shop(
        "Banyan Byte Repairs",
        "help@banyan-byte.example",
        &[("Screen replacement", 3490), ("Laptop battery", 2799), ("Data recovery", 6500)],
    ),
    shop(
        "Chameli Threads",
        "needle@chameli-threads.example",
        &[("Kurta, block print", 1249), ("Alteration, two pieces", 350), ("Jasmine hair garland", 80)],
    ),
    shop(
        "Brass Elephant Hardware",
        "bolt@brass-elephant.example",
        &[("Hinges, dozen", 540), ("Door knocker, brass", 1350), ("Paint 4 l, cream", 1120)],
    ),
    shop(
        "Saffron Sloth Yoga",
        "mat@saffron-sloth.example",
        &[("Ten classes", 4500), ("Cork mat", 2200), ("Weekend retreat", 11_500)],
    ),
    shop(
        "Noon Auto Tutors",
        "slate@noon-auto-tutors.example",
        &[("Algebra, one month", 2400), ("Exam papers, class 10", 299), ("Spoken Tamil, beginner", 3600)],
    ),
    shop(
        "Coconut Telegraph Crafts",
        "coir@coconut-telegraph.example",
        &[("Coir doormat", 420), ("Shell lamp", 950), ("Bowl of coconut wood", 375)],
    ),
    shop(
        "Backwater Bulbul Homestay",
        "porch@backwater-bulbul.example",
        &[("Two nights, river room", 9800), ("Canoe morning", 1400), ("Dinner on a leaf", 650)],
    ),
    shop(
        "Little Lassi Dairy",
        "pail@little-lassi.example",
        &[("Milk, thirty days", 1980), ("Ghee 1 l", 720), ("Paneer 400 g", 210)],
    ),
    shop(
        "Monsoon Mirchi Pickles",
        "barni@monsoon-mirchi.example",
        &[("Lime pickle 300 g", 185), ("Mango pickle 1 kg", 460), ("Pickle of the month", 240)],
    ),
    shop(
        "Granite Garden Nursery",
        "sprout@granite-garden.example",
        &[("Curry leaf plant", 130), ("Terracotta pot, 12 inch", 380), ("Compost 5 kg", 250)],
    ),
    shop(
        "Silver Squirrel Jewels",
        "anklet@silver-squirrel.example",
        &[("Anklets, silver", 3450), ("Nose pin", 1250), ("Bridal set on order", 84_000)],
    ),
    shop(
        "Ektara Electric",
        "switch@ektara-electric.example",
        &[("Ceiling fan", 2890), ("Inverter and battery", 18_500), ("LED tube, pack of four", 980)],
    ),
    shop(
        "Parcel & Parrot Toys",
        "squeak@parcel-parrot.example",
        &[("Wooden train", 899), ("Puzzle map of rivers", 549), ("Spinning top, lacquer", 160)],
    ),
];

const fn shop(name: &'static str, email: &'static str, sells: &'static [(&'static str, i64)]) -> Shop {
    Shop { name, email, country: "IN", sells }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_shop_is_invented_and_complete() {
        assert!(SHOPS.len() >= 20);
        for shop in SHOPS {
            assert!(shop.email.ends_with(".example"), "{}", shop.name);
            assert_eq!(shop.country.len(), 2);
            assert!(!shop.sells.is_empty(), "{}", shop.name);
            assert!(shop.sells.iter().all(|(_, rupees)| (50..100_000).contains(rupees)), "{}", shop.name);
        }
        let names: BTreeSet<_> = SHOPS.iter().map(|shop| shop.name).collect();
        let emails: BTreeSet<_> = SHOPS.iter().map(|shop| shop.email).collect();
        assert_eq!((names.len(), emails.len()), (SHOPS.len(), SHOPS.len()));
    }

    #[test]
    fn the_demo_has_a_devanagari_name_and_a_very_long_one() {
        let is_devanagari = |letter: char| ('\u{900}'..='\u{97f}').contains(&letter);
        assert!(SHOPS[..4].iter().any(|shop| shop.name.contains(is_devanagari)));
        assert!(SHOPS[..4].iter().any(|shop| shop.name.chars().count() > 100));
    }
}
