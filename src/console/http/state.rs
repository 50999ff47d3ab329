//! The state shared by the request handlers of a server.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    accounts::{limits::Limits, password::PasswordHasher, sign_in::Authenticator},
    companies::check_limiter::CheckLimiter,
    console::http::untrusted_proxy::UntrustedProxy,
    db::Db,
    gateways::Gateway,
    ingestion::Ingestion,
    messages::Warning,
    net::{
        client_ip::TrustedProxies,
        open_requests::{OpenLimits, OpenRequests},
        outbound::Client,
    },
    notifications::{channels, mailbox::Mailbox, worker::Health},
    primitives::{
        id::{CompanyId, UserId},
        rate_limit::KeyedLimiter,
        shutdown::Shutdown,
        time::Clock,
        vault::Vault,
    },
    refunds::Refunder,
    rejections::recorder::DiagnosisContext,
};

/// The limits of the event streams of pages; a page without a stream refreshes by timer.
const STREAM_LIMITS: OpenLimits = OpenLimits { total: 512, of_one: 16 };
/// The burst of a user's searches, and the interval after which another is allowed: the dialog searches as the user types.
const SEARCH_BURST: NonZeroU32 = NonZeroU32::new(60).expect("sixty is not zero");
const SEARCH_INTERVAL: Duration = Duration::from_millis(250);
/// The burst of a company's changes of time zones, for each of which ingestion waits, and the interval after which another is allowed.
const ZONE_CHANGE_BURST: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");
const ZONE_CHANGE_INTERVAL: Duration = Duration::from_secs(30);

/// The burst of a company's test emails, and the interval after which another is allowed.
const TEST_EMAIL_BURST: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");
const TEST_EMAIL_INTERVAL: Duration = Duration::from_mins(1);

/// The burst of a company's payments that are read from a gateway, and the interval after which another is allowed.
const REFUND_READ_BURST: NonZeroU32 = NonZeroU32::new(30).expect("thirty is not zero");
const REFUND_READ_INTERVAL: Duration = Duration::from_secs(2);

/// The settings of the installation that pages need.
pub(crate) struct Settings {
    /// The configured base of every URL shown; `None` means the address listened on.
    pub(crate) public_url: Option<String>,
    /// The address of each gateway's API that is called, by the gateway's slug.
    pub(crate) api_addresses: BTreeMap<&'static str, String>,
    pub(crate) trusted_proxies: TrustedProxies,
    /// The warnings shown on every page.
    pub(crate) warnings: Vec<Warning>,
    /// How long bodies of events are stored; `None` means forever.
    pub(crate) body_retention: Option<Duration>,
}

impl Settings {
    /// Returns the address of a gateway's API; empty if its API is not called.
    pub(crate) fn api_of(&self, gateway: Gateway) -> &str {
        self.api_addresses.get(gateway.slug()).map_or("", String::as_str)
    }
}

/// Email, as pages know it.
pub(crate) struct MailState {
    /// `None` if no email is sent.
    pub(crate) settings: Option<MailSettings>,
    pub(crate) health: Health,
    /// The mailbox of the demo.
    pub(crate) mailbox: Option<Mailbox>,
}

/// How email is sent.
pub(crate) struct MailSettings {
    /// The address of the sender, and host and port of the mail server; `None` in the demo.
    pub(crate) sender: Option<(String, String)>,
}

/// The shared state of one server.
pub(crate) struct State {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) mail: MailState,
    pub(crate) passwords: PasswordHasher,
    pub(crate) limits: Limits,
    pub(crate) ingestion: Arc<Ingestion>,
    /// Sends to the destinations, and checks their URLs.
    pub(crate) client: Client,
    /// Posts messages to the channels of companies.
    pub(crate) channels: channels::sender::Sender,
    pub(crate) checks: CheckLimiter,
    pub(crate) key_checks: CheckLimiter,
    /// Limits how often the strength of secrets that users enter is checked, which costs CPU time.
    pub(crate) secret_checks: Arc<CheckLimiter>,
    /// Limits how often a user searches.
    pub(crate) searches: KeyedLimiter<UserId>,
    /// Limits how often the users of a company send a test email.
    pub(crate) test_emails: KeyedLimiter<CompanyId>,
    /// Limits how often the users of a company ask for other time zones.
    pub(crate) zone_changes: KeyedLimiter<CompanyId>,
    /// Requests refunds.
    pub(crate) refunder: Refunder,
    /// Limits how often the users of a company make this server read payments from a gateway.
    pub(crate) refund_reads: KeyedLimiter<CompanyId>,
    pub(crate) streams: OpenRequests<UserId>,
    pub(crate) untrusted_proxy: UntrustedProxy,
    /// The base of every URL shown; set once the server listens.
    pub(crate) base: OnceLock<String>,
    /// When the database was last probed, and whether it could store.
    pub(crate) probed: tokio::sync::Mutex<Option<(tokio::time::Instant, bool)>>,
    pub(crate) shutdown: Shutdown,
}

impl State {
    pub(crate) fn new(
        (db, vault, clock): (Db, Vault, Clock),
        (settings, mail): (Settings, MailState),
        (ingestion, client, channels): (Arc<Ingestion>, Client, channels::sender::Sender),
        refunder: Refunder,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            untrusted_proxy: UntrustedProxy::default(),
            ingestion,
            client,
            channels,
            db,
            vault,
            limits: Limits::new(&clock),
            checks: CheckLimiter::of_requests(&clock),
            key_checks: CheckLimiter::of_requests(&clock),
            secret_checks: Arc::new(CheckLimiter::of_computations(&clock)),
            searches: KeyedLimiter::new(&clock, SEARCH_BURST, SEARCH_INTERVAL),
            test_emails: KeyedLimiter::new(&clock, TEST_EMAIL_BURST, TEST_EMAIL_INTERVAL),
            zone_changes: KeyedLimiter::new(&clock, ZONE_CHANGE_BURST, ZONE_CHANGE_INTERVAL),
            refund_reads: KeyedLimiter::new(&clock, REFUND_READ_BURST, REFUND_READ_INTERVAL),
            refunder,
            clock,
            settings,
            mail,
            passwords: PasswordHasher::new(),
            streams: OpenRequests::new(STREAM_LIMITS),
            base: OnceLock::new(),
            probed: tokio::sync::Mutex::new(None),
            shutdown,
        }
    }

    /// Returns the base of every URL shown, without a trailing slash. Never taken from a request.
    pub(crate) fn base(&self) -> &str {
        self.base.get().map_or("", String::as_str)
    }

    /// Returns what checks passwords.
    pub(crate) fn authenticator(&self) -> Authenticator<'_> {
        Authenticator { db: &self.db, clock: &self.clock, passwords: &self.passwords, limits: &self.limits }
    }

    /// The warnings shown on every page.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.settings.warnings
    }

    /// Returns what diagnosis needs.
    pub(crate) fn context(&self) -> DiagnosisContext {
        DiagnosisContext {
            db: self.db.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            base: self.base().to_owned(),
        }
    }

    /// True if the server is reached over HTTPS, so that cookies and headers can require it.
    pub(crate) fn is_https(&self) -> bool {
        self.base().starts_with("https://")
    }
}
