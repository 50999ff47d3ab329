//! The demo's company, apps and connections: one that works, one in Test alone, one whose SECRET is wrong, one to be
//! set up by whoever looks.

use crate::{
    accounts::{self, NewUser, Role},
    apps::{self, Details},
    companies,
    connections::{self, ConnectError, Connection, Keys, NewConnection, NewKeys, overlap::Overlap, secrets, store},
    db::{DbError, Tx},
    gateways::{Gateway, Mode},
    kernel::{
        id::{AppId, CompanyId},
        money::Currency,
        secret::Secret,
        time::Timestamp,
    },
    samples::shops::{SHOPS, Shop},
    state::State,
};

/// A connection that the simulated gateway sends to.
pub(super) struct Wired {
    pub(super) shop: &'static Shop,
    pub(super) endpoint: String,
    pub(super) secret: Secret,
    /// The one before it, which still counts.
    pub(super) before: Option<Secret>,
    pub(super) temper: Temper,
}

/// How the simulated gateway treats a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Temper {
    /// Weeks of history, and payments that go on.
    Busy,
    /// Some history, and a payment now and then.
    Quiet,
    /// Signs with another SECRET, as if an old one had been pasted.
    Mistaken,
}

/// An app that was just made.
struct Plot {
    company: CompanyId,
    app: AppId,
    shop: &'static Shop,
}

/// Why the demo could not be put in place.
#[derive(Debug, thiserror::Error)]
pub(super) enum SeedError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Vault(#[from] crate::kernel::vault::VaultError),
    #[error(transparent)]
    Password(#[from] accounts::password::Unworkable),
}

/// Puts everything in place in one unit of work.
pub(super) async fn plant(state: &State, password: &str) -> Result<Vec<Wired>, SeedError> {
    let now = state.clock.now();
    let password_hash = state.passwords.hash(accounts::password::Who::Known, password).await?;
    let mut tx = state.db.begin().await?;
    let company = companies::create(&mut tx, "Neem Tree Retail", now).await?;
    let owner =
        NewUser { company: company.id, email: super::EMAIL.to_owned(), name: OWNER.to_owned(), role: Role::Owner, password_hash };
    accounts::create(&mut tx, &owner, now).await?;
    let mut wired = Vec::new();
    for (shop, wishes) in SHOPS.iter().zip(WISHES) {
        let app = app(&mut tx, company.id, shop, now).await?;
        for &(mode, temper) in wishes {
            wired.push(wire(&mut tx, state, &Plot { company: company.id, app, shop }, mode, temper).await?);
        }
    }
    tx.commit().await?;
    Ok(wired)
}

/// Who has made it all.
const OWNER: &str = "Demo Owner";
/// So long the SECRET before goes on counting.
const OVERLAP: Overlap = Overlap::CHOICES[1];

/// What each of the first shops gets.
const WISHES: [&[(Mode, Temper)]; 4] = [
    &[(Mode::Live, Temper::Busy), (Mode::Test, Temper::Quiet)],
    &[(Mode::Test, Temper::Quiet)],
    &[(Mode::Live, Temper::Mistaken)],
    &[],
];

async fn app(tx: &mut Tx, company: CompanyId, shop: &Shop, now: Timestamp) -> Result<AppId, SeedError> {
    let details = Details {
        name: shop.name.to_owned(),
        email: shop.email.to_owned(),
        country: shop.country.to_owned(),
        address: None,
        phone: None,
        state: None,
        city: None,
        postal_code: None,
    };
    Ok(apps::create(tx, company, &details, now).await?)
}

async fn wire(tx: &mut Tx, state: &State, place: &Plot, mode: Mode, temper: Temper) -> Result<Wired, SeedError> {
    let &Plot { company, app, shop } = place;
    let now = state.clock.now();
    let new = NewConnection { company, app, gateway: Gateway::Razorpay, mode, currency: Currency::INR };
    let connection = connections::create(tx, &state.vault, &new, OWNER, now).await?;
    if temper == Temper::Busy {
        finish(tx, state, &connection, app, company, now).await?;
        secrets::rotate(tx, &state.vault, connection.id, (OVERLAP, OWNER), now).await?;
    }
    let stored = secrets::list_live(&mut *tx, connection.id, now).await?;
    let open = |is_active| stored.iter().find(|stored| stored.is_active() == is_active).map(|stored| stored.open(&state.vault));
    let secret = match open(true) {
        Some(secret) if temper != Temper::Mistaken => secret?,
        _ => Secret::generate(),
    };
    Ok(Wired { shop, endpoint: connection.endpoint, secret, before: open(false).transpose()?, temper })
}

/// All four steps done, as a merchant leaves them.
async fn finish(
    tx: &mut Tx,
    state: &State,
    connection: &Connection,
    app: AppId,
    company: CompanyId,
    now: Timestamp,
) -> Result<(), SeedError> {
    let key_id = format!("rzp_{}_Demo0000000001", connection.mode);
    let keys = NewKeys {
        key_id: &key_id,
        key_secret: Some("demo-key-secret"),
        payment_modes: "upi,debit_card,credit_card",
        state: Keys::Accepted,
    };
    connections::update_keys(tx, &state.vault, connection.id, &keys, now).await?;
    store::complete_webhook(tx, connection.id, OWNER, now).await?;
    store::complete_integration(tx, connection.id, OWNER, now).await?;
    apps::store::update_domain(tx, company, app, "shop.demo.example").await?;
    Ok(())
}
