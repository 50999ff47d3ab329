//! The names of countries in the languages of the console, with their ISO 3166-1 alpha-2 codes, which are stored.

use super::text::countries as t;
use crate::i18n::{Locale, Text};

/// The country that a list begins with: most shops are there.
const FIRST: &str = "IN";

/// Returns the name of the country with this code.
pub(crate) fn name(code: &str) -> Option<Text> {
    NAMES.iter().find(|(known, _)| *known == code).map(|(_, name)| name())
}

/// Returns codes and names in the order in which a reader of that language looks for a country.
pub(crate) fn sorted(locale: Locale) -> Vec<(&'static str, Text)> {
    let mut all: Vec<_> = NAMES.iter().map(|(code, name)| (*code, name())).collect();
    all.sort_by_cached_key(|(code, name)| (*code != FIRST, sort_key(&name.to_plain(locale))));
    all
}

/// Devanagari is in alphabetical order by code point, except for the dot of a letter, as in ज़, which changes no order. A Latin
/// letter with a mark is sorted as the letter.
fn sort_key(name: &str) -> String {
    let plain = |letter| match letter {
        'Å' => 'A',
        'ç' => 'c',
        'é' => 'e',
        'ô' => 'o',
        other => other,
    };
    name.chars().filter(|letter| *letter != '\u{93c}').map(plain).collect()
}

/// A code, and its name.
type Name = (&'static str, fn() -> Text);

/// In the order of the English names.
const NAMES: &[Name] = &[
    ("IN", t::country_in),
    ("AF", t::country_af),
    ("AL", t::country_al),
    ("DZ", t::country_dz),
    ("AD", t::country_ad),
    ("AO", t::country_ao),
    ("AI", t::country_ai),
    ("AQ", t::country_aq),
    ("AG", t::country_ag),
    ("AR", t::country_ar),
    ("AM", t::country_am),
    ("AW", t::country_aw),
    ("AU", t::country_au),
    ("AT", t::country_at),
    ("AZ", t::country_az),
    ("BS", t::country_bs),
    ("BH", t::country_bh),
    ("BD", t::country_bd),
    ("BB", t::country_bb),
    ("BY", t::country_by),
    ("BE", t::country_be),
    ("BZ", t::country_bz),
    ("BJ", t::country_bj),
    ("BM", t::country_bm),
    ("BT", t::country_bt),
    ("BO", t::country_bo),
    ("BA", t::country_ba),
    ("BW", t::country_bw),
    ("BV", t::country_bv),
    ("BR", t::country_br),
    ("IO", t::country_io),
    ("BN", t::country_bn),
    ("BG", t::country_bg),
    ("BF", t::country_bf),
    ("BI", t::country_bi),
    ("KH", t::country_kh),
    ("CM", t::country_cm),
    ("CA", t::country_ca),
    ("CV", t::country_cv),
    ("BQ", t::country_bq),
    ("KY", t::country_ky),
    ("CF", t::country_cf),
    ("TD", t::country_td),
    ("CL", t::country_cl),
    ("CN", t::country_cn),
    ("CX", t::country_cx),
    ("CC", t::country_cc),
    ("CO", t::country_co),
    ("KM", t::country_km),
    ("CD", t::country_cd),
    ("CG", t::country_cg),
    ("CK", t::country_ck),
    ("CR", t::country_cr),
    ("HR", t::country_hr),
    ("CU", t::country_cu),
    ("CW", t::country_cw),
    ("CY", t::country_cy),
    ("CZ", t::country_cz),
    ("CI", t::country_ci),
    ("DK", t::country_dk),
    ("DJ", t::country_dj),
    ("DM", t::country_dm),
    ("DO", t::country_do),
    ("TL", t::country_tl),
    ("EC", t::country_ec),
    ("EG", t::country_eg),
    ("SV", t::country_sv),
    ("GQ", t::country_gq),
    ("ER", t::country_er),
    ("EE", t::country_ee),
    ("SZ", t::country_sz),
    ("ET", t::country_et),
    ("FK", t::country_fk),
    ("FO", t::country_fo),
    ("FJ", t::country_fj),
    ("FI", t::country_fi),
    ("FR", t::country_fr),
    ("GF", t::country_gf),
    ("PF", t::country_pf),
    ("TF", t::country_tf),
    ("GA", t::country_ga),
    ("GM", t::country_gm),
    ("GE", t::country_ge),
    ("DE", t::country_de),
    ("GH", t::country_gh),
    ("GI", t::country_gi),
    ("GR", t::country_gr),
    ("GL", t::country_gl),
    ("GD", t::country_gd),
    ("GP", t::country_gp),
    ("GU", t::country_gu),
    ("GT", t::country_gt),
    ("GG", t::country_gg),
    ("GN", t::country_gn),
    ("GW", t::country_gw),
    ("GY", t::country_gy),
    ("HT", t::country_ht),
    ("HM", t::country_hm),
    ("HN", t::country_hn),
    ("HK", t::country_hk),
    ("HU", t::country_hu),
    ("IS", t::country_is),
    ("ID", t::country_id),
    ("IR", t::country_ir),
    ("IQ", t::country_iq),
    ("IE", t::country_ie),
    ("IM", t::country_im),
    ("IL", t::country_il),
    ("IT", t::country_it),
    ("JM", t::country_jm),
    ("JP", t::country_jp),
    ("JE", t::country_je),
    ("JO", t::country_jo),
    ("KZ", t::country_kz),
    ("KE", t::country_ke),
    ("KI", t::country_ki),
    ("KW", t::country_kw),
    ("KG", t::country_kg),
    ("LA", t::country_la),
    ("LV", t::country_lv),
    ("LB", t::country_lb),
    ("LS", t::country_ls),
    ("LR", t::country_lr),
    ("LY", t::country_ly),
    ("LI", t::country_li),
    ("LT", t::country_lt),
    ("LU", t::country_lu),
    ("MO", t::country_mo),
    ("MG", t::country_mg),
    ("MW", t::country_mw),
    ("MY", t::country_my),
    ("MV", t::country_mv),
    ("ML", t::country_ml),
    ("MT", t::country_mt),
    ("MH", t::country_mh),
    ("MQ", t::country_mq),
    ("MR", t::country_mr),
    ("MU", t::country_mu),
    ("YT", t::country_yt),
    ("MX", t::country_mx),
    ("FM", t::country_fm),
    ("MD", t::country_md),
    ("MC", t::country_mc),
    ("MN", t::country_mn),
    ("ME", t::country_me),
    ("MS", t::country_ms),
    ("MA", t::country_ma),
    ("MZ", t::country_mz),
    ("MM", t::country_mm),
    ("NA", t::country_na),
    ("NR", t::country_nr),
    ("NP", t::country_np),
    ("NL", t::country_nl),
    ("NC", t::country_nc),
    ("NZ", t::country_nz),
    ("NI", t::country_ni),
    ("NE", t::country_ne),
    ("NG", t::country_ng),
    ("NU", t::country_nu),
    ("NF", t::country_nf),
    ("KP", t::country_kp),
    ("MK", t::country_mk),
    ("MP", t::country_mp),
    ("NO", t::country_no),
    ("OM", t::country_om),
    ("PK", t::country_pk),
    ("PW", t::country_pw),
    ("PS", t::country_ps),
    ("PA", t::country_pa),
    ("PG", t::country_pg),
    ("PY", t::country_py),
    ("PE", t::country_pe),
    ("PH", t::country_ph),
    ("PN", t::country_pn),
    ("PL", t::country_pl),
    ("PT", t::country_pt),
    ("PR", t::country_pr),
    ("QA", t::country_qa),
    ("RO", t::country_ro),
    ("RU", t::country_ru),
    ("RW", t::country_rw),
    ("RE", t::country_re),
    ("AS", t::country_as),
    ("WS", t::country_ws),
    ("SM", t::country_sm),
    ("ST", t::country_st),
    ("SA", t::country_sa),
    ("SN", t::country_sn),
    ("RS", t::country_rs),
    ("SC", t::country_sc),
    ("SL", t::country_sl),
    ("SG", t::country_sg),
    ("SK", t::country_sk),
    ("SI", t::country_si),
    ("SB", t::country_sb),
    ("SO", t::country_so),
    ("ZA", t::country_za),
    ("GS", t::country_gs),
    ("KR", t::country_kr),
    ("SS", t::country_ss),
    ("ES", t::country_es),
    ("LK", t::country_lk),
    ("BL", t::country_bl),
    ("SH", t::country_sh),
    ("KN", t::country_kn),
    ("LC", t::country_lc),
    ("SX", t::country_sx),
    ("MF", t::country_mf),
    ("PM", t::country_pm),
    ("VC", t::country_vc),
    ("SD", t::country_sd),
    ("SR", t::country_sr),
    ("SJ", t::country_sj),
    ("SE", t::country_se),
    ("CH", t::country_ch),
    ("SY", t::country_sy),
    ("TW", t::country_tw),
    ("TJ", t::country_tj),
    ("TZ", t::country_tz),
    ("TH", t::country_th),
    ("TG", t::country_tg),
    ("TK", t::country_tk),
    ("TO", t::country_to),
    ("TT", t::country_tt),
    ("TN", t::country_tn),
    ("TR", t::country_tr),
    ("TM", t::country_tm),
    ("TC", t::country_tc),
    ("TV", t::country_tv),
    ("UM", t::country_um),
    ("UG", t::country_ug),
    ("UA", t::country_ua),
    ("AE", t::country_ae),
    ("GB", t::country_gb),
    ("US", t::country_us),
    ("UY", t::country_uy),
    ("UZ", t::country_uz),
    ("VU", t::country_vu),
    ("VA", t::country_va),
    ("VE", t::country_ve),
    ("VN", t::country_vn),
    ("VG", t::country_vg),
    ("VI", t::country_vi),
    ("WF", t::country_wf),
    ("EH", t::country_eh),
    ("YE", t::country_ye),
    ("ZM", t::country_zm),
    ("ZW", t::country_zw),
    ("AX", t::country_ax),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::country;

    #[test]
    fn every_country_has_one_name_in_each_language() {
        for locale in Locale::ALL {
            let names: Vec<String> = sorted(*locale).iter().map(|(_, name)| name.to_plain(*locale)).collect();
            let mut unique = names.clone();
            unique.sort();
            unique.dedup();
            assert_eq!((names.len(), unique.len()), (country::CODES.len(), country::CODES.len()), "{locale:?}");
        }
        assert!(country::CODES.iter().all(|code| name(code).is_some()));
        assert_eq!(name("in"), None);
    }

    #[test]
    fn countries_are_in_the_order_of_the_language() {
        let first = |locale| sorted(locale).iter().take(4).map(|(code, _)| *code).collect::<Vec<_>>();
        assert_eq!(first(Locale::English), ["IN", "AF", "AX", "AL"]);
        assert_eq!(first(Locale::Hindi), ["IN", "AO", "AQ", "AZ"]);
        let place = |locale, wanted| sorted(locale).iter().position(|(code, _)| *code == wanted).unwrap();
        assert!(place(Locale::English, "AX") < place(Locale::English, "BD"));
        assert!(place(Locale::Hindi, "JM") < place(Locale::Hindi, "ZM"), "the dot of a letter changes no order");
    }
}
