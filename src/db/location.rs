//! The location of the database, as configured by the operator.

use std::path::{Path, PathBuf};

use super::postgres;

/// The location of the database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// The file of an SQLite database.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL server. May contain a password.
    Postgres(secrecy_url::Hidden),
}

/// Keeps a URL with a password out of `Debug` output.
mod secrecy_url {
    /// A URL that `Debug` does not print.
    #[derive(Clone, PartialEq, Eq)]
    pub struct Hidden(pub(crate) String);

    impl std::fmt::Debug for Hidden {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("postgres://…")
        }
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => write!(f, "{url:?}"),
        }
    }
}

impl Location {
    /// Parses `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// A message with the expected format. Never repeats the value, which may contain a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let named = !path.is_empty() && !path.contains(['?', '\0']) && path != ":memory:";
            return named.then(|| Self::Sqlite(path.into())).ok_or_else(|| {
                "DATABASE_URL has no file path. Write sqlite:PATH, for example sqlite:./data/ks-pay.db.".to_owned()
            });
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return postgres::options(text).map(|_| Self::Postgres(secrecy_url::Hidden(text.to_owned())));
        }
        Err("DATABASE_URL must begin with sqlite: or postgres://.".to_owned())
    }

    /// Returns the file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_read_and_never_shows_a_password() {
        assert_eq!(Location::parse("sqlite:./a.db").unwrap().file(), Some(Path::new("./a.db")));
        assert_eq!(Location::parse("sqlite:///var/a.db").unwrap().file(), Some(Path::new("/var/a.db")));
        let location = Location::parse("postgres://me:hush@localhost/db").unwrap();
        assert!(!format!("{location:?}").contains("hush"));
        for wrong in ["", "sqlite:", "sqlite::memory:", "mysql://hush@x", "hush", "postgres://me:hush@:x:/"] {
            let said = Location::parse(wrong).unwrap_err();
            assert!(!said.contains("hush"), "{said}");
        }
    }
}
