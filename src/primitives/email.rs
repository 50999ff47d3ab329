//! Email addresses, in one form for each mailbox: lower case, with the domain in ASCII, as browsers send it.
//!
//! Invariant: what is accepted, a browser's email field accepts as well, so that a user whom the command line adds can sign in.

use std::borrow::Cow;

use super::{
    host_name,
    text_input::{self, Fault},
};

/// The most characters of an address.
const MAX_CHARS: usize = 254;
/// The characters before the @ besides letters and digits.
const SIGNS: &[u8] = b".!#$%&'*+/=?^_`{|}~-";

/// The validation error of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailFault {
    /// It breaks a rule for every line of text.
    Line(Fault),
    /// A character before the @ that is not ASCII.
    NotAsciiBeforeAt,
    /// It is no address.
    NotAnAddress,
}

/// Returns a new address in its one form. Its domain must be one of the internet: a browser accepts a domain without a dot, which
/// is nearly always a mistake, and no mail reaches it from elsewhere.
///
/// # Errors
/// Returns the rule that it violates.
pub fn parse(raw: &str) -> Result<String, EmailFault> {
    let address = normalize(raw)?;
    let top = address.rsplit_once('@').and_then(|(_, host)| host.rsplit_once('.')).map(|(_, top)| top);
    let is_complete = top.is_some_and(|top| top.bytes().any(|byte| !byte.is_ascii_digit()));
    if is_complete { Ok(address) } else { Err(EmailFault::NotAnAddress) }
}

/// Returns the address in its one form, to find a user by it: in lower case, with the domain in ASCII.
///
/// # Errors
/// Returns the rule that it violates.
pub fn normalize(raw: &str) -> Result<String, EmailFault> {
    let text = text_input::line(raw, 3, MAX_CHARS).map_err(EmailFault::Line)?;
    let (name, host) = text.split_once('@').ok_or(EmailFault::NotAnAddress)?;
    if !name.is_ascii() {
        return Err(EmailFault::NotAsciiBeforeAt);
    }
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || SIGNS.contains(&byte));
    let host = host_name::to_ascii(host).filter(|_| is_name).ok_or(EmailFault::NotAnAddress)?;
    let address = format!("{}@{host}", name.to_ascii_lowercase());
    if address.len() > MAX_CHARS { Err(EmailFault::Line(Fault::LongerThan(MAX_CHARS))) } else { Ok(address) }
}

/// Returns an address in its one form as that of the inbox that it probably leads to: without what follows a `+` before the @, and for
/// Gmail without dots. For counting alone.
#[must_use]
pub fn inbox(address: &str) -> String {
    let address = address.to_lowercase();
    let Some((name, host)) = address.split_once('@') else { return address };
    let name = name.split('+').next().unwrap_or_default();
    match host {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
        _ => format!("{name}@{host}"),
    }
}

/// Returns a stored address as people read it.
#[must_use]
pub fn to_unicode(address: &str) -> Cow<'_, str> {
    let read = address.split_once('@').and_then(|(name, host)| Some(format!("{name}@{}", host_name::to_unicode(host)?)));
    read.map_or(Cow::Borrowed(address), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_inbox_are_counted_as_one() {
        for (address, expected) in [
            ("kavya@mail.example", "kavya@mail.example"),
            ("Kavya+2@mail.example", "kavya@mail.example"),
            ("ka.vya@mail.example", "ka.vya@mail.example"),
            ("k.avya+x@gmail.com", "kavya@gmail.com"),
            ("kavya@googlemail.com", "kavya@gmail.com"),
        ] {
            assert_eq!(inbox(address), expected, "{address}");
        }
    }

    #[test]
    fn an_address_is_compared_in_lower_case() {
        assert_eq!(parse(" Meera@Neemtree.Example "), Ok("meera@neemtree.example".to_owned()));
        assert_eq!(parse("o'neil+shop.1@b.in"), Ok("o'neil+shop.1@b.in".to_owned()));
    }

    #[test]
    fn the_domain_of_a_new_address_has_a_dot() {
        for incomplete in ["meera@neemtree", "meera@localhost", "meera@दुकान", "meera@127.0.0.1", "meera@1.2"] {
            assert_eq!(parse(incomplete), Err(EmailFault::NotAnAddress), "{incomplete}");
            assert!(normalize(incomplete).is_ok(), "{incomplete}: a user who has it can sign in");
        }
        assert_eq!(parse("meera@neemtree.co.in").as_deref(), Ok("meera@neemtree.co.in"));
    }

    #[test]
    fn a_domain_of_another_script_has_one_form() {
        let ascii = "ram@xn--11b7ah1gn.xn--h2brj9c";
        for typed in ["ram@दुकान.भारत", "Ram@दुकान。भारत", ascii, "RAM@XN--11B7AH1GN.xn--h2brj9c"]
        {
            assert_eq!(parse(typed).as_deref(), Ok(ascii), "{typed}");
        }
        assert_eq!(to_unicode(ascii), "ram@दुकान.भारत");
        assert_eq!(to_unicode("ram@neemtree.example"), "ram@neemtree.example");
    }

    /// Browsers refuse them in an email field.
    #[test]
    fn what_a_browser_refuses_is_refused() {
        assert_eq!(parse("मालिक@neemtree.example"), Err(EmailFault::NotAsciiBeforeAt));
        assert_eq!(parse("ünal@neemtree.example"), Err(EmailFault::NotAsciiBeforeAt));
        for wrong in [
            "meera",
            "@xy",
            "xy@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "a,b@c",
            "\"a\"@c",
            "a@[127.0.0.1]",
            "a@b_c.in",
            "a@b..in",
            "a@b.in.",
            "a@-b.in",
            "a@b%2ein",
        ] {
            assert_eq!(parse(wrong), Err(EmailFault::NotAnAddress), "{wrong}");
        }
        let long = format!("{}@{}.in", "a".repeat(60), "दुकान।".repeat(30).replace('।', "."));
        assert!(parse(&long).is_err());
    }
}
