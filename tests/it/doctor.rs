//! Diagnosis: every way to get a signature wrong, sent to a real server, with the expected first cause.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;

use crate::support::{
    TestApp, bodies,
    builders::Connection,
    eventually,
    fake_razorpay::{StandIn, set_api},
    signing,
    webhook_request::Post,
};

const NEWEST: &str = "SELECT cause FROM rejections ORDER BY last_at DESC, id DESC LIMIT 1";
const COUNT: &str = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rejections";
/// Interval between two requests, in seconds.
const LATER: i64 = 61 * 60;
const KEY_ID: &str = "rzp_test_Doctor00000001";
const KEY_SECRET: &str = "DoctorsOwnKeySecret00001";

/// In Razorpay's format: compact, keys in its own order.
const BODY: &str = r#"{"entity":"event","account_id":"acc_Test0000000001","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_Doctor00000001","entity":"payment","amount":100000,"currency":"INR","status":"captured","order_id":"order_Doctor000001","method":"upi","description":"दीया / lamp","notes":[],"created_at":1795343400}}},"created_at":1795343400}"#;

/// Sends wrong requests one after another.
struct Practice {
    app: TestApp,
    seen: i64,
}

impl Practice {
    /// Sends the request and asserts its first cause.
    async fn wants(&mut self, cause: &str, how: &str, post: Post) {
        // After an hour a request starts a new rejection.
        self.app.clock.advance(Duration::from_secs(LATER.unsigned_abs()));
        assert_eq!(post.send().await, 401, "{how}");
        self.seen += 1;
        let seen = self.seen;
        eventually(async || self.app.count(COUNT).await == seen).await;
        assert_eq!(self.app.texts(NEWEST).await, [cause], "{how}");
    }
}

struct Shop {
    own: Connection,
    twin: Connection,
    generic: Connection,
    neighbour: Connection,
    stranger: Connection,
}

async fn shop() -> (Practice, Shop) {
    // In a box, since its future is large.
    Box::pin(async {
        let api = StandIn::start().await;
        let app = TestApp::start_with(|config| set_api(config, &api.url)).await;
        let company = app.company("Neem Tree Retail").await;
        let (one, other) = (company.app("Neem Tree Store").await, company.app("Neem Tree Stall").await);
        let shop = Shop {
            own: one.razorpay("test").await,
            twin: one.razorpay("live").await,
            generic: one.connect("standard-webhooks", "test").await,
            neighbour: other.razorpay("test").await,
            stranger: app.company("Banyan Books").await.app("Banyan Books Online").await.razorpay("test").await,
        };
        let owner = app.owner("Neem Tree Retail").await;
        let step = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/credentials", one.id);
        owner.post(&step, &[("key_id", KEY_ID), ("key_secret", KEY_SECRET)]).await.location();
        shop.own.post(BODY).stored().await;
        (Practice { app, seen: 0 }, shop)
    })
    .await
}

fn right(shop: &Shop) -> String {
    signing::razorpay(&shop.own.secret, BODY.as_bytes())
}

/// Signed over the usual body, sent with another.
fn changed(shop: &Shop, body: &[u8]) -> Post {
    shop.own.post(BODY).body_after_signing(body)
}

/// Signed over another body, sent with the usual one.
fn was(shop: &Shop, signed: &[u8]) -> Post {
    shop.own.post(BODY).signature(&signing::razorpay(&shop.own.secret, signed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_is_missing_elsewhere_or_written_otherwise() {
    let (mut practice, shop) = shop().await;
    let (post, right) = (|| shop.own.post(BODY), right(&shop));
    let bytes: Vec<u8> = signing::hmac(shop.own.secret.as_bytes(), BODY.as_bytes());
    let sha512 = Hmac::<Sha512>::new_from_slice(shop.own.secret.as_bytes()).unwrap().chain_update(BODY).finalize().into_bytes();
    let bare = shop.own.post("").unsigned().without_event_id();
    for (cause, how, post) in [
        ("no_signature", "the field Secret is empty", post().unsigned()),
        ("no_signature", "the header is empty", post().signature("")),
        ("no_signature", "by hand", shop.own.post("{}").unsigned().without_event_id()),
        ("renamed_header", "a proxy renames it", post().unsigned().header("x-rzp-signature", &right)),
        ("other_gateway", "Stripe's", post().unsigned().header("stripe-signature", "t=1795343400,v1=00ff")),
        ("other_gateway", "Standard Webhooks'", post().unsigned().header("webhook-signature", "v1,AAAA")),
        ("scanner", "by its name", bare.clone().header("user-agent", "Mozilla/5.0 zgrab/0.x")),
        ("scanner", "by what it tries", shop.own.post("<?php system('id');").unsigned().without_event_id()),
        (
            "checkout",
            "the checkout's own form",
            shop.own.post("razorpay_payment_id=pay_1&razorpay_order_id=order_1&razorpay_signature=00").unsigned(),
        ),
        ("repeated_header", "twice", post().header("x-razorpay-signature", &right)),
        ("quoted", "quoted", post().signature(&format!("\"{right}\""))),
        ("upper_case", "capitals", post().signature(&right.to_uppercase())),
        ("prefixed", "sha256=", post().signature(&format!("sha256={right}"))),
        ("prefixed", "with a time", post().signature(&format!("t=1795343400,v1={right}"))),
        ("base64", "of the bytes", post().signature(&STANDARD.encode(&bytes))),
        ("base64", "of the digits", post().signature(&STANDARD.encode(&right))),
        ("truncated", "half of it", post().signature(&right[..32])),
        ("truncated", "all but one digit", post().signature(&right[..62])),
        ("lengthened", "with something behind", post().signature(&format!("{right}00"))),
        ("other_hash", "SHA-512", post().signature(&signing::hex(&sha512))),
        ("not_keyed", "a digest of the body", post().signature(&signing::sha256(BODY.as_bytes()))),
        (
            "hashed_with_secret",
            "a digest of both",
            post().signature(&signing::sha256(&[shop.own.secret.as_bytes(), BODY.as_bytes()].concat())),
        ),
        (
            "hashed_with_secret",
            "the secret last",
            post().signature(&signing::sha256(&[BODY.as_bytes(), shop.own.secret.as_bytes()].concat())),
        ),
        ("checkout", "order|payment", post().signature(&signing::razorpay(KEY_SECRET, b"order_Doctor000001|pay_Doctor00000001"))),
    ] {
        practice.wants(cause, how, post).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_secret_or_the_right_one_pasted_wrong() {
    let (mut practice, shop) = shop().await;
    let secret = shop.own.secret.clone();
    let with = |secret: &str| shop.own.post(BODY).secret(secret);
    let other_letter = if secret.as_bytes()[9] == b'x' { "y" } else { "x" };
    let mistyped = format!("{}{other_letter}{}", &secret[..9], &secret[10..]);
    let dots = "•".repeat(secret.len());
    for (cause, how, post) in [
        ("other_mode", "the SECRET of Live", with(&shop.twin.secret)),
        ("other_connection", "of another gateway, as shown", with(&shop.generic.secret)),
        ("other_connection", "of another gateway, without whsec_", with(shop.generic.secret.trim_start_matches("whsec_"))),
        ("other_app", "of another app", with(&shop.neighbour.secret)),
        ("unknown", "another company's is never tried", with(&shop.stranger.secret)),
        ("key_secret", "the API Key Secret", with(KEY_SECRET)),
        ("secret_is_key_id", "the API Key ID", with(KEY_ID)),
        ("secret_with_space", "behind", with(&format!("{secret} "))),
        ("secret_with_space", "in front", with(&format!(" {secret}"))),
        ("secret_with_line_end", "a newline", with(&format!("{secret}\n"))),
        ("secret_with_line_end", "of Windows", with(&format!("{secret}\r\n"))),
        ("secret_with_invisible", "a space that does not break", with(&format!("{secret}\u{a0}"))),
        ("secret_with_invisible", "a byte order mark", with(&format!("\u{feff}{secret}"))),
        ("secret_quoted", "double", with(&format!("\"{secret}\""))),
        ("secret_quoted", "single", with(&format!("'{secret}'"))),
        ("secret_labelled", "with the word", with(&format!("SECRET: {secret}"))),
        ("secret_cut", "its end", with(&secret[..20])),
        ("secret_cut", "one letter", with(&secret[..43])),
        ("secret_cut", "its beginning", with(&secret[3..])),
        ("secret_doubled", "twice", with(&format!("{secret}{secret}"))),
        ("secret_case", "small letters", with(&secret.to_lowercase())),
        ("secret_encoded", "base64", with(&STANDARD.encode(&secret))),
        ("secret_mistyped", "a wrong letter", with(&mistyped)),
        ("secret_is_url", "the URL", with(&shop.own.url)),
        ("secret_is_id", "the endpoint's id", with(&shop.own.endpoint)),
        ("secret_is_dots", "the dots", with(&dots)),
        ("secret_empty", "nothing", with("")),
        ("unknown", "a self-made secret", with("a secret of their own making")),
    ] {
        practice.wants(cause, how, post).await;
    }
    practice.app.sql("UPDATE secrets SET state = 'additional', valid_until = 1").await;
    practice.wants("old_secret", "one whose time is over", with(&secret)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_changed_on_the_way() {
    let (mut practice, shop) = shop().await;
    let json: serde_json::Value = serde_json::from_str(BODY).unwrap();
    let pretty = |text: &str| text.replace(",\"", ",\n  \"").replacen("{\"", "{\n  \"", 1);
    let python = BODY.replace("\":", "\": ").replace(",\"", ", \"");
    let ascii =
        BODY.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect::<String>();
    let slashes = BODY.replace(" / ", " \\/ ");
    let mojibake: String = BODY.bytes().map(char::from).collect();
    let utf16: Vec<u8> = BODY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", BODY).finish();
    let lines = serde_json::to_string_pretty(&json).unwrap();
    let elsewhere = BODY.replace("acc_Test0000000001", "acc_Other000000001");
    for (cause, how, post) in [
        ("body_respaced", "spaces as Python writes them", changed(&shop, python.as_bytes())),
        ("body_respaced", "lines to no lines", was(&shop, python.as_bytes())),
        ("body_respaced", "odd lines", changed(&shop, pretty(BODY).as_bytes())),
        ("body_reordered", "sorted", changed(&shop, json.to_string().as_bytes())),
        ("body_reordered", "sorted and on lines", changed(&shop, lines.as_bytes())),
        ("body_escaped", "ASCII to UTF-8", was(&shop, ascii.as_bytes())),
        ("body_escaped", "UTF-8 to ASCII", changed(&shop, ascii.as_bytes())),
        ("body_escaped", "slashes, as PHP signs", was(&shop, slashes.as_bytes())),
        ("body_escaped", "both, as PHP signs", was(&shop, ascii.replace(" / ", " \\/ ").as_bytes())),
        (
            "body_rewritten",
            "spaces and characters",
            changed(&shop, ascii.replace("\":", "\": ").replace(",\"", ", \"").as_bytes()),
        ),
        ("body_line_end", "a newline more", changed(&shop, format!("{BODY}\n").as_bytes())),
        ("body_line_end", "a newline less", was(&shop, format!("{BODY}\n").as_bytes())),
        ("body_mark", "a mark more", changed(&shop, format!("\u{feff}{BODY}").as_bytes())),
        ("body_mark", "a mark less", was(&shop, format!("\u{feff}{BODY}").as_bytes())),
        (
            "body_line_ends",
            "of Windows",
            shop.own.post(pretty(BODY)).body_after_signing(pretty(BODY).replace('\n', "\r\n").as_bytes()),
        ),
        ("body_form", "as a field", changed(&shop, form.as_bytes())),
        ("body_wrapped", "as a string", changed(&shop, serde_json::json!(BODY).to_string().as_bytes())),
        ("body_wrapped", "as a member", changed(&shop, serde_json::json!({ "path": "/x", "body": BODY }).to_string().as_bytes())),
        ("body_wrapped", "as base64", changed(&shop, STANDARD.encode(BODY).as_bytes())),
        ("body_charset", "UTF-8 read as Latin-1", changed(&shop, mojibake.as_bytes())),
        ("body_charset", "UTF-16", changed(&shop, &utf16)),
        ("body_empty", "nothing of it came", changed(&shop, b"")),
        ("body_cut", "half of it came", changed(&shop, &BODY.as_bytes()[..BODY.len() / 2])),
        ("unknown", "an amount was changed", changed(&shop, BODY.replace("100000", "900000").as_bytes())),
        ("other_account", "of another account", shop.own.post(elsewhere).secret("a secret of another account")),
    ] {
        practice.wants(cause, how, post).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_generic_gateway() {
    let (mut practice, shop) = shop().await;
    let generic = &shop.generic;
    let body = bodies::standard("invoice.paid", "in_1");
    let post = || generic.post(body.clone()).event_id("msg_1");
    let (bare, decoded) = generic.secret.split_once('_').map(|(_, bare)| (bare, STANDARD.decode(bare).unwrap())).unwrap();
    let bare = bare.to_owned();
    let v1 = |mac: &[u8]| format!("v1,{}", STANDARD.encode(mac));
    // Signature under that key, over the correct content.
    let whole = |key: &[u8], now: i64| signing::hmac(key, &[format!("msg_1.{now}.").as_bytes(), &body].concat());
    for (cause, how, sign) in [
        ("secret_with_prefix", "whsec_ as text", &|now| v1(&whole(generic.secret.as_bytes(), now))),
        ("secret_not_decoded", "not decoded", &|now| v1(&whole(bare.as_bytes(), now))),
        ("hex", "in hex", &|now| format!("v1,{}", signing::hex(&whole(&decoded, now)))),
        ("version_missing", "without v1,", &|now| STANDARD.encode(whole(&decoded, now))),
        ("prefixed", "v1= in place of v1,", &|now| format!("v1={}", STANDARD.encode(whole(&decoded, now)))),
        ("truncated", "cut", &|now| v1(&whole(&decoded, now))[..27].to_owned()),
        ("signed_body_only", "the body alone", &|_| v1(&signing::hmac(&decoded, &body))),
        ("signed_other_parts", "time and body", &|now| {
            v1(&signing::hmac(&decoded, &[format!("{now}.").as_bytes(), &body].concat()))
        }),
        ("asymmetric_only", "v1a alone", &|_| format!("v1a,{}", STANDARD.encode([7; 64]))),
        ("unknown", "two, and none of them right", &|_| format!("{} {}", v1(&[7; 32]), v1(&[8; 32]))),
    ] as [(&str, &str, &dyn Fn(i64) -> String); 10]
    {
        let now = practice.app.now().seconds() + LATER;
        practice.wants(cause, how, post().seconds_later(LATER).signature(&sign(now))).await;
    }
    let fresh = async |practice: &mut Practice, cause: &str, how: &str, change: &dyn Fn(Post, i64) -> Post| {
        let made = post().seconds_later(LATER);
        let now = practice.app.now().seconds() + LATER;
        practice.wants(cause, how, change(made, now)).await;
    };
    fresh(&mut practice, "signed_earlier", "an hour ago", &|post, _| post.seconds_later(-3600)).await;
    fresh(&mut practice, "signed_ahead", "an hour ahead", &|post, _| post.seconds_later(3600)).await;
    fresh(&mut practice, "time_in_millis", "in milliseconds", &|post, now| post.seconds_later(now * 999)).await;
    fresh(&mut practice, "id_missing", "no id", &|post, _| post.without_event_id()).await;
    fresh(&mut practice, "time_missing", "no time", &|post, _| post.without_time()).await;
    fresh(&mut practice, "no_signature", "no signature", &|post, _| post.unsigned()).await;
    fresh(&mut practice, "other_gateway", "Svix's names", &|post, _| post.unsigned().header("svix-signature", "v1,AAAA")).await;
    fresh(&mut practice, "body_line_end", "a newline more", &|post, _| {
        let sent = [post.bytes(), b"\n"].concat();
        post.body_after_signing(&sent)
    })
    .await;
    fresh(&mut practice, "unknown", "another's secret", &|post, _| post.secret("c29tZWJvZHkgZWxzZSdzIHNlY3JldA==")).await;
    fresh(&mut practice, "other_connection", "Razorpay's SECRET", &|post, _| post.secret(&shop.own.secret)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_is_said_and_never_a_signature_or_a_secret() {
    let (mut practice, shop) = shop().await;
    practice.wants("other_mode", "the SECRET of Live", shop.own.post(BODY).secret(&shop.twin.secret)).await;
    let owner = practice.app.owner("Neem Tree Retail").await;
    let list = owner.get(&format!("/ks-pay/apps/{}/rejections", shop.own.app_id)).await;
    assert!(list.text_of("cause-other-mode").contains("(Razorpay, Live mode)"), "{}", list.body);
    let path = list.body.split('"').find(|text| text.contains("/rejections/rj_")).unwrap().to_owned();
    let webhook = format!("/ks-pay/apps/{}/settings/payment-gateways/razorpay/test/webhook", shop.own.app_id);
    for path in [path, webhook] {
        let page = owner.get(&path).await;
        assert!(page.shows("cause-other-mode"), "{path}");
        let expected = right(&shop);
        assert!(!page.has(&expected) && !page.has(&shop.own.secret) && !page.has(&shop.twin.secret), "{path}");
    }
}
