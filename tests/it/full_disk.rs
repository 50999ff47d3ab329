//! Full disk, at startup and for `ks-pay doctor`: the message names it, and the remedy.

use crate::support::{Installation, TestApp, cli::one_sentence, database, process::Ended};

/// Space for a whole installation, before the disk is filled.
const SPACE: &str = "size=8m";
/// Inodes for the root directory and for the file that fills the disk.
const NO_INODES: &str = "size=8m,nr_inodes=2";

/// Runs the binary there; `None` if this user cannot mount a disk, as in a container without namespaces.
fn ended(at: &Installation, options: &str, args: &[&str]) -> Option<Ended> {
    let process = at.process_on_small_disk(options, args)?;
    Some(tokio::task::block_in_place(|| process.end()))
}

#[track_caller]
fn names_the_full_disk(ended: &Ended) {
    assert_eq!((ended.code, ended.out.len()), (Some(1), 0), "{:?} {}", ended.out, ended.err);
    let sentence = one_sentence(&ended.err);
    assert!(sentence.contains(" is full") && sentence.contains("Free some space"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_on_a_full_disk_names_it() {
    // On PostgreSQL the key is the only file.
    for options in [SPACE, NO_INODES] {
        let at = Installation::new().await;
        let Some(ended) = ended(&at, options, &["serve"]) else { return };
        names_the_full_disk(&ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_of_an_installation_on_a_full_disk_names_it() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    for args in [
        &["serve"][..],
        &["app", "add", "--company", "Neem Tree Retail", "--name", "A", "--email", "a@example.com", "--country", "IN"],
    ] {
        let Some(ended) = ended(&app, SPACE, args) else { return };
        names_the_full_disk(&ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_on_a_full_disk_names_it_before_and_after_the_first_start() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    for at in [&Installation::new().await, &*app] {
        let Some(ended) = ended(at, SPACE, &["doctor"]) else { return };
        let out = ended.out.join("\n");
        assert_eq!(ended.code, Some(1), "{out}");
        let bad: Vec<&String> = ended.out.iter().filter(|line| line.starts_with("bad ")).collect();
        assert!(bad[0].starts_with("bad   disk: ") && bad[0].contains("KiB left. Free some space"), "{out}");
        assert!(bad[1..].iter().all(|line| line.contains(" is full")), "nothing else is to blame: {out}");
        assert!(!out.contains("reported an error"), "{out}");
    }
}
