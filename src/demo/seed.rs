//! The demo's company, apps and connections: an app that works, one in Test mode only, one whose secret has just become
//! wrong, and one not set up yet.

use std::time::Duration;

use super::{
    schedule::{self, Trade},
    simulator::DAYS,
};
use crate::{
    accounts::{
        self, NewUser, Role,
        authz::{Actor, Permission, UseCaseError},
    },
    apps::{self, App, Details},
    automations::{
        self, Recipient, Rule,
        conditions::{AmountCondition, Comparison, Conditions},
    },
    companies,
    connections::{
        self, ApiKeyState, ConnectError, Connection, MarkedStep, NewConnection,
        credentials::{self, NewCredentials},
        overlap::Overlap,
        secrets,
    },
    console::http::state::State,
    db::{DbError, Tx},
    deliveries::{
        destination::{DEFAULT_CONCURRENCY, DEFAULT_TIMEOUT_SECONDS, EventSelection, Format, Settings},
        manage::{self, DestinationError},
        normalized::change,
    },
    gateways::{
        Mode,
        credentials::CredentialValues,
        razorpay,
        samples::shops::{SHOPS, Shop},
    },
    i18n::Locale,
    messages::automations::Template,
    primitives::{
        id::{CompanyId, ConnectionId, DestinationId},
        money::{Currency, Money},
        secret::Secret,
        time::Timestamp,
    },
};

/// A connection that the simulated gateway sends to.
pub(super) struct SeededConnection {
    pub(super) app: App,
    pub(super) connection: ConnectionId,
    pub(super) shop: &'static Shop,
    pub(super) trade: &'static Trade,
    pub(super) endpoint: String,
    pub(super) secret: Secret,
    /// The previous secret, which is still valid, and when it was replaced.
    before: Option<(Secret, Timestamp)>,
    pub(super) profile: TrafficProfile,
}

impl SeededConnection {
    /// Returns the secret with which the gateway signed at this time.
    pub(super) fn secret_at(&self, at: Timestamp) -> &Secret {
        self.before.as_ref().filter(|(_, until)| at < *until).map_or(&self.secret, |(secret, _)| secret)
    }
}

/// How the simulated gateway sends to a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TrafficProfile {
    /// A shop whose webhook works.
    Busy,
    /// Test payments by developers.
    Quiet,
    /// A shop whose webhook worked until its secret was pasted with a trailing newline.
    WrongSecret,
}

/// An app that was just created.
struct SeededApp {
    app: App,
    shop: &'static Shop,
    founded: Timestamp,
}

/// Why the demo data could not be created.
#[derive(Debug, thiserror::Error)]
pub(super) enum SeedError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Vault(#[from] crate::primitives::vault::VaultError),
    #[error(transparent)]
    Destination(#[from] DestinationError),
    #[error(transparent)]
    Password(#[from] accounts::password::HasherUnavailable),
}

/// Creates all data in one unit of work.
pub(super) async fn seed(state: &State, password: &str) -> Result<Vec<SeededConnection>, SeedError> {
    let founded = state.clock.now().minus(BEFORE_HISTORY);
    let now = founded;
    let password_hash = state.passwords.hash(accounts::password::Requester::New, password).await?;
    let mut tx = state.db.begin().await?;
    let company = companies::create(&mut tx, "Neem Tree Retail", now).await?;
    let owner =
        NewUser { company: company.id, email: super::EMAIL.to_owned(), name: OWNER.to_owned(), role: Role::Owner, password_hash };
    accounts::create(&mut tx, &owner, now).await?;
    let mut wired = Vec::new();
    for (shop, wishes) in SHOPS.iter().zip(FIXTURES) {
        let place = SeededApp { app: app(&mut tx, company.id, shop, now).await?, shop, founded };
        for &(mode, temper) in wishes {
            wired.push(wire(&mut tx, state, &place, mode, temper).await?);
        }
    }
    tx.commit().await?;
    Ok(wired)
}

/// Adds the shop's own systems as destinations in Live mode: one of the original format, one of the normalized, and one that receives only
/// what automations send. Returns the last.
pub(super) async fn add_destinations(
    state: &State,
    (app, connection): (&App, ConnectionId),
    [orders, accounts, shop]: [String; 3],
) -> Result<Option<DestinationId>, SeedError> {
    let settings = |name: &str, url, format, connection_id| Settings {
        name: name.to_owned(),
        url,
        format,
        connection_id,
        is_resigned: false,
        events: EventSelection::default(),
        is_fifo: false,
        concurrency: DEFAULT_CONCURRENCY,
        per_second: None,
        timeout_seconds: DEFAULT_TIMEOUT_SECONDS,
    };
    let of_automations = EventSelection::parse(change::EVENT_TYPE).unwrap_or_default();
    let all = [
        (settings("Order system", orders, Format::Original, Some(connection)), Some(razorpay::GATEWAY)),
        (settings("Accounts", accounts, Format::Normalized, None), None),
        (Settings { events: of_automations, ..settings("Shop", shop, Format::Normalized, None) }, None),
    ];
    let (actor, now) = (owner(app.company_id), state.clock.now());
    let mut tx = state.db.begin().await?;
    let mut last = None;
    for (settings, gateway) in all {
        let added = manage::create(&mut tx, &state.vault, (app, Mode::Live), (settings, gateway), (&actor, now)).await?;
        last = Some(added.id);
    }
    tx.commit().await?;
    Ok(last)
}

/// Adds the update of the shop's orders, the refund of orders that are paid twice and, if there is a mailbox for its emails, the confirmation of large live payments.
pub(super) async fn add_automations(
    state: &State,
    app: &App,
    (shop, has_mailbox): (Option<DestinationId>, bool),
) -> Result<(), SeedError> {
    let update = Template::OrderStatus;
    let order = Rule {
        on: update.kind(),
        conditions: Conditions::default(),
        recipients: shop.map(Recipient::Destination).into_iter().collect(),
        texts: update.texts(),
        language: Locale::English,
        body: update.body(),
        starts_refund: false,
    };
    let over = AmountCondition { comparison: Comparison::Over, amount: Money::new(100_000, Currency::INR) };
    let template = Template::Confirmation;
    let confirmation = Rule {
        on: template.kind(),
        conditions: Conditions { amount: Some(over), ..Conditions::default() },
        recipients: vec![Recipient::Customer],
        texts: template.texts(),
        language: Locale::English,
        body: None,
        starts_refund: false,
    };
    let refund = Rule {
        on: Template::RefundPaidTwice.kind(),
        conditions: Conditions::default(),
        recipients: Vec::new(),
        texts: Template::RefundPaidTwice.texts(),
        language: Locale::English,
        body: None,
        starts_refund: true,
    };
    let mut tx = state.db.begin().await?;
    let before = state.clock.now().minus(BEFORE_TRAFFIC);
    for rule in [order, refund].into_iter().chain(has_mailbox.then_some(confirmation)) {
        automations::manage::add(&mut tx, (app, Mode::Live), (rule, true), (&owner(app.company_id), before)).await?;
    }
    Ok(tx.commit().await?)
}

/// How long the automation has been on: the first payment may have been captured shortly before.
const BEFORE_TRAFFIC: Duration = Duration::from_mins(10);
/// Name of the demo user.
const OWNER: &str = "Demo Owner";
/// How long the previous secret stays valid.
const OVERLAP: Overlap = Overlap::CHOICES[1];
/// How long ago the secret of the busy shop was rotated.
const ROTATED: Duration = Duration::from_hours(20);
/// How long ago the data was created: before the start of the history.
const BEFORE_HISTORY: Duration = Duration::from_hours(24 * (DAYS as u64 + 2));

/// Connections of each shop, as described in the README.
const FIXTURES: [&[(Mode, TrafficProfile)]; 4] = [
    &[(Mode::Live, TrafficProfile::Busy), (Mode::Test, TrafficProfile::Quiet)],
    &[(Mode::Test, TrafficProfile::Quiet)],
    &[(Mode::Live, TrafficProfile::WrongSecret)],
    &[],
];

async fn app(tx: &mut Tx, company: CompanyId, shop: &Shop, now: Timestamp) -> Result<App, SeedError> {
    let details = Details {
        name: shop.name.to_owned(),
        email: shop.email.to_owned(),
        country: shop.country.to_owned(),
        address: None,
        phone: None,
        state: None,
        city: None,
        postal_code: None,
        zone: None,
    };
    let actor = owner(company);
    let id = apps::create(tx, company, &details, (&actor, now)).await?;
    Ok(apps::find(tx, id, (&actor, Permission::ViewApps)).await?)
}

/// Returns the demo user as actor.
const fn owner(company: CompanyId) -> Actor<'static> {
    Actor { company, user: None, role: Role::Owner, name: OWNER, address: None }
}

async fn wire(
    tx: &mut Tx,
    state: &State,
    place: &SeededApp,
    mode: Mode,
    temper: TrafficProfile,
) -> Result<SeededConnection, SeedError> {
    let &SeededApp { ref app, shop, founded: now } = place;
    let actor = owner(app.company_id);
    let (today, rotated_at) = (state.clock.now(), state.clock.now().minus(ROTATED));
    let new = NewConnection { company: app.company_id, app: app.id, gateway: razorpay::GATEWAY, mode, currency: Currency::INR };
    let connection = connections::create(tx, &state.vault, &new, (&actor, now)).await?;
    if temper == TrafficProfile::Busy {
        finish(tx, state, &connection, app, (&actor, now)).await?;
        secrets::rotate(tx, &state.vault, &connection, (OVERLAP, &actor), rotated_at).await?;
    }
    let stored = secrets::list_valid(&mut *tx, connection.id, today).await?;
    let open = |is_active| stored.iter().find(|stored| stored.is_active() == is_active).map(|stored| stored.open(&state.vault));
    let secret = open(true).transpose()?.unwrap_or_else(Secret::generate);
    let before = open(false).transpose()?.map(|secret| (secret, rotated_at));
    let trade = match temper {
        TrafficProfile::Busy => &schedule::BUSY,
        TrafficProfile::Quiet => &schedule::TESTS,
        TrafficProfile::WrongSecret => &schedule::STEADY,
    };
    let own = (app.clone(), connection.id);
    Ok(SeededConnection {
        app: own.0,
        connection: own.1,
        shop,
        trade,
        endpoint: connection.endpoint,
        secret,
        before,
        profile: temper,
    })
}

/// Completes the set-up steps of a connection.
async fn finish(
    tx: &mut Tx,
    state: &State,
    connection: &Connection,
    app: &App,
    by: (&Actor<'_>, Timestamp),
) -> Result<(), SeedError> {
    let key_id = format!("rzp_{}_Demo0000000001", connection.mode);
    let mut values = CredentialValues::default();
    for field in razorpay::GATEWAY.profile().api_keys.iter().flat_map(|keys| keys.fields) {
        let value = if field.is_secret { "demo-key-secret" } else { &key_id };
        values.add(field, value.to_owned().into());
    }
    let keys = NewCredentials { values: &values, state: ApiKeyState::Accepted, checked: None };
    credentials::update(tx, &state.vault, connection, &keys, by).await?;
    for step in [MarkedStep::Webhook, MarkedStep::Integration] {
        connections::set_step_done(tx, connection, (step, true), by).await?;
    }
    Ok(apps::update_domain(tx, app, "shop.demo.example", by).await?)
}
