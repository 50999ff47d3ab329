//! Failing starts: one sentence, exit 1, nothing damaged.

use std::{net::TcpListener, os::unix::fs::PermissionsExt as _, time::Duration};

use crate::support::{
    Installation, TestApp, bodies,
    cli::{Output, one_sentence},
    database,
};

/// Key that differs from every generated one.
const OTHER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Starts; the start must fail.
async fn start(at: &Installation, more: &[(&'static str, &str)]) -> Output {
    let starting = at.cli_with(&["serve"], "", more);
    tokio::time::timeout(Duration::from_mins(1), starting).await.expect("the server does not start")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_right_stops_the_start() {
    let at = Installation::new().await;
    for (name, value) in [
        ("DATABASE_URL", "mysql://me:hush@localhost/db"),
        ("DATABASE_URL", "sqlite:"),
        ("DATABASE_URL", "sqlite:."),
        ("DATABASE_URL", "sqlite::memory:"),
        ("DATABASE_URL", "hush"),
        ("DATABASE_URL", "postgres://me:hush@:x:/"),
        ("KS_PAY_LISTEN", "hush"),
        ("KS_PAY_PUBLIC_URL", "https://pay.example.com/hush"),
        ("KS_PAY_PUBLIC_URL", "ftp://hush"),
        ("KS_PAY_TRUSTED_PROXIES", "hush"),
        ("KS_PAY_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("KS_PAY_TRUSTED_PROXIES", "127.0.0.1,::/0"),
        ("KS_PAY_TRUSTED_PROXIES", "0.0.0.0/1,128.0.0.0/1"),
        ("KS_PAY_TRUSTED_PROXIES", "2000::/3"),
        ("KS_PAY_TRUSTED_PROXIES", "::ffff:10.0.0.0/104"),
        ("KS_PAY_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("KS_PAY_ALLOW_DESTINATIONS", "hush"),
        ("KS_PAY_ALLOW_DESTINATIONS", "0.0.0.0/0"),
        ("KS_PAY_ALLOW_DESTINATIONS", "10.0.0.1/8"),
        ("KS_PAY_RAZORPAY_API", "hush"),
        ("KS_PAY_SMTP_URL", "smtps://me:hush@mail.example.com"),
        ("KS_PAY_MAIL_FROM", "hush@example.com"),
        ("KS_PAY_LOG_FORMAT", "hush"),
        ("KS_PAY_ACCEPT_DATA_LOSS", "hush"),
    ] {
        let output = start(&at, &[(name, value)]).await;
        let sentence = output.failure();
        assert!(sentence.contains(name) && !sentence.contains("hush"), "{sentence}");
    }
    assert!(!at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_as_the_database_is_refused_by_every_command_and_gets_no_lock() {
    let at = Installation::new().await;
    let directory = at.beside("store");
    std::fs::create_dir(&directory).unwrap();
    let url = format!("sqlite:{}", directory.display());
    for command in [&["serve"][..], &["doctor"], &["backup", "copy.db"], &["events", "export", "--jsonl"]] {
        let output = at.cli_with(command, "", &[("DATABASE_URL", url.as_str())]).await;
        let said = if command == ["doctor"] { &output.out } else { output.failure() };
        assert!(output.code != 0 && said.contains("DATABASE_URL is a directory"), "{command:?}: {said}");
    }
    assert!(!at.beside("store.lock").exists() && !at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_that_is_none_or_two_stops_the_start() {
    let at = Installation::new().await;
    let file = at.beside("elsewhere.key");
    let both = [("KS_PAY_MASTER_KEY", OTHER_KEY), ("KS_PAY_MASTER_KEY_FILE", file.to_str().unwrap())];
    assert!(start(&at, &both).await.failure().contains("KS_PAY_MASTER_KEY_FILE"));
    assert!(!at.data_dir().exists());
    for wrong in ["hush", "aHVzaA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
        let output = start(&at, &[("KS_PAY_MASTER_KEY", wrong)]).await;
        assert!(output.failure().contains("KS_PAY_MASTER_KEY") && !output.err.contains(wrong));
    }
    std::fs::write(&file, "hush\n").unwrap();
    for mode in [0o644, 0o600] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = start(&at, &both[1..]).await;
        assert!(!output.failure().contains("hush"));
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "hush\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_stops_the_start() {
    let at = Installation::new().await;
    for url in ["postgres://nobody:hush@127.0.0.1:1/none", "postgres://nobody:hush@nowhere.invalid/none"] {
        let output = start(&at, &[("DATABASE_URL", url)]).await;
        assert!(!output.failure().contains("hush"));
    }
    assert!(!at.data_dir().join("master.key").exists());
}

/// Nothing ever listens on port 1.
#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_refuses_is_told_in_one_sentence_with_its_cause() {
    let at = Installation::new().await;
    let ended = at.process(&["serve"], &[("DATABASE_URL", "postgres://nobody:hush@127.0.0.1:1/none")]).end();
    assert_eq!((ended.code, ended.out.len()), (Some(1), 0));
    let (waiting, sentence) = ended.err.split_once("Check that it is running and that DATABASE_URL is right.\n").unwrap();
    assert!(waiting.contains("WARN waiting for the database"), "{waiting}");
    let sentence = one_sentence(sentence.lines().last().map(|line| format!("{line}\n")).as_deref().unwrap()).to_owned();
    assert!(sentence.contains("cannot be reached") && sentence.contains("refused"), "{sentence}");
    assert!(sentence.contains("DATABASE_URL") && !sentence.contains("hush"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_stops_the_start_and_stays_as_it_is() {
    let at = Installation::new().await;
    let file = at.beside("letter.txt");
    let content = "Not a database, but quite long enough to be mistaken for one by somebody in a hurry.\n".repeat(100);
    std::fs::write(&file, &content).unwrap();
    start(&at, &[("DATABASE_URL", &format!("sqlite:{}", file.display()))]).await.failure();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
}

#[tokio::test(flavor = "multi_thread")]
async fn sealed_values_and_no_key_or_another_stop_the_start_and_nothing_is_lost() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.stop().await;
    let file = app.data_dir().join("master.key");
    let key = std::fs::read(&file).unwrap();

    std::fs::remove_file(&file).unwrap();
    start(&app, &[]).await.failure();
    assert!(!file.exists(), "no key is made over sealed values");
    start(&app, &[("KS_PAY_MASTER_KEY", OTHER_KEY)]).await.failure();
    let show = ["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"];
    app.cli_with(&show, "", &[("KS_PAY_MASTER_KEY", OTHER_KEY)]).await.failure();

    std::fs::write(&file, key).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    app.restart().await;
    connection.at(app.address).post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_stops_the_start() {
    let at = Installation::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = start(&at, &[("KS_PAY_LISTEN", &address)]).await;
    assert!(output.failure().contains(&address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_file_is_refused_and_the_first_goes_on() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    start(&app, &[]).await.failure();
    let elsewhere = app.beside("elsewhere");
    let file = format!("sqlite:{}", app.data_dir().join("ks-pay.db").display());
    let more = [("KS_PAY_DATA_DIR", elsewhere.to_str().unwrap()), ("DATABASE_URL", &file)];
    start(&app, &more).await.failure();
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_may_share_a_postgresql_database() {
    if !database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    let (second, address) = app.serve_in_process(&[]);
    let body = bodies::payment("payment.captured", "pay_1", 0);
    connection.post(body.clone()).stored().await;
    connection.at(address).post(body).stored().await;
    let events = app.events().await;
    assert_eq!((events.len(), &events[0]["received_count"]), (1, &2.into()));
    assert_eq!(second.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_newer_than_the_binary_stops_the_start_and_every_command() {
    let mut app = TestApp::start().await;
    app.stop().await;
    app.make_newer().await;
    let sentence = start(&app, &[]).await.failure().to_owned();
    assert!(sentence.contains("newer"), "{sentence}");
    app.cli(["events", "export", "--jsonl"], "").await.failure();
    assert_eq!(app.count("SELECT COUNT(*) FROM _sqlx_migrations WHERE version = 9999").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_others_could_read_is_taken_away_from_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let at = Installation::new().await;
    std::fs::create_dir(at.data_dir()).unwrap();
    std::fs::set_permissions(at.data_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let app = at.serve().await;
    app.company("Neem Tree Retail").await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&app.data_dir()), 0o700);
    for (path, _) in crate::support::files(&app.data_dir()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_with_other_files_in_it_is_left_as_it_is() {
    let at = Installation::new().await;
    let directory = at.data_dir();
    std::fs::create_dir(&directory).unwrap();
    for (name, wanted) in [("somebody's.txt", 0o755), ("", 0o1777)] {
        if !name.is_empty() {
            std::fs::write(directory.join(name), "").unwrap();
        }
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(wanted)).unwrap();
        let sentence = start(&at, &[]).await.failure().to_owned();
        assert!(sentence.contains("left as it is") && sentence.contains("--data-dir"), "{sentence}");
        assert_eq!(mode(&directory), wanted);
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), usize::from(!name.is_empty()), "nothing was made there");
        if !name.is_empty() {
            std::fs::remove_file(directory.join(name)).unwrap();
        }
    }
    // In a private directory other files are allowed.
    std::fs::write(directory.join("somebody's.txt"), "").unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o750)).unwrap();
    start(&at, &[]).await.failure();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut app = at.serve().await;
    // Our own files are not foreign.
    app.stop().await;
    std::fs::remove_file(directory.join("somebody's.txt")).unwrap();
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    app.restart().await;
    assert_eq!(mode(&directory), 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_bound_to_its_key_from_the_first_start() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let file = app.data_dir().join("master.key");
    let key = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(start(&app, &[]).await.failure().contains("bound to a master key"));
    assert!(!file.exists());
    assert!(start(&app, &[("KS_PAY_MASTER_KEY", OTHER_KEY)]).await.failure().contains("bound to"));
    std::fs::write(&file, key).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    app.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_with_keys_of_their_own_one_serves_and_the_other_is_refused() {
    if !database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let elsewhere = at.beside("elsewhere");
    let directories = [at.data_dir(), elsewhere.clone()];
    let processes =
        directories.each_ref().map(|directory| at.process(&["serve"], &[("KS_PAY_DATA_DIR", directory.to_str().unwrap())]));
    let has_key = |directory: &std::path::Path| directory.join("master.key").exists();
    // The rejected one exits by itself; the other is stopped once it serves.
    let mut refused = Vec::new();
    let mut served = Vec::new();
    for (mut process, directory) in processes.into_iter().zip(&directories) {
        match process.first_line() {
            Some(line) if line.starts_with("listening on") => served.push((process, directory)),
            _ => refused.push((process.end(), directory)),
        }
    }
    assert_eq!((served.len(), refused.len()), (1, 1));
    let (ended, directory) = &refused[0];
    assert_eq!(ended.code, Some(1));
    assert!(one_sentence(&ended.err).contains("bound to") && !has_key(directory), "{}", ended.err);
    // As README says: the second server gets the first one's key.
    std::fs::copy(served[0].1.join("master.key"), directory.join("master.key")).unwrap();
    let mut second = at.process(&["serve"], &[("KS_PAY_DATA_DIR", directory.to_str().unwrap())]);
    second.line("listening on");
    assert_eq!(second.terminate().code, Some(0));
    assert_eq!(served.remove(0).0.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_comes_up_after_the_server_is_waited_for() {
    if !database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let url = at.database_url().unwrap();
    let address = url::Url::parse(url).unwrap();
    // The server of `scripts/with-postgres` has a socket in its directory and no port.
    let socket =
        address.query_pairs().find(|(name, _)| name == "host").map(|(_, directory)| format!("{directory}/.s.PGSQL.5432"));
    let Some(socket) = socket else { return };
    let directory = at.beside("sockets");
    std::fs::create_dir(&directory).unwrap();
    let listener = tokio::net::UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap();
    let through = url.replace(&socket[..socket.len() - "/.s.PGSQL.5432".len()], directory.to_str().unwrap());
    let mut process = at.process(&["serve"], &[("DATABASE_URL", through.as_str())]);
    // The first two attempts fail.
    for _ in 0..2 {
        let asked = tokio::time::timeout(Duration::from_mins(1), listener.accept());
        drop(asked.await.expect("the start tries again").unwrap());
    }
    tokio::spawn(async move {
        while let Ok((mut inner, _)) = listener.accept().await {
            let socket = socket.clone();
            tokio::spawn(async move {
                let mut outer = tokio::net::UnixStream::connect(socket).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
            });
        }
    });
    tokio::task::block_in_place(|| process.line("listening on http://"));
    let ended = tokio::task::block_in_place(|| process.terminate());
    assert!(ended.code == Some(0) && ended.err.contains("waiting for the database"), "{}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_commands_on_a_fresh_installation_wait_for_each_other() {
    let at = Installation::new().await;
    let add = |number: u32| {
        let name = format!("Company {number}");
        let email = format!("owner{number}@example.com");
        let args = ["user", "add", "--company", &name, "--email", &email, "--name", "Owner"].map(str::to_owned);
        let variables = at.variables();
        async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            crate::support::cli::run(&args, crate::support::builders::PASSWORD, &variables).await
        }
    };
    let outputs = tokio::join!(add(1), add(2), add(3), add(4));
    for output in [outputs.0, outputs.1, outputs.2, outputs.3] {
        output.assert_done();
    }
}
