//! The configuration: read once at startup, from flags first and variables second; an invalid value stops startup.
//!
//! An error message names the setting and describes a valid value. It never repeats a value that may be a secret.

mod allow_destinations;
mod api_addresses;
pub(crate) mod mail;
mod networks;
mod trusted_proxies;

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use url::{Host, Url};

use crate::{db::Location, telemetry::LogFormat};
pub use api_addresses::ApiFlags;
pub use mail::MailConfig;

/// Flags of every command. Each has a variable of the same meaning; the flag takes precedence.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "For every command")]
pub struct Options {
    /// Address to listen on (port 0 picks a free port) [env: KS_PAY_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub listen: Option<String>,
    /// Public scheme, host and port of this server, for merchants and gateways [env: KS_PAY_PUBLIC_URL]
    /// [default: the address listened on]
    #[arg(long, value_name = "URL", global = true)]
    pub public_url: Option<String>,
    /// Directory of the database and the master key [env: KS_PAY_DATA_DIR] [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// File with the master key, 32 bytes in base64 [env: KS_PAY_MASTER_KEY_FILE] [default: DATA_DIR/master.key]
    #[arg(long, value_name = "FILE", global = true)]
    pub master_key_file: Option<PathBuf>,
    /// Networks whose X-Forwarded-For header is trusted, separated by commas [env: KS_PAY_TRUSTED_PROXIES] [default: none]
    #[arg(long, value_name = "CIDRS", global = true)]
    pub trusted_proxies: Option<String>,
    /// Networks outside public address space that destinations may be in, also over plain http, separated by commas
    /// [env: KS_PAY_ALLOW_DESTINATIONS] [default: none]
    #[arg(long, value_name = "CIDRS", global = true)]
    pub allow_destinations: Option<String>,
    /// A flag for each gateway with an API.
    #[command(flatten)]
    pub api_addresses: ApiFlags,
    /// Days after which the headers and bodies of events are deleted; the events are kept
    /// [env: KS_PAY_BODY_RETENTION_DAYS] [default: never]
    #[arg(long, value_name = "DAYS", global = true)]
    pub body_retention_days: Option<String>,
    /// Start even if the database could lose acknowledged events in a power failure; every page shows a warning
    /// [env: KS_PAY_ACCEPT_DATA_LOSS=true]
    #[arg(long, global = true)]
    pub accept_data_loss: bool,
    /// Format of log lines: text or json [env: KS_PAY_LOG_FORMAT] [default: text]
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,
}

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The text of `KS_PAY_MASTER_KEY`.
    Variable(secret_text::SecretText),
    /// A file, created at the first start.
    File(PathBuf),
}

/// Keeps the key out of `Debug` output.
mod secret_text {
    /// Text whose `Debug` output is redacted.
    #[derive(Clone, PartialEq, Eq)]
    pub struct SecretText(pub(crate) String);

    impl std::fmt::Debug for SecretText {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("…")
        }
    }
}

/// The validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// True if that address was configured, false for the default.
    pub listen_is_chosen: bool,
    /// The base of every shown URL, without a slash at the end; `None` means the address listened on.
    pub public_url: Option<String>,
    /// The directory of the database and the master key.
    pub data_dir: PathBuf,
    /// The location of the database.
    pub database: Location,
    /// The source of the master key.
    pub master_key: KeySource,
    /// The networks whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The networks outside public address space that destinations may be in.
    pub allow_destinations: Vec<IpNet>,
    /// Single addresses likewise: the demo's own receivers.
    pub allow_receivers: Vec<SocketAddr>,
    /// How long the headers and bodies of events are stored; `None` means forever.
    pub body_retention: Option<Duration>,
    /// The base of each gateway's API, without a slash at the end, by the gateway's slug.
    pub api_addresses: BTreeMap<&'static str, String>,
    /// Where posts to chat services go instead of the services: only tests and the demo set it.
    pub chat_stand_in: Option<String>,
    /// The free space below which the disk is filling, in place of the usual one: only tests set it.
    pub disk_limit: Option<u64>,
    /// How email is sent; `None` means that none is.
    pub mail: Option<MailConfig>,
    /// True to start even if the database could lose acknowledged events.
    pub accept_data_loss: bool,
}

/// Looks up an environment variable.
pub type Lookup<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

impl Config {
    /// Reads the flags and, where one is absent, the variable.
    ///
    /// # Errors
    /// An explanation of the first invalid value.
    pub fn read(options: &Options, variable: Lookup<'_>) -> Result<Self, String> {
        let set = |flag: &Option<String>, name: Name| Set::find(flag.as_ref(), name, variable);
        let path = |flag: &Option<PathBuf>, name: &str| flag.clone().or_else(|| of(variable, name).map(PathBuf::from));

        let data_dir = path(&options.data_dir, "KS_PAY_DATA_DIR").unwrap_or_else(|| PathBuf::from("./data"));
        let database = match of(variable, "DATABASE_URL") {
            Some(url) => Location::parse(&url)?,
            None => Location::Sqlite(data_dir.join("ks-pay.db")),
        };
        database.file().map_or(Ok(()), |file| regular(file, of(variable, "DATABASE_URL").is_some()))?;
        let chosen = set(&options.listen, LISTEN);
        Ok(Self {
            listen_is_chosen: chosen.is_some(),
            listen: chosen.map_or_else(|| Ok(SocketAddr::from(([127, 0, 0, 1], 8080))), |set| listen(&set))?,
            public_url: set(&options.public_url, PUBLIC_URL).map(|set| origin(&set)).transpose()?,
            master_key: key_source(path(&options.master_key_file, "KS_PAY_MASTER_KEY_FILE"), options, variable, &data_dir)?,
            trusted_proxies: set(&options.trusted_proxies, TRUSTED_PROXIES)
                .map_or_else(|| Ok(Vec::new()), |set| trusted_proxies::parse(set.name, &set.text))?,
            allow_destinations: set(&options.allow_destinations, ALLOW_DESTINATIONS)
                .map_or_else(|| Ok(Vec::new()), |set| allow_destinations::parse(set.name, &set.text))?,
            allow_receivers: Vec::new(),
            body_retention: set(&options.body_retention_days, BODY_RETENTION_DAYS).map(|set| days(&set)).transpose()?,
            api_addresses: options.api_addresses.addresses(variable)?,
            chat_stand_in: None,
            disk_limit: None,
            mail: mail::read(variable)?,
            accept_data_loss: options.accept_data_loss || is_true(variable, "KS_PAY_ACCEPT_DATA_LOSS")?,
            data_dir,
            database,
        })
    }

    /// Returns the plain http address that other machines use to reach this server, if there is one.
    pub(crate) fn plain_http(&self) -> Option<String> {
        match &self.public_url {
            Some(url) => is_exposed(url).then(|| url.clone()),
            None => (!self.listen.ip().to_canonical().is_loopback()).then(|| format!("http://{}", self.listen)),
        }
    }

    /// Reads the format of log lines.
    ///
    /// # Errors
    /// An explanation if the format is unknown.
    pub fn log_format(options: &Options, variable: Lookup<'_>) -> Result<LogFormat, String> {
        match Set::find(options.log_format.as_ref(), LOG_FORMAT, variable) {
            None => Ok(LogFormat::Text),
            Some(set) if set.text == "text" => Ok(LogFormat::Text),
            Some(set) if set.text == "json" => Ok(LogFormat::Json),
            Some(set) => Err(format!("{} must be text or json.", set.name)),
        }
    }
}

/// The flag and the variable of one setting.
type Name = (&'static str, &'static str);

const LISTEN: Name = ("--listen", "KS_PAY_LISTEN");
const PUBLIC_URL: Name = ("--public-url", "KS_PAY_PUBLIC_URL");
const TRUSTED_PROXIES: Name = ("--trusted-proxies", "KS_PAY_TRUSTED_PROXIES");
const ALLOW_DESTINATIONS: Name = ("--allow-destinations", "KS_PAY_ALLOW_DESTINATIONS");
const BODY_RETENTION_DAYS: Name = ("--body-retention-days", "KS_PAY_BODY_RETENTION_DAYS");
const LOG_FORMAT: Name = ("--log-format", "KS_PAY_LOG_FORMAT");

/// A value and the name it was set by: messages name the flag or variable that the operator used.
struct Set {
    text: String,
    name: &'static str,
}

impl Set {
    fn find(flag: Option<&String>, (flag_name, variable_name): Name, variable: Lookup<'_>) -> Option<Self> {
        match flag {
            Some(text) => Some(Self { text: text.clone(), name: flag_name }),
            None => of(variable, variable_name).map(|text| Self { text, name: variable_name }),
        }
    }
}

/// Reads a variable; an empty one is unset.
fn of(variable: Lookup<'_>, name: &str) -> Option<String> {
    variable(name).filter(|value| !value.is_empty())
}

/// Rejects a database path that cannot be a file, before a lock or a journal is created for it.
fn regular(file: &Path, is_set: bool) -> Result<(), String> {
    let is_directory = file.is_dir() || file.as_os_str().as_bytes().ends_with(b"/");
    if !is_directory && fs::metadata(file).map_or(true, |data| data.is_file()) {
        return Ok(());
    }
    let what = if is_directory { "a directory" } else { "not a regular file" };
    Err(if is_set {
        format!("DATABASE_URL is {what}. Name a database file, for example sqlite:./data/ks-pay.db.")
    } else {
        format!("{} is {what}, so it cannot be the database. Remove it, or choose another --data-dir.", file.display())
    })
}

/// Reads a boolean variable. Values other than `true` and `false` are errors, never guesses.
fn is_true(variable: Lookup<'_>, name: &str) -> Result<bool, String> {
    match of(variable, name).as_deref() {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(format!("{name} must be true or false.")),
    }
}

fn listen(set: &Set) -> Result<SocketAddr, String> {
    let sentence = || format!("{} must be an address and a port, for example 127.0.0.1:8080.", set.name);
    set.text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(sentence)
}

/// Parses a URL that consists of scheme, host and port only.
fn origin(set: &Set) -> Result<String, String> {
    let sentence = || format!("{} must be a scheme, host and port only, for example https://pay.example.com.", set.name);
    let url = Url::parse(&set.text).map_err(|_| sentence())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_bare || !is_anonymous || url.host().is_none() {
        return Err(sentence());
    }
    Ok(url.origin().ascii_serialization())
}

fn key_source(file: Option<PathBuf>, options: &Options, variable: Lookup<'_>, data_dir: &Path) -> Result<KeySource, String> {
    let name = if options.master_key_file.is_some() { "--master-key-file" } else { "KS_PAY_MASTER_KEY_FILE" };
    match (of(variable, "KS_PAY_MASTER_KEY"), file) {
        (Some(_), Some(_)) => Err(format!("KS_PAY_MASTER_KEY and {name} are both set. Set only one.")),
        (Some(text), None) => Ok(KeySource::Variable(secret_text::SecretText(text))),
        (None, Some(path)) => Ok(KeySource::File(path)),
        (None, None) => Ok(KeySource::File(data_dir.join("master.key"))),
    }
}

/// True for a URL over plain http whose host is not this machine.
fn is_exposed(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).to_canonical().is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_loopback
}

/// Parses the retention of bodies. The least is more than any gateway's replay window so far: the body of an event that is sent
/// again is compared with the stored one.
fn days(set: &Set) -> Result<Duration, String> {
    let sentence =
        || format!("{} must be a whole number of days from 30 to 36500; leave it out to keep bodies forever.", set.name);
    let days = set.text.parse::<u64>().ok().filter(|days| (30..=36_500).contains(days));
    days.map(|days| Duration::from_hours(24 * days)).ok_or_else(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let variable = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::read(&Options::default(), &variable)
    }

    #[test]
    fn with_nothing_set_there_are_defaults() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database.file(), Some(Path::new("./data/ks-pay.db")));
        assert_eq!(config.master_key, KeySource::File("./data/master.key".into()));
        assert_eq!(config.api_addresses, BTreeMap::from([("razorpay", "https://api.razorpay.com".to_owned())]));
        assert_eq!(config.public_url, None);
        assert_eq!(config.allow_destinations, []);
    }

    #[test]
    fn a_database_is_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let at = |rest: &str| format!("sqlite:{}{rest}", directory.path().display());
        assert!(read(&[("DATABASE_URL", &at("/new.db"))]).is_ok());
        for (wrong, said) in
            [(at(""), "a directory"), (at("/new/"), "a directory"), ("sqlite:/dev/null".to_owned(), "not a regular file")]
        {
            let sentence = read(&[("DATABASE_URL", &wrong)]).unwrap_err();
            assert!(sentence.starts_with(&format!("DATABASE_URL is {said}.")) && sentence.contains("ks-pay.db"), "{sentence}");
        }
        fs::create_dir(directory.path().join("ks-pay.db")).unwrap();
        let sentence = read(&[("KS_PAY_DATA_DIR", directory.path().to_str().unwrap())]).unwrap_err();
        assert!(sentence.contains("--data-dir") && !sentence.contains("DATABASE_URL"), "{sentence}");
    }

    #[test]
    fn losing_data_is_accepted_by_one_word_alone() {
        let accepts = |value| read(&[("KS_PAY_ACCEPT_DATA_LOSS", value)]).map(|config| config.accept_data_loss);
        assert_eq!((accepts("true"), accepts("false"), accepts("")), (Ok(true), Ok(false), Ok(false)));
        for unclear in ["1", "yes", "TRUE", "on", " true"] {
            assert!(accepts(unclear).is_err(), "{unclear:?}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(read(&[("KS_PAY_PUBLIC_URL", "https://Pay.Example/")]).unwrap().public_url.unwrap(), "https://pay.example");
        for wrong in
            ["pay.example", "https://pay.example/console", "ftp://x", "https://me:pw@x", "https://x?y", "javascript:alert(1)"]
        {
            assert!(read(&[("KS_PAY_PUBLIC_URL", wrong)]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn plain_http_is_told_apart_from_https_and_from_this_machine() {
        let plain = |name: &'static str, value| read(&[(name, value)]).unwrap().plain_http();
        for url in ["http://pay.example", "http://192.0.2.2:8080", "http://[fd00::2]:8080", "http://localhost.example"] {
            assert_eq!(plain("KS_PAY_PUBLIC_URL", url).as_deref(), Some(url));
        }
        for url in ["https://pay.example", "http://localhost:8080", "http://127.0.0.9", "http://[::1]:1", "http://a.localhost"] {
            assert_eq!(plain("KS_PAY_PUBLIC_URL", url), None, "{url}");
        }
        assert_eq!(plain("KS_PAY_LISTEN", "0.0.0.0:8080").as_deref(), Some("http://0.0.0.0:8080"));
        assert_eq!(plain("KS_PAY_LISTEN", "127.0.0.1:8080"), None);
    }

    #[test]
    fn a_value_that_cannot_be_right_is_refused_without_repeating_it() {
        for (name, value) in [
            ("KS_PAY_LISTEN", "hush"),
            ("DATABASE_URL", "mysql://hush"),
            ("KS_PAY_TRUSTED_PROXIES", "hush"),
            ("KS_PAY_ALLOW_DESTINATIONS", "hush"),
            ("KS_PAY_BODY_RETENTION_DAYS", "hush"),
            ("KS_PAY_BODY_RETENTION_DAYS", "29"),
            ("KS_PAY_RAZORPAY_API", "hush"),
            ("KS_PAY_ACCEPT_DATA_LOSS", "hush"),
        ] {
            let said = read(&[(name, value)]).unwrap_err();
            assert!(said.contains(name) && !said.contains("hush"), "{said}");
        }
        assert!(read(&[("KS_PAY_MASTER_KEY", "a"), ("KS_PAY_MASTER_KEY_FILE", "b")]).is_err());
    }

    #[test]
    fn a_message_names_the_flag_that_was_written_and_not_the_variable() {
        let wrong = || Some("hush".to_owned());
        let none = Options::default;
        for (options, flag) in [
            (Options { listen: wrong(), ..none() }, "--listen"),
            (Options { public_url: wrong(), ..none() }, "--public-url"),
            (Options { trusted_proxies: wrong(), ..none() }, "--trusted-proxies"),
            (Options { allow_destinations: wrong(), ..none() }, "--allow-destinations"),
            (Options { api_addresses: ApiFlags::from([("--razorpay-api", "hush")]), ..none() }, "--razorpay-api"),
            (Options { body_retention_days: wrong(), ..none() }, "--body-retention-days"),
        ] {
            // The variable is valid, but the flag takes precedence.
            let said = Config::read(&options, &|name| (name == "KS_PAY_LISTEN").then(|| "127.0.0.1:1".to_owned())).unwrap_err();
            assert!(said.starts_with(flag) && !said.contains("KS_PAY") && !said.contains("hush"), "{said}");
        }
        let said = Config::log_format(&Options { log_format: wrong(), ..none() }, &|_| None).unwrap_err();
        assert!(said.starts_with("--log-format"), "{said}");
        let both = Options { master_key_file: Some("b".into()), ..none() };
        let said = Config::read(&both, &|name| (name == "KS_PAY_MASTER_KEY").then(|| "a".to_owned())).unwrap_err();
        assert!(said.contains("--master-key-file"), "{said}");
    }
}
