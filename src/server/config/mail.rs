//! The mail server and the sender. Variables only: the URL of the mail server has a password, which must not appear in a process
//! list.

use super::{Lookup, of};
use crate::{
    net::smtp::{Sender, SmtpServer, SmtpUrlFault},
    primitives::email,
};

/// The variable of the mail server.
pub(crate) const SMTP_URL: &str = "KS_PAY_SMTP_URL";
/// The variable of the sender.
pub(crate) const MAIL_FROM: &str = "KS_PAY_MAIL_FROM";

/// The variable of the operators' addresses.
pub(crate) const OPERATOR_EMAIL: &str = "KS_PAY_OPERATOR_EMAIL";
/// The maximum number of operators.
const MAX_OPERATORS: usize = 10;

/// How email is sent.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// The mail server.
    pub server: SmtpServer,
    /// The sender of every email.
    pub sender: Sender,
    /// Who is notified of problems of the installation.
    pub operators: Vec<String>,
}

/// Reads the mail server and the sender; `None` if email is not configured.
///
/// # Errors
/// An explanation of what is missing or invalid. Never repeats the URL, which has a password.
pub(super) fn read(variable: Lookup<'_>) -> Result<Option<MailConfig>, String> {
    let operators = of(variable, OPERATOR_EMAIL).map(|text| read_operators(&text)).transpose()?;
    match (of(variable, SMTP_URL), of(variable, MAIL_FROM)) {
        (None, None) if operators.is_some() => {
            Err(format!("{OPERATOR_EMAIL} is set, and {SMTP_URL} is not, so no email can be sent. {SERVER}"))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{SMTP_URL} is set, and {MAIL_FROM} is not. {SENDER}")),
        (None, Some(_)) => Err(format!("{MAIL_FROM} is set, and {SMTP_URL} is not. {SERVER}")),
        (Some(url), Some(from)) => {
            let server = SmtpServer::parse(&url).map_err(explain)?;
            let sender = Sender::parse(&from).ok_or_else(|| format!("{MAIL_FROM} is not an email address. {SENDER}"))?;
            Ok(Some(MailConfig { server, sender, operators: operators.unwrap_or_default() }))
        }
    }
}

/// Parses addresses that are separated by commas.
fn read_operators(text: &str) -> Result<Vec<String>, String> {
    let sentence = || {
        format!(
            "{OPERATOR_EMAIL} must be one to {MAX_OPERATORS} different email addresses, separated by commas, for example ops@example.com."
        )
    };
    let mut operators = Vec::new();
    for part in text.split(',') {
        let address = email::parse(part).map_err(|_| sentence())?;
        if operators.len() == MAX_OPERATORS || operators.contains(&address) {
            return Err(sentence());
        }
        operators.push(address);
    }
    Ok(operators)
}

const SENDER: &str = "Set it to the sender of every email, for example KS Pay <pay@example.com>.";
const SERVER: &str = "Set it to your mail server, for example smtps://USER:PASSWORD@mail.example.com:465.";

fn explain(fault: SmtpUrlFault) -> String {
    match fault {
        SmtpUrlFault::Form => format!(
            "{SMTP_URL} must be smtps://USER:PASSWORD@HOST:PORT for TLS, or smtp:// for STARTTLS (to this machine: without TLS). \
             Percent-encode special characters of user and password: @ is %40, / is %2F, # is %23 and % is %25."
        ),
        SmtpUrlFault::HalfOfCredentials => format!("{SMTP_URL} needs both a user and a password, or neither."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(pairs: &[(&str, &str)]) -> Result<Option<MailConfig>, String> {
        read(&|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn server_and_sender_are_set_together() {
        assert!(read_from(&[]).unwrap().is_none());
        let sentence = read_from(&[(SMTP_URL, "smtps://mail.example.com")]).unwrap_err();
        assert!(sentence.contains(MAIL_FROM), "{sentence}");
        let sentence = read_from(&[(MAIL_FROM, "pay@example.com")]).unwrap_err();
        assert!(sentence.contains("smtps://"), "{sentence}");
    }

    #[test]
    fn the_server_is_a_url_whose_password_no_message_repeats() {
        let server = |url: &str| read_from(&[(SMTP_URL, url), (MAIL_FROM, "pay@example.com")]);
        for (url, shown) in [
            ("smtps://me:hush@Mail.Example.com", "mail.example.com:465"),
            ("smtp://me:hush%40%2F@mail.example.com/", "mail.example.com:587"),
            ("smtp://localhost", "localhost:25"),
            ("smtp://[::1]:1025", "[::1]:1025"),
            ("smtp://127.0.0.1:1025", "127.0.0.1:1025"),
        ] {
            let config = server(url).unwrap().unwrap();
            assert_eq!(config.server.to_string(), shown);
            assert!(!format!("{config:?}").contains("hush"), "{config:?}");
        }
        for wrong in [
            "mail.example.com",
            "http://me:hush@mail.example.com",
            "smtps://me:hush@",
            "smtps://me:hush@mail.example.com/hush",
            "smtps://me:hush@mail.example.com?tls=hush",
            "smtps://me@mail.example.com",
            "smtps://:hush@mail.example.com",
            "smtps://me:hush%0d%0a@mail.example.com",
            "smtp://me:hush@mail.example.com:port",
        ] {
            let sentence = server(wrong).unwrap_err();
            assert!(sentence.starts_with(SMTP_URL) && !sentence.contains("hush"), "{wrong}: {sentence}");
        }
    }

    #[test]
    fn operators_are_addresses_separated_by_commas_and_need_a_mail_server() {
        let operators = |text: &str| {
            let config = read_from(&[(SMTP_URL, "smtp://localhost"), (MAIL_FROM, "pay@example.com"), (OPERATOR_EMAIL, text)])?;
            Ok::<_, String>(config.unwrap().operators)
        };
        assert_eq!(operators("").unwrap(), Vec::<String>::new());
        assert_eq!(operators("ops@example.com").unwrap(), ["ops@example.com"]);
        assert_eq!(operators("Ops@Example.com, night@example.org").unwrap(), ["ops@example.com", "night@example.org"]);
        let many: Vec<String> = (0..11).map(|number| format!("ops{number}@example.com")).collect();
        for wrong in [
            "hush",
            "hush@localhost",
            "hush@example.com,",
            ",hush@example.com",
            "hush@example.com;b@example.com",
            "hush@example.com b@example.com",
            "Hush <hush@example.com>",
            "hush@example.com,HUSH@example.com",
            "hush@example.com\r\nBcc: b@example.com",
            &many.join(","),
        ] {
            let sentence = operators(wrong).unwrap_err();
            assert!(sentence.starts_with(OPERATOR_EMAIL) && !sentence.contains("hush"), "{wrong:?}: {sentence}");
        }
        let sentence = read_from(&[(OPERATOR_EMAIL, "ops@example.com")]).unwrap_err();
        assert!(sentence.starts_with(OPERATOR_EMAIL) && sentence.contains(SMTP_URL) && !sentence.contains("ops@"), "{sentence}");
    }

    #[test]
    fn the_sender_is_an_address_with_or_without_a_name() {
        let sender = |from: &str| {
            let config = read_from(&[(SMTP_URL, "smtp://localhost"), (MAIL_FROM, from)])?;
            Ok::<_, String>(config.unwrap().sender.address().to_owned())
        };
        assert_eq!(sender("pay@example.com").as_deref(), Ok("pay@example.com"));
        assert_eq!(sender("KS Pay <pay@example.com>").as_deref(), Ok("pay@example.com"));
        for wrong in ["pay", "pay@localhost", "KS Pay", "pay@example.com, b@example.com", "KS\r\nBcc: x <pay@example.com>"] {
            assert!(sender(wrong).is_err(), "{wrong:?}");
        }
    }
}
