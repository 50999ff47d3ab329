//! Creates the data directory, private to its owner. An existing one is made private only if it contains no other files.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::user;

/// System directories, which are never made private. The sticky bit marks shared directories.
const SYSTEM_DIRECTORIES: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/usr",
    "/usr/local",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/tmp",
    "/tmp",
];
const STICKY: u32 = 0o1000;
/// Name prefixes of the files of an installation.
const OWN_FILES: &[&str] = &["ks-pay.db", "master.key", ".master.key.", ".ks-pay-backup-", "made-by-ks-pay-demo"];

/// Creates the data directory, or makes an existing one private if it contains no other files: password hashes and the master
/// key are stored there.
///
/// # Errors
/// A message if it cannot be created, or if other users may read it and it contains other files.
pub(super) fn prepare(path: &Path) -> Result<(), String> {
    make(path)?;
    let data = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let is_open_to_others = data.permissions().mode() & 0o077 != 0;
    if !is_open_to_others {
        return Ok(());
    }
    if let Some((reason, remedy)) = reason_to_leave(path, &data)? {
        return Err(format!(
            "Other users may read the data directory {}, and it was left as it is, since {reason}. {remedy}",
            path.display()
        ));
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .map_err(|error| format!("Other users can read the data directory {0}: {error}. Run `chmod 700 {0}`.", path.display()))
}

/// Returns why the directory must not be made private, and the remedy.
fn reason_to_leave(path: &Path, data: &fs::Metadata) -> Result<Option<(String, String)>, String> {
    const ANOTHER: &str = "ame a directory of its own with --data-dir";
    let full = absolute_path(path);
    if data.mode() & STICKY != 0 || SYSTEM_DIRECTORIES.iter().any(|known| full == Path::new(known)) {
        return Ok(Some(("it is a directory of the system".to_owned(), format!("N{ANOTHER}."))));
    }
    let me = rustix::process::geteuid().as_raw();
    if data.uid() != me {
        let (owner, me) = (user(data.uid()), user(me));
        let remedy = format!("Run this as {owner}, or n{ANOTHER}.");
        return Ok(Some((format!("it belongs to {owner} and this runs as {me}"), remedy)));
    }
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let name = entry.map_err(|error| unreadable(path, &error))?.file_name();
        let name = name.to_string_lossy();
        if name != "lost+found" && !OWN_FILES.iter().any(|own| name.starts_with(own)) {
            let remedy = format!("N{ANOTHER}, or, if no other program needs it, run `chmod 700 {}`.", full.display());
            return Ok(Some((format!("it holds other files, such as {name}"), remedy)));
        }
    }
    Ok(None)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("The data directory {} cannot be read: {error}. Run ks-pay as its owner.", path.display())
}

/// Creates a directory private to its owner, unless it exists.
pub(super) fn make(path: &Path) -> Result<(), String> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        if error.kind() == io::ErrorKind::StorageFull {
            return disk_full_message(&format!("The data directory {}", path.display()));
        }
        format!("The data directory {} cannot be created: {error}. Create it for the user that runs ks-pay, or choose another with --data-dir.", path.display())
    })
}

/// Returns the message for a file or directory that cannot be created because the disk is full.
pub(crate) fn disk_full_message(what: &str) -> String {
    format!("{what} cannot be created: the disk is full. Free some space there, then try again.")
}

/// Returns the absolute path, for messages to the operator.
pub(crate) fn absolute_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_the_system_are_never_taken() {
        for known in ["/", "/tmp", "/srv", "/var/lib", "/var/../srv"] {
            let path = Path::new(known);
            let Ok(data) = fs::metadata(path) else { continue };
            let reason = reason_to_leave(path, &data).unwrap();
            let (reason, remedy) = reason.unwrap();
            assert_eq!(reason, "it is a directory of the system", "{known}");
            assert!(remedy.contains("--data-dir") && !remedy.contains("chmod"), "{known}: {remedy}");
        }
    }

    #[test]
    fn a_directory_is_ours_that_holds_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let reason = || reason_to_leave(directory.path(), &fs::metadata(directory.path()).unwrap()).unwrap();
        assert_eq!(reason(), None);
        for own in ["ks-pay.db", "ks-pay.db-wal", "ks-pay.db.lock", "master.key", "lost+found"] {
            fs::write(directory.path().join(own), "").unwrap();
        }
        assert_eq!(reason(), None);
        fs::write(directory.path().join("letters.txt"), "").unwrap();
        let (reason, remedy) = reason().unwrap();
        assert!(reason.contains("letters.txt") && remedy.contains("chmod 700"), "{reason}: {remedy}");
    }

    #[test]
    fn a_directory_of_another_user_is_left_to_that_user() {
        let data = fs::metadata("/usr/bin").unwrap();
        if data.uid() == rustix::process::geteuid().as_raw() {
            return;
        }
        let (_, remedy) = reason_to_leave(Path::new("/usr/bin"), &data).unwrap().unwrap();
        assert!(remedy.starts_with("Run this as ") && !remedy.contains("chmod"), "{remedy}");
    }

    #[test]
    fn a_fresh_volume_is_made_private() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("lost+found")).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        prepare(directory.path()).unwrap();
        assert_eq!(fs::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
