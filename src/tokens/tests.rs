//! Tests of the rules of tokens.

use super::*;
use crate::{
    accounts::authz::denial::{MaybeDenied, assert_denied},
    db::test_db::TestDb,
};

impl MaybeDenied for TokenError {
    fn denied(self) -> Option<Denied> {
        match self {
            Self::UseCase(error) => error.denied(),
            Self::TooMany => None,
        }
    }
}

fn token(created_at: Timestamp) -> AppToken {
    AppToken {
        id: TokenId::unique(),
        company_id: CompanyId::unique(),
        app_id: AppId::unique(),
        user_id: UserId::unique(),
        name: "Laptop".to_owned(),
        is_live: false,
        digest: Vec::new(),
        created_at,
        last_used_at: None,
        expires_at: created_at.plus(TOKEN_LIFETIME),
    }
}

#[test]
fn a_token_names_its_id_and_no_two_are_alike() {
    let id = TokenId::unique();
    let (one, other) = (TokenValue::generate(id), TokenValue::generate(id));
    assert!(one.expose().len() == 14 + 1 + RANDOM_CHARS && one.digest() != other.digest());
    assert_eq!(TokenValue::from_client(one.expose()).id(), Some(id));
    let cut = &one.expose()[..one.expose().len() - 1];
    for wrong in ["", "tk_", &id.to_string(), cut, &format!("{}x", one.expose()), &one.expose().replace("tk_", "ev_")] {
        assert_eq!(TokenValue::from_client(wrong).id(), None, "{wrong}");
    }
}

#[test]
fn a_token_expires_after_90_days_and_one_of_a_clock_that_was_ahead_is_invalid_before() {
    let start = Timestamp::from_seconds(1_795_343_403);
    let token = token(start);
    let last = start.plus(TOKEN_LIFETIME.checked_sub(Duration::from_millis(1)).unwrap());
    assert!(token.is_valid(start) && token.is_valid(last) && !token.is_valid(start.plus(TOKEN_LIFETIME)));
    assert_eq!(TOKEN_LIFETIME.as_secs(), 90 * 86_400);
    let before = start.minus(CLOCK_TOLERANCE);
    assert!(token.is_valid(before) && !token.is_valid(before.minus(Duration::from_millis(1))));
}

#[test]
fn the_last_use_is_written_at_most_once_a_minute() {
    let start = Timestamp::from_millis(0);
    let mut token = token(start);
    assert!(token.is_touch_due(start));
    token.last_used_at = Some(start);
    assert!(!token.is_touch_due(start.plus(Duration::from_secs(59))) && token.is_touch_due(start.plus(Duration::from_mins(1))));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_managed_with_the_permission_alone() {
    let test = TestDb::new("tokens_denied").await;
    let begin = async || test.db.begin().await;
    let now = Timestamp::from_millis(0);
    let stored = token(now);
    let company = stored.company_id;
    assert_denied(company, async |actor| remove(&mut begin().await?, &stored, (&actor, now)).await).await;
    let app = crate::apps::tests::app(company);
    assert_denied(company, async |actor| list(&mut begin().await?, &app, &actor).await).await;
    assert_denied(company, async |actor| find(&mut begin().await?, &app, stored.id, &actor).await).await;
    let user = User {
        id: stored.user_id,
        company_id: company,
        email: String::new(),
        name: String::new(),
        role: accounts::Role::Owner,
        language: None,
        zone: None,
    };
    let new = NewToken { user: &user, name: None, is_live: false };
    assert_denied(company, async |actor| create(&mut begin().await?, &app, &new, (&actor, now)).await).await;
    test.end().await;
}
