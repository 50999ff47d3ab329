//! Invented Indian shops, which lend the samples and the demo their names and goods.
//!
//! The rule kept here: no shop is real, and every address is at a `.example` domain, where no mail
//! can arrive.

/// A shop that exists nowhere else.
#[derive(Debug, PartialEq, Eq)]
pub struct Shop {
    /// The name over the door.
    pub name: &'static str,
    /// Where its letters would go.
    pub email: &'static str,
    /// The two-letter code of its country.
    pub country: &'static str,
    /// What it sells, for descriptions and notes; never empty.
    pub sells: &'static [&'static str],
}

/// Every shop. The first four are the demo's; among them are a name in Devanagari and a very long
/// one, since both break careless pages.
pub const SHOPS: &[Shop] = &[
    shop(
        "Two Mongoose Tea",
        "counter@two-mongoose-tea.example",
        &["Masala tea 250 g", "First-flush tin", "Ginger tea sampler", "Clay cups, six"],
    ),
    shop("जुगनू लालटेन घर", "namaste@jugnu-lalten.example", &["पीतल की लालटेन", "मिट्टी के दीये, बारह", "Paper lantern, blue"]),
    shop(
        "The Grand Umbrella, Gumboot, Raincoat and General Monsoon Outfitting Emporium of Upper \
         Chhatarpalli (Established in the Rain)",
        "puddles@grand-umbrella-emporium.example",
        &["Umbrella, eight ribs", "Gumboots, size 7", "Raincoat for a scooter and its rider"],
    ),
    shop(
        "Patangwala Paper Works",
        "string@patangwala-paper.example",
        &["Kite, diamond, red", "Cotton kite string 500 m", "Handmade diary"],
    ),
    shop(
        "Seventh Spanner Cycles",
        "bell@seventh-spanner.example",
        &["Brake pads, pair", "Commuter bicycle, 21 speeds", "Full service"],
    ),
    shop("Mithai by the Metre", "ladoo@mithai-metre.example", &["Besan ladoo 500 g", "Kaju roll 1 kg", "Wedding box of forty"]),
    shop("Idle Peacock Books", "shelf@idle-peacock-books.example", &["A railway novel", "Atlas of stepwells", "Gift card"]),
    shop(
        "Dhoop & Drizzle Spices",
        "jar@dhoop-drizzle.example",
        &["Turmeric 200 g", "Garam masala 100 g", "Spice box, seven jars"],
    ),
    shop(
        "Thirteen Looms of Nadipur",
        "weft@thirteen-looms.example",
        &["Cotton saree, indigo", "Silk stole", "Handloom towel, pair"],
    ),
    shop(
        "Kadak Kettle Canteen",
        "tiffin@kadak-kettle.example",
        &["Lunch, ten days", "Office breakfast for six", "Filter coffee 250 g"],
    ),
    shop("Gilli Danda Sports", "umpire@gilli-danda.example", &["Cricket ball, leather", "Carrom board", "Badminton pair"]),
    shop("Banyan Byte Repairs", "help@banyan-byte.example", &["Screen replacement", "Laptop battery", "Data recovery"]),
    shop(
        "Chameli Threads",
        "needle@chameli-threads.example",
        &["Kurta, block print", "Alteration, two pieces", "Jasmine hair garland"],
    ),
    shop("Brass Elephant Hardware", "bolt@brass-elephant.example", &["Hinges, dozen", "Door knocker, brass", "Paint 4 l, cream"]),
    shop("Saffron Sloth Yoga", "mat@saffron-sloth.example", &["Ten classes", "Cork mat", "Weekend retreat"]),
    shop(
        "Noon Auto Tutors",
        "slate@noon-auto-tutors.example",
        &["Algebra, one month", "Exam papers, class 10", "Spoken Tamil, beginner"],
    ),
    shop("Coconut Telegraph Crafts", "coir@coconut-telegraph.example", &["Coir doormat", "Shell lamp", "Bowl of coconut wood"]),
    shop(
        "Backwater Bulbul Homestay",
        "porch@backwater-bulbul.example",
        &["Two nights, river room", "Canoe morning", "Dinner on a leaf"],
    ),
    shop("Little Lassi Dairy", "pail@little-lassi.example", &["Milk, thirty days", "Ghee 1 l", "Paneer 400 g"]),
    shop(
        "Monsoon Mirchi Pickles",
        "barni@monsoon-mirchi.example",
        &["Lime pickle 300 g", "Mango pickle 1 kg", "Pickle of the month"],
    ),
    shop(
        "Granite Garden Nursery",
        "sprout@granite-garden.example",
        &["Curry leaf plant", "Terracotta pot, 12 inch", "Compost 5 kg"],
    ),
    shop("Silver Squirrel Jewels", "anklet@silver-squirrel.example", &["Anklets, silver", "Nose pin", "Bridal set on order"]),
    shop("Ektara Electric", "switch@ektara-electric.example", &["Ceiling fan", "Inverter and battery", "LED tube, pack of four"]),
    shop(
        "Parcel & Parrot Toys",
        "squeak@parcel-parrot.example",
        &["Wooden train", "Puzzle map of rivers", "Spinning top, lacquer"],
    ),
];

const fn shop(name: &'static str, email: &'static str, sells: &'static [&'static str]) -> Shop {
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
