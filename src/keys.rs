//! Finds the master key, or makes it on first use.
//!
//! The rule: a key is made only while the database holds no sealed value. A database with sealed values and no key, or
//! another key, is refused: going on would lose what was sealed.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use crate::{
    config::KeySource,
    connections::secrets::SEALED_WITH,
    db::{Db, DbError},
    installation,
    kernel::vault::{MasterKey, Vault},
};

const WHAT_A_KEY_IS: &str = "a master key is 32 random bytes in base64, for example from: openssl rand -base64 32";

/// Opens the vault of this database.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub(crate) async fn open(source: &KeySource, db: &Db) -> Result<Vault, String> {
    let mut reader = db.reader().await.map_err(|error| error.to_string())?;
    let sealed_with = installation::find(&mut reader, SEALED_WITH).await.map_err(|error| error.to_string())?;
    drop(reader);
    let key = match source {
        KeySource::Variable(text) => {
            MasterKey::parse(&text.0).ok_or_else(|| format!("KS_PAY_MASTER_KEY holds no master key: {WHAT_A_KEY_IS}."))?
        }
        KeySource::File(path) => match read(path)? {
            Some(key) => key,
            None if sealed_with.is_some() => {
                return Err(format!(
                    "The database holds sealed values, but there is no master key at {}. Put the key file back from your copy, or set KS_PAY_MASTER_KEY.",
                    path.display()
                ));
            }
            None => make(path)?,
        },
    };
    let vault = Vault::new(key);
    match sealed_with {
        Some(id) if id != vault.key_id().as_bytes() => {
            Err("The master key is not the one this database was sealed with. Put the right key back; nothing was changed."
                .to_owned())
        }
        _ => Ok(vault),
    }
}

/// Whether what is sealed in the database can be opened here. Another server may have sealed first since the start.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn fits(db: &Db, vault: &Vault) -> Result<bool, DbError> {
    let sealed_with = installation::find(&mut db.reader().await?, SEALED_WITH).await?;
    Ok(sealed_with.is_none_or(|id| id == vault.key_id().as_bytes()))
}

/// Says what is known of the key without making one.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub(crate) async fn check(source: &KeySource, db: &Db) -> Result<&'static str, String> {
    if let KeySource::File(path) = source
        && !path.exists()
    {
        // A database without tables has nothing sealed either.
        let mut reader = db.reader().await.map_err(|error| error.to_string())?;
        return match installation::find(&mut reader, SEALED_WITH).await {
            Ok(Some(_)) => {
                Err(format!("the database holds sealed values, but there is no key at {}. Put it back", path.display()))
            }
            _ => Ok("not made yet; nothing is sealed"),
        };
    }
    open(source, db).await.map(|_| "it is the one the database is sealed with")
}

fn read(path: &Path) -> Result<Option<MasterKey>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("The master key at {} cannot be read: {error}.", path.display())),
    };
    let mode = fs::metadata(path).map(|data| data.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        return Err(format!("Others may read the master key. Run: chmod 600 {}", path.display()));
    }
    match MasterKey::parse(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(format!("{} holds no master key: {WHAT_A_KEY_IS}.", path.display())),
    }
}

/// Makes the file whole or not at all, and never over another: of two servers that start at once, one key wins.
fn make(path: &Path) -> Result<MasterKey, String> {
    let failed = |error: io::Error| format!("The master key cannot be written to {}: {error}.", path.display());
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let draft = directory.join(format!(".master.key.{}", std::process::id()));
    let key = MasterKey::generate();
    let _ = fs::remove_file(&draft);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = writeln!(file, "{}", *key.to_base64()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => {
            fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
            Ok(key)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_private_and_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        let made = make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(*make(&path).unwrap().to_base64(), *made.to_base64());
        assert_eq!(*read(&path).unwrap().unwrap().to_base64(), *made.to_base64());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        fs::write(&path, "hush").unwrap();
        assert!(read(&path).is_err_and(|said| said.contains("chmod 600")));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(&path).is_err_and(|said| !said.contains("hush")));
    }
}
